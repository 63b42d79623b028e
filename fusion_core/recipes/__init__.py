"""How a trial trains; one file each."""

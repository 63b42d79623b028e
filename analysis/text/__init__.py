"""Every sentence of page, console and paper about a run."""

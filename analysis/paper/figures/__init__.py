"""One file per paper figure."""

"""One file per paper table."""

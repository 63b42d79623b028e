"""The public library: arrays in, all checks done once, results out."""

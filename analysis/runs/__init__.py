"""A run folder, ours or the reference project's CSV files, as tables."""

"""What the scores say: one file per finding, one lazily caching object that all outputs use."""

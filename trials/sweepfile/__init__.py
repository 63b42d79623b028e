"""A path in, a SweepSpec out, or every problem at once."""

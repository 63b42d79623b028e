"""Learning from a reward."""

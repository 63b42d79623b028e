"""Proof by replay: the searches of real sweeps, run against a grid that was recorded, at no training."""

"""Sweeps: what a trial is, where it runs, and where its rows go."""

"""Faults injected on purpose: `python -m tests.chaos.NAME` breaks a sweep and prints what was lost."""

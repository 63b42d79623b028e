"""Reads rows and draws: no torch, no Ray."""

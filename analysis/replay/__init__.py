"""Searches replayed on a recorded grid."""

"""Pairs made from a seed."""

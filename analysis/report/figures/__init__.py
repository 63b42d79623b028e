"""Packs the figures of the page as JSON: registry.py names the function of each, a page script of its name draws it."""

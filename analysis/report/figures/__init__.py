"""Computes figures: one function per figure gives its JSON; the page script of the same name draws it."""

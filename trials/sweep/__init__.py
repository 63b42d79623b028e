"""A sweep from its plan to its exports; the only package that knows all the others."""

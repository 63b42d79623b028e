"""Paper tables by subject, and how a table is set in LaTeX."""

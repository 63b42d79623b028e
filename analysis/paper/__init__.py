"""Figures and tables for papers, from the same numbers as the page."""

from analysis.paper.choice import Choice
from analysis.paper.write import paper_files, write_paper

__all__ = ["Choice", "paper_files", "write_paper"]

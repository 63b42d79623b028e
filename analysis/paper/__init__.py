"""Figures and tables for papers, from the same numbers as the page."""

from analysis.paper.write import paper_files, write_paper

__all__ = ["paper_files", "write_paper"]

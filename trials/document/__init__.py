"""The YAML text as a tree with line numbers, and the wording of broken rules. Knows no sweep."""

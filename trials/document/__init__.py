"""The YAML text as a tree that remembers its lines, and how a broken rule is worded. Knows no sweep."""

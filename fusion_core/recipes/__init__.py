"""Ways to train: base, catalogue, and the recipes that need no reward."""

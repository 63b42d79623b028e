"""Image pairs: where they are, what they hold, and pairs made from a seed."""

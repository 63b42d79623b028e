"""Everything that only learning from a reward needs."""

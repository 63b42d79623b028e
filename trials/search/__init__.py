"""What to try next: sampler, proposals, study journal, what was found elsewhere."""

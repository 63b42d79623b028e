"""Image basics: ranges and grey, filters with gradients, PNG."""

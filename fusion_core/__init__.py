"""Image fusion: data, policy, kernel, losses, metrics, recipes. Knows nothing of sweeps, Ray or tables."""

"""Beyond the grid: what a search may try, what it tries next, when a trial is stopped early, and what is confirmed."""

"""Every setting that a sweep may try: grid, simplex, ranges. Optuna distributions are made here and nowhere else."""

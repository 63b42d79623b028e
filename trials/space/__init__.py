"""Every setting that a sweep may try: grid, simplex, ranges. A search's Optuna distributions are made only here."""

"""How fast is it? Each module prints one JSON line last; `python -m benchmarks` prints one table of all."""

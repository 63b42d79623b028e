"""Everything inside a run folder: table, exports, lock, checkpoints, samples, states, and the layout of paths."""

"""Where trials run. Knows `Jobs` (a protocol) and the worker, never the sweep, its plan or the console."""

"""Facts and functions of metrics."""

"""Which trial is better, which is worth keeping, which is stopped. Reads the table, writes nothing."""

"""Image pairs: names, folders, reading, how small an image may be."""

"""Metrics of a fused image; `facts` needs no torch, `catalog` binds each name to its function."""

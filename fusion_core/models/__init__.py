"""Trained and saved models: policy network, heads, LoRA, checkpoints, their cost."""

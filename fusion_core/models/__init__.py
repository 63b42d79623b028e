"""What is trained and saved: policy network, heads, LoRA, checkpoints, their cost."""

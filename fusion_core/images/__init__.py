"""What an image is here: its ranges and grey, filters with gradients, PNG."""

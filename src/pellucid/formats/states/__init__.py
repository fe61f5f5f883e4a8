"""State dicts: weights by name, without a network, as PyTorch, safetensors and NumPy keep them. Nothing is run."""

"""PyTorch: modules, exported programs and .pt2 files, opened operation by operation; nothing of a file is run."""

"""ONNX: its files and models, opened node by node; nothing of a file is run."""

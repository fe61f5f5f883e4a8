"""Keras's files and models: opened without TensorFlow, and nothing in them is run."""

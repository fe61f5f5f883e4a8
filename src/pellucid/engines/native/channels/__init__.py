"""Kernels in channel lanes: a vector holds the numbers of neighbouring channels at one place of one image."""

"""Kernels in sample lanes: a vector holds the same number of as many samples as it has lanes."""

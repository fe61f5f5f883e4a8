"""Comparing two networks: do they compute the same, and if not, where and by which rule they first differ."""

from .compared import Comparison, LayerDifference, compare

__all__ = ["Comparison", "LayerDifference", "compare"]

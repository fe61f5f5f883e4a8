"""Comparing two networks: do they compute the same, and if not, where and by which rule they first differ."""

from .compared import compare
from .comparison import Alone, Comparison, Difference, Stated, Trial
from .differences import LayerDifference
from .explaining import Finding
from .sides import check_inputs

__all__ = [
    "Alone",
    "Comparison",
    "Difference",
    "Finding",
    "LayerDifference",
    "Stated",
    "Trial",
    "check_inputs",
    "compare",
]

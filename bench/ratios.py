"""The arithmetic of a comparison: do results agree, and how many times is one time another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-4  # of the largest number: float32 in any order stays below, 16-bit floats do not


@dataclass(frozen=True)
class Ratio:
    """How many times our time another's is: the median over rounds, and the quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, theirs: Sequence[float], ours: Sequence[float]) -> Ratio:
        """Return the ratio of times that were taken in the same rounds, in order."""
        low, median, high = np.quantile(np.divide(theirs, ours), (0.25, 0.5, 0.75))
        return cls(float(median), float(low), float(high))


def disagreement(found: NDArray[Any], expected: NDArray[Any]) -> str | None:
    """Return in words how a result differs from the expected one by more than the tolerance, or None."""
    if found.shape != expected.shape:
        return f"its result has shape {found.shape}, expected {expected.shape}"
    largest = float(np.abs(expected).max())
    error = float(np.abs(found - expected).max()) / largest
    if not error <= TOLERANCE:  # NaN is no agreement
        return f"its result differs by {error:.1e} of the largest number, more than {TOLERANCE:.0e}"
    return None

"""How far apart two layers' numbers are, and when that is more than rounding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUNDING = 2.0**-15  # of a layer's largest value: float32 sums of many terms stay well within it
EXACT = 2.0**-40  # the same of float64: one definition on one input gives the same, whatever the order of its sums
MERGED = 2.0**-20  # of a sum's terms: weights that were computed of several layers' and rounded to float32
TERMS = 2.0**-18  # of a sum's terms: float32 sums that cancel


@dataclass(frozen=True)
class LayerDifference:
    """How far apart two networks' values of one layer are.

    Args:
        a, b: the layer's names in the two networks.
        kind: the kind of A's layer, or "Input".
        shape: the value's shape in A, without the batch.
        largest: the largest absolute difference; infinite where only one of two numbers is NaN, or shapes differ.
        relative: the same as a share of the largest finite value of the two sides.
        verdict: "same"; "rounding": apart by no more than float32 rounds, and the same definition in float64; or
            "differs".
        made: whether the difference is made here: given the same, the two compute differently. It is only passed on
            where this is not so.
        place: where in A's value the largest difference is, without the batch; None where there is none, or where
            shapes differ.
    """

    a: str
    b: str
    kind: str
    shape: tuple[int, ...]
    largest: float
    relative: float
    verdict: str
    made: bool
    place: tuple[int, ...] | None


def apart(x: NDArray[Any], y: NDArray[Any]) -> tuple[float, float]:
    """Return the largest difference, and the same as a share of the largest finite value; axes of one place apart.

    >>> apart(np.array([1.0, np.nan]), np.array([1.5, np.nan]))
    (0.5, 0.3333333333333333)
    """
    gap = _gap(x, y)
    if gap is None:
        return np.inf, np.inf
    largest = float(gap.max(initial=0.0))
    size = max(float(np.abs(v[np.isfinite(v)]).max(initial=0.0)) for v in (x, y))
    return largest, largest / size if size and np.isfinite(largest) else largest


def farthest(x: NDArray[Any], y: NDArray[Any]) -> tuple[int, ...] | None:
    """Return where in `x`, without the batch, the largest difference is; None where there is none, or no one place.

    >>> farthest(np.array([[1.0, 2.0]]), np.array([[1.0, 2.5]]))
    (1,)
    """
    gap = _gap(x, y)
    if gap is None or not gap.any():
        return None
    return tuple(int(place) for place in np.unravel_index(int(gap.argmax()), x.shape)[1:])


def _gap(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return how far apart each two numbers are, infinite where only one is NaN; None where shapes differ."""
    if x.shape != y.shape:
        x, y = (value.reshape(len(value), *(size for size in value.shape[1:] if size > 1)) for value in (x, y))
        if x.shape != y.shape:
            return None
    wide_x, wide_y = x.astype(np.float64), y.astype(np.float64)
    equal = (wide_x == wide_y) | (np.isnan(wide_x) & np.isnan(wide_y))
    with np.errstate(invalid="ignore"):
        gap = np.where(equal, 0.0, np.abs(wide_x - wide_y))
    gap[np.isnan(gap)] = np.inf
    return gap

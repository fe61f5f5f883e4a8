"""The arithmetic of one output number, as plain facts: what a layer's `explain` returns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Terms:
    """The numbers that one output number read, a row each; all arrays have the same length n.

    Args:
        source: (n,) which of the layer's inputs the number came from.
        index: (n, rank) its place in that input, (channel, row, column) for maps; outside the map it is padding.
        inside: (n,) False where the place is padding.
        value: (n,) the number read.
        product: (n,) what enters the result: value * weight where there is a weight, else the value.
        weight: (n,) the weight it was multiplied with, or None.
        weight_index: (n, rank) the weight's place in its array, or None.
        used: (n,) False where the number was read and then left out: a loser of a maximum, padding not counted.
    """

    source: Places
    index: Places
    inside: NDArray[np.bool_]
    value: Floats
    product: Floats
    used: NDArray[np.bool_]
    weight: Floats | None = None
    weight_index: Places | None = None

    def __len__(self) -> int:
        return len(self.value)


@dataclass(frozen=True, eq=False, kw_only=True)
class Arithmetic:
    """How one output number follows from the numbers it read.

    Args:
        rule: what is done with the products: "sum", "difference" (the first less the second), "product" (the numbers
            read are its factors), "mean", "max", "root" (a root of their sum), "pick" (one number passes), "share" (one
            product's part of their sum), "log share" (the logarithm of that), "function" (of one number), or "normal"
            (a function of one number, x, and of statistics of all that were read; both are among `numbers`).
        formula: the rule in symbols.
        terms: the numbers read.
        total: the result in float64; sums are correctly rounded (`math.fsum`), products of float32 are exact.
        bias: the number added to a sum, or None.
        divisor: what a mean divides by, or None.
        numbers: other numbers of the formula by their symbol, in the order in which they are used.
    """

    rule: str
    formula: str
    terms: Terms
    total: float
    bias: float | None = None
    divisor: float | None = None
    numbers: Mapping[str, float] = field(default_factory=dict[str, float])


def exact_sum(values: Floats) -> float:
    """Return the sum, correctly rounded; NaN and infinities follow IEEE rules.

    >>> exact_sum(np.array([1e16, 1.0, -1e16]))
    1.0
    """
    if not np.isfinite(values).all():
        with np.errstate(invalid="ignore"):  # inf - inf is NaN, and says so itself
            return float(values.sum())
    return math.fsum(values.tolist())


def single(x: NDArray[np.floating], index: tuple[int, ...], source: int = 0) -> Terms:
    """Return the terms of a number that read one number, at `index` of one sample `x`."""
    value = np.array([x[index]], np.float64)
    return Terms(
        source=np.array([source]),
        index=np.array([index]),
        inside=np.ones(1, np.bool_),
        value=value,
        product=value,
        used=np.ones(1, np.bool_),
    )


def mean_of(terms: Terms, divisor: float) -> Arithmetic:
    """Return the mean: the correctly rounded sum of what was read, over `divisor`."""
    return Arithmetic(
        rule="mean",
        formula="sum(x) / n",
        terms=terms,
        total=exact_sum(terms.value) / divisor,
        divisor=divisor,
    )


def several(x: NDArray[np.floating], places: Places) -> Terms:
    """Return the terms of a number that read several numbers, at `places` (n, rank) of one sample `x`; all used."""
    value = x[tuple(places.T)].astype(np.float64)
    return Terms(
        source=np.zeros(len(value), np.intp),
        index=places,
        inside=np.ones(len(value), np.bool_),
        value=value,
        product=value,
        used=np.ones(len(value), np.bool_),
    )

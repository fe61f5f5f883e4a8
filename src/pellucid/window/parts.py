"""Windows that are no kernel sliding over places: an axis cut into parts, or cut to some of its places."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..checks import check_count
from .reading import Reading


@dataclass(frozen=True, slots=True)
class AdaptiveWindow(Reading):
    """Windows that cut an axis into `outputs` parts: output i reads places floor(i*n/outputs) to ceil((i+1)*n/outputs).

    Source: PyTorch's adaptive pooling; Keras's since 3.13.

    Args:
        outputs: parts, at least 1.

    Raises:
        ParameterError: it is out of range.

    >>> AdaptiveWindow(3).reads(1, 5)
    range(1, 4)
    """

    outputs: int

    def __post_init__(self) -> None:
        check_count("AdaptiveWindow", "outputs", self.outputs)

    def out(self, size: int) -> int:
        """Return how many outputs an axis of `size` places gives."""
        return self.outputs

    def formula(self, size: int) -> str:
        """Return the rule with its numbers put in."""
        return f"{size} places in {self.outputs} parts = {self.outputs}"

    def reads(self, output: int, size: int) -> range:
        """Return the input places that `output` reads."""
        return range(output * size // self.outputs, -(-(output + 1) * size // self.outputs))

    def counts(self, size: int) -> NDArray[np.intp]:
        """Return how many places each output reads."""
        return np.array([len(self.reads(o, size)) for o in range(self.outputs)])

    def stretch(self, size: int) -> tuple[int, Fraction, Fraction, bool]:
        """Return the largest span, the mean places between neighbouring outputs, the first place, and if exact."""
        step = Fraction(size, self.outputs)
        first = min(self.reads(o, size).start - o * step for o in range(self.outputs))
        end = max(self.reads(o, size).stop - o * step for o in range(self.outputs))
        return math.ceil(end - first), step, first, step.denominator == 1


@dataclass(frozen=True, slots=True)
class SlicedWindow(Reading):
    """An axis cut: output o is place start + o * step.

    Args:
        start: the first place, 0 or more.
        step: places from one output to the next, at least 1.
        outputs: how many there are, at least 1.

    Raises:
        ParameterError: a value is out of range.

    >>> SlicedWindow(1, 2, 3).reads(2, 7)
    range(5, 6)
    """

    start: int
    step: int
    outputs: int

    def __post_init__(self) -> None:
        check_count("SlicedWindow", "step", self.step)
        check_count("SlicedWindow", "outputs", self.outputs)

    def out(self, size: int) -> int:
        """Return how many outputs there are."""
        return self.outputs

    def formula(self, size: int) -> str:
        """Return the rule with its numbers put in.

        >>> SlicedWindow(1, 2, 3).formula(7)
        '7 places from 1 on in steps of 2 = 3'
        """
        return f"{size} places from {self.start} on in steps of {self.step} = {self.outputs}"

    def reads(self, output: int, size: int) -> range:
        """Return the input place that `output` is."""
        place = self.start + output * self.step
        return range(place, place + 1)

    def stretch(self, size: int) -> tuple[int, Fraction, Fraction, bool]:
        """Return the span, the places between neighbouring outputs, the first place, and whether this is exact."""
        return 1, Fraction(self.step), Fraction(self.start), True

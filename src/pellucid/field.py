"""Receptive fields along one axis: what the units of a layer depend on, composed window by window.

Source: A. Araujo, W. Norris, J. Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill (2019).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from .window import AnyWindow

WHOLE = "whole input"
EXACT = "exact"
UPPER_BOUND = "upper bound"


@dataclass(frozen=True, slots=True)
class Field:
    """Which input places the units of one axis of a feature map depend on, borders aside.

    Unit `o` depends on `size` places from `start + o * jump` on. `status` is "exact" (every one of those places is
    read), "upper bound" (some may not be: gaps of dilation, branches that do not line up) or "whole input" (each
    unit reads everything).

    >>> from pellucid.window import Window
    >>> Field().through(Window(3, padding=(1, 1)), 28).through(Window(2, stride=2), 28)
    Field(size=4, jump=Fraction(2, 1), start=Fraction(-1, 1), status='exact')
    """

    size: int = 1
    jump: Fraction = Fraction(1)
    start: Fraction = Fraction(0)
    status: str = EXACT

    def through(self, window: AnyWindow, size: int) -> Field:
        """Return the field after one more `window` over an axis of `size` places."""
        if self.status == WHOLE:
            return self
        span, step, first, exact = window.stretch(size)
        gaps = span > 1 and window.gap * self.jump > self.size
        return Field(
            size=math.ceil(self.size + (span - 1) * self.jump),
            jump=self.jump * step,
            start=self.start + first * self.jump,
            status=self.status if exact and not gaps else UPPER_BOUND,
        )

    def center(self, output: int = 0) -> Fraction:
        """Return the middle of unit `output`'s field, in input places."""
        return self.start + output * self.jump + Fraction(self.size - 1, 2)

    def places(self, output: int, size: int) -> range:
        """Return the input places that unit `output` depends on, of an axis of `size`; none where all are padding.

        >>> Field(size=3, start=Fraction(-1)).places(0, 28)
        range(0, 2)
        """
        start = self.start + output * self.jump
        first, end = math.ceil(start), math.ceil(start + self.size)
        return range(min(max(first, 0), size), max(min(end, size), 0))

    def whole(self, size: int) -> Field:
        """Return the field of a unit that reads the whole input axis of `size` places."""
        return Field(size=size, jump=Fraction(0), start=Fraction(0), status=WHOLE)

    def join(self, other: Field, outputs: int) -> Field:
        """Return the field of units that depend on what either branch depends on (add, concatenate)."""
        if WHOLE in (self.status, other.status):
            return self if self.status == WHOLE else other
        if self.jump != other.jump:  # the branches drift apart: bound them at the units where they are furthest
            jump, last = max(self.jump, other.jump), outputs - 1
            starts = [f.start + o * (f.jump - jump) for f in (self, other) for o in (0, last)]
            ends = [f.start + o * (f.jump - jump) + f.size for f in (self, other) for o in (0, last)]
            return Field(math.ceil(max(ends) - min(starts)), jump, min(starts), UPPER_BOUND)
        low = min(self.start, other.start)
        high = max(self.start + self.size, other.start + other.size)
        apart = max(self.start, other.start) > min(self.start + self.size, other.start + other.size)
        exact = self.status == other.status == EXACT and not apart
        return Field(math.ceil(high - low), self.jump, low, EXACT if exact else UPPER_BOUND)

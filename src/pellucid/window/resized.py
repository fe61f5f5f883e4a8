"""An axis resized: which places each output reads, and how it weighs them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from ..checks import LARGEST
from ..errors import ShapeError
from .reading import Reading


@dataclass(frozen=True, slots=True)
class ResizedWindow(Reading):
    """An axis resized: every output reads the place next to its own, or weighs the two around it.

    Source: PyTorch's interpolate. Places are reckoned exactly, as fractions.

    Args:
        outputs: how many places there are to be, or None: floor(size * factor).
        factor: by what the axis is resized, or None: outputs / size.
        mode: "nearest" (the place at or before), "nearest-exact" (the place whose middle is nearest), or "bilinear".
        align_corners: for "bilinear": the middles of the first places lie on each other, and those of the last.

    >>> ResizedWindow(factor=2.0).reads(3, 5), ResizedWindow(10, mode="bilinear").reads(3, 5)
    (range(1, 2), range(1, 3))
    """

    outputs: int | None = None
    factor: float | None = None
    mode: str = "nearest"
    align_corners: bool = False

    def out(self, size: int) -> int:
        """Return how many outputs an axis of `size` places gives.

        Raises:
            ShapeError: none is left.
        """
        if self.factor is None:
            assert self.outputs is not None
            return self.outputs
        count = math.floor(size * self.factor)
        if not 1 <= count <= LARGEST:
            raise ShapeError(
                "ResizedWindow",
                got=f"floor({size} * {self.factor:g}) = {count} places",
                expected=f"1 to {LARGEST} places",
                fix="use another scale_factor, or give a size",
            )
        return count

    def formula(self, size: int) -> str:
        """Return the rule with its numbers put in.

        >>> ResizedWindow(factor=1.5).formula(7), ResizedWindow(3).formula(7)
        ('floor(7 * 1.5) = 10', '7 places resized to 3')
        """
        out = self.out(size)
        return f"{size} places resized to {out}" if self.factor is None else f"floor({size} * {self.factor:g}) = {out}"

    def position(self, size: int) -> tuple[Fraction, Fraction]:
        """Return the place where output 0 lies, and the places from one output to the next."""
        outputs = self.out(size)
        if self.align_corners:
            return Fraction(0), Fraction(size - 1, max(outputs - 1, 1) if size > 1 else 1) * (outputs > 1)
        step = Fraction(size, outputs) if self.factor is None else 1 / Fraction(self.factor).limit_denominator(LARGEST)
        return {"nearest": Fraction(0), "nearest-exact": step / 2}.get(self.mode, (step - 1) / 2), step

    def shares(self, output: int, size: int) -> dict[int, Fraction]:
        """Return the places that `output` reads, each with its weight; they give 1 together.

        >>> ResizedWindow(10, mode="bilinear").shares(3, 5)
        {1: Fraction(3, 4), 2: Fraction(1, 4)}
        """
        first, step = self.position(size)
        at = min(max(first + output * step, Fraction(0)), Fraction(size - 1))
        low = math.floor(at)
        if self.mode != "bilinear" or at == low:
            return {low: Fraction(1)}
        return {low: 1 - (at - low), low + 1: at - low}

    def reads(self, output: int, size: int) -> range:
        """Return the input places that `output` reads."""
        places = self.shares(output, size)
        return range(min(places), max(places) + 1)

    def stretch(self, size: int) -> tuple[int, Fraction, Fraction, bool]:
        """Return the largest span, the places between neighbouring outputs, the first place, and if all is exact."""
        first, step = self.position(size)
        whole = math.lcm(first.denominator, step.denominator)  # places are at multiples of 1 / whole
        every = Fraction(math.gcd(int(step * whole), whole), whole)  # and their fractions differ by multiples of this
        least = first % every
        most = 1 - every + least
        low, high = first - most, first - least
        if self.mode == "bilinear" and most > 0:
            high = first + 1 - (least or every)
        return math.ceil(high - low) + 1, step, low, every == 1

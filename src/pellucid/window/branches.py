"""What a layer that joins branches does to one axis of one of them: spread its only place, or set it among others."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ..checks import check_count
from .reading import Reading


@dataclass(frozen=True, slots=True)
class SpreadWindow(Reading):
    """An axis of one place that meets an axis of more: every output reads that place.

    Args:
        outputs: how many outputs there are, at least 1.

    Raises:
        ParameterError: it is out of range.

    >>> SpreadWindow(7).reads(4, 1)
    range(0, 1)
    """

    outputs: int

    def __post_init__(self) -> None:
        check_count("SpreadWindow", "outputs", self.outputs)

    def out(self, size: int) -> int:
        """Return how many outputs there are."""
        return self.outputs

    def formula(self, size: int) -> str:
        """Return the rule with its numbers put in."""
        return f"1 place for all of {self.outputs}"

    def reads(self, output: int, size: int) -> range:
        """Return the only place that there is."""
        return range(1)

    def stretch(self, size: int) -> tuple[int, Fraction, Fraction, bool]:
        """Return the span, the places between neighbouring outputs, the first place, and whether this is exact."""
        return 1, Fraction(0), Fraction(0), True


@dataclass(frozen=True, slots=True)
class JoinedWindow(Reading):
    """An axis that others stand before and behind: output `start` + i is place i.

    Args:
        start: outputs before the first of these places, 0 or more.
        outputs: how many outputs there are with those of the others, at least 1.

    Raises:
        ParameterError: it is out of range.

    >>> JoinedWindow(3, 7).reads(4, 2), list(JoinedWindow(3, 7).reads(5, 2))
    (range(1, 2), [])
    """

    start: int
    outputs: int

    def __post_init__(self) -> None:
        check_count("JoinedWindow", "outputs", self.outputs)

    def out(self, size: int) -> int:
        """Return how many outputs there are."""
        return self.outputs

    def formula(self, size: int) -> str:
        """Return the rule with its numbers put in.

        >>> JoinedWindow(3, 7).formula(2)
        '2 places from 3 on of 7'
        """
        return f"{size} places from {self.start} on of {self.outputs}"

    def reads(self, output: int, size: int) -> range:
        """Return the place that `output` is, or none: another branch's."""
        place = output - self.start
        return range(place, place + 1) if 0 <= place < size else range(0)

    def stretch(self, size: int) -> tuple[int, Fraction, Fraction, bool]:
        """Return the span, the step and the first place; never exact, as other outputs read none of it."""
        return 1, Fraction(1), Fraction(-self.start), False

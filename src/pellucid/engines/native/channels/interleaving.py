"""Maps that lie between one another: what every so many rows and columns of a value are, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..samples.places import along
from .layout import Blocked
from .places import Blockwise, block_at, clear_around, one_block

Spot = tuple[int, int, int, int]  # the first row and column, and the steps to the next ones


@dataclass(frozen=True)
class Interleave(Blockwise):
    """Put each value's places where its spot says; together they are all places of y.

    Args:
        xs: the layouts of the parts.
        spots: where each part's rows and columns lie in y.
        y: the layout.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    xs: tuple[Blocked, ...]
    spots: tuple[Spot, ...]
    y: Blocked

    def count(self) -> int:
        """Return how many pointers it takes."""
        return len(self.xs) + 1

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a walk over each part's places."""
        *xs, y = pointers
        to = block_at(code, y, self.y, block)
        for x, maps, spot in zip(xs, self.xs, self.spots, strict=True):
            self._part(code, block_at(code, x, maps, block), maps, spot, to)
        clear_around(code, y, self.y, block)

    def _part(self, code: Code, x: Value, maps: Blocked, spot: Spot, y: Value) -> None:
        top, left, down, right = spot

        def row(r: Number) -> None:
            source = code.address(x, one_block(maps).at(0, r))
            start = code.address(y, one_block(self.y).at(0, r * down + top, left))

            def place(q: Number) -> None:
                code.store(code.load(source, q), start, q * right)

            along(code, maps.width, place)

        code.loop(maps.height, row)

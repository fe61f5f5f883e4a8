"""How a map falls into Winograd's tiles, how many of them are worked on at once, and where scratch holds what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..ir import Code, Number, Value
from ..layout import Maps
from ..machine import Target
from ..transforms import TILE
from .winograd_weights import POINTS, ROWS

SCRATCH = 2**20  # bytes of scratch that a group of tiles may take


@dataclass(frozen=True)
class Tiling:
    """A convolution in tiles: what its two kernels have in common.

    Args:
        x, y: the layouts of what is read and written.
        top, left: the padding before the first row and column.
        target: the instruction set.
    """

    x: Maps
    y: Maps
    top: int
    left: int
    target: Target

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of tiles; the last ones may reach over the edge."""
        return -(-self.y.height // TILE), -(-self.y.width // TILE)

    @property
    def tiles(self) -> int:
        """Tiles of a map."""
        return self.grid[0] * self.grid[1]

    @property
    def side(self) -> int:
        """Tiles whose products are in registers at once: the number that leaves least of the last turn empty."""
        few = (3, 2) if self.target.fused else (2,)  # a product that is not fused takes a register of its own
        sizes = (6, 5, 4, 3, 2) if self.target.registers >= 32 else few
        return min(sizes, key=lambda size: -(-self.tiles // size) * size)

    @property
    def group(self) -> int:
        """Tiles of a group: as many as fit the scratch, in whole turns."""
        each = POINTS * (self.x.channels + self.rows) * self.target.lanes * 4 * self.side
        return self.side * min(max(1, SCRATCH // each), -(-self.tiles // self.side))

    @property
    def rows(self) -> int:
        """Output channels, in whole turns."""
        return -(-self.y.channels // ROWS) * ROWS

    @property
    def v_pitch(self) -> int:
        """Vectors of transformed inputs of one point; odd, so that the points of a tile lie in different sets."""
        return self.x.channels * self.group | 1

    @property
    def m_pitch(self) -> int:
        """Vectors of products of one point."""
        return self.rows * self.group | 1

    @property
    def scratch(self) -> int:
        """Vectors of scratch."""
        return POINTS * (self.v_pitch + self.m_pitch)

    def place(self, first: Number, t: Value) -> tuple[Value, Value]:
        """Return the row and column of tile `t` of a group among the map's tiles."""
        return divided(t + first, self.grid[1])


def divided(number: Value, by: int) -> tuple[Value, Value]:
    """Return quotient and remainder as numbers of which LLVM knows no more: it takes long over loops that divide."""
    code = number.code
    quotient, remainder = (code.let(f"freeze i64 {part}", "i64") for part in (number // by, number % by))
    return quotient, remainder


def by_edge(code: Code, tiling: Tiling, row: Value, column: Value, write: Callable[[int, int], None]) -> None:
    """Write what is done to a tile for each size that a tile has: those at the lower and right edge may be smaller."""

    def cases(place: Value, tiles: int, size: int) -> list[tuple[int, Value | None]]:
        last = size - (tiles - 1) * TILE
        if last == TILE or tiles == 1:
            return [(last, None)]
        return [(TILE, code.compare("slt", place, tiles - 1)), (last, code.compare("eq", place, tiles - 1))]

    for height, low in cases(row, tiling.grid[0], tiling.y.height):
        for width, right in cases(column, tiling.grid[1], tiling.y.width):
            conditions = [condition for condition in (low, right) if condition is not None]
            if not conditions:
                write(height, width)
            else:
                both = conditions[0] & conditions[1] if len(conditions) == 2 else conditions[0]
                code.when(both, partial(write, height, width))

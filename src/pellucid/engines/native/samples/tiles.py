"""How a convolution's loops are cut into tiles of accumulators, so that products keep the multipliers busy.

A tile of m by n accumulators needs m + n vectors for its m * n products. The smaller set of operands is held in
registers, and the others pass through one register.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from ..ir import Code, Number, Value
from ..machine import Target

BUSY = 8  # accumulators that hide the latency of a multiplier: two a cycle, done four cycles later
LOOP = 8  # the time of a loop's turn, in quarters of a product
LONG = 1 << 60  # a time longer than any


@dataclass(frozen=True)
class Cut:
    """An axis of `size` in `count` tiles of `tile`, and one of `rest` behind them, if that is not 0."""

    size: int
    tile: int

    @property
    def count(self) -> int:
        """Whole tiles."""
        return self.size // self.tile

    @property
    def rest(self) -> int:
        """The size of the last tile, or 0."""
        return self.size % self.tile

    def parts(self) -> list[tuple[int, int]]:
        """Return (size, how many) of the kinds of tiles."""
        return [part for part in ((self.tile, self.count), (self.rest, 1)) if part[0] and part[1]]


def fits(m: int, n: int, target: Target, *, held: int | None = None) -> bool:
    """Return whether a tile's accumulators and operands fit the registers.

    Args:
        m: rows of the tile.
        n: its columns.
        target: whose registers.
        held: operands that are held; the smaller set, if None.
    """
    spare = 1 if target.fused else 6  # without fused instructions products, and soon sums, lie in other registers
    if min(m, n) == 1:
        spare += 3  # an operand of a single product is overwritten by the sum, which so moves from register to register
    return m * n + (min(m, n) if held is None else held) + 1 + spare <= target.registers


def cost(m: int, n: int) -> int:
    """Return the time of one step of a tile, in quarters of a product.

    Beside the products there is the loop, and what waits for operands: places come from farther away than weights.
    """
    return 4 * max(m * n, m + n, BUSY) + LOOP + m + 2 * n


def best_cuts(
    first: int,
    second: int,
    target: Target,
    *,
    unit: int = 1,
    steps: Callable[[int], list[tuple[int, int]]] | None = None,
    most: int | None = None,
) -> tuple[int, Cut, Cut]:
    """Return the time that two axes take in the best tiles, in quarters of a product, and how they are cut.

    Args:
        first: the size of one axis.
        second: the size of the other.
        target: whose registers hold the tiles.
        unit: vectors of one step of the second axis.
        steps: returns the steps (vectors, how often) of the second axis in tiles of a size; none: they cannot be so.
            If None: its tiles.
        most: vectors of all steps times rows of a tile that may be.

    >>> from pellucid.engines.native.machine import x86
    >>> [cut.tile for cut in best_cuts(64, 56, x86("avx512"))[1:]]
    [8, 3]
    """
    best, least = (Cut(first, 1), Cut(second, 1)), LONG
    for n in range(1, min(second, target.registers // unit) + 1):
        across = steps(n) if steps else [(width * unit, times) for width, times in Cut(second, n).parts()]
        for m in range(1, min(first, target.registers) + 1):
            down = Cut(first, m).parts()
            if not across or not fits(m, n * unit, target):
                break
            if most and sum(height * width * times for height, _ in down for width, times in across) > most:
                break
            time = sum(i * j * cost(height, width) for height, i in down for width, j in across)
            if time < least:
                best, least = (Cut(first, m), Cut(second, n)), time
    return least, *best


def cut(code: Code, axis: Cut, body: Callable[[Any, int], None], *, apart: bool = False) -> None:
    """Write a loop over an axis in tiles, then its last part.

    Args:
        code: where to write.
        axis: the axis.
        body: writes a tile, given its first index and size.
        apart: each tile is written by itself, its index a known number.
    """
    whole = axis.count * axis.tile

    def tile(i: Number) -> None:
        body(i, axis.tile)

    if apart:
        for i in range(0, whole, axis.tile):
            tile(i)
    else:
        code.loop(whole, tile, step=axis.tile)
    if axis.rest:
        body(whole, axis.rest)


def several(values: Any) -> tuple[Value, ...]:
    """Return what a loop carried as a tuple, also where it is a single value."""
    return cast("tuple[Value, ...]", values) if isinstance(values, tuple) else (values,)

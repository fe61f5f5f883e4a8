"""How a convolution's loops are cut into tiles of accumulators, so that products keep the multipliers busy.

A tile of m by n accumulators needs m + n vectors for its m * n products. The smaller set of operands is held in
registers, and the others pass through one register.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from ..ir import Code, Number, Value
from ..machine import Target

BUSY = 8  # accumulators that hide the latency of a multiplier: two a cycle, done four cycles later
TURN = 2  # what a tile costs beside its products, in products


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


def fits(m: int, n: int, target: Target) -> bool:
    """Return whether a tile's accumulators and operands fit the registers."""
    spare = 0 if target.fused else 5  # without fused instructions products lie in registers of their own
    if min(m, n) == 1:
        spare += 2  # an operand of a single product is overwritten by the sum, which so moves from register to register
    return m * n + min(m, n) + 1 + spare <= target.registers


def cost(m: int, n: int) -> int:
    """Return the time of one step of a tile, in products."""
    return max(m * n, m + n, BUSY) + TURN


def best_cuts(first: int, second: int, target: Target, *, unit: int = 1) -> tuple[int, Cut, Cut]:
    """Return the time that two axes take in the best tiles, in products, and how they are cut.

    Args:
        first: the size of one axis.
        second: the size of the other.
        target: whose registers hold the tiles.
        unit: vectors of one step of the second axis.

    >>> from pellucid.engines.native.machine import x86
    >>> [cut.tile for cut in best_cuts(64, 56, x86("avx512"))[1:]]
    [8, 3]
    """
    best, least = (Cut(first, 1), Cut(second, 1)), math.inf
    for n in range(1, min(second, target.registers // unit) + 1):
        for m in range(1, min(first, target.registers) + 1):
            if not fits(m, n * unit, target):
                break
            cuts = Cut(first, m), Cut(second, n)
            time = sum(
                i * j * cost(height, width * unit) for height, i in cuts[0].parts() for width, j in cuts[1].parts()
            )
            if time < least:
                best, least = cuts, time
    return int(least), *best


def cut(code: Code, axis: Cut, body: Callable[[Any, int], None]) -> None:
    """Write a loop over an axis in tiles, then its last part; the body gets the first index and the tile's size."""
    whole = axis.count * axis.tile

    def tile(i: Number) -> None:
        body(i, axis.tile)

    code.loop(whole, tile, step=axis.tile)
    if axis.rest:
        body(whole, axis.rest)


def several(values: Any) -> tuple[Value, ...]:
    """Return what a loop carried as a tuple, also where it is a single value."""
    return cast("tuple[Value, ...]", values) if isinstance(values, tuple) else (values,)

"""Sums over the places and samples of a channel, and walks over one channel's places, in sample lanes.

What a block of samples knows of its channels is two rows of doubles, one after another. The rows of all blocks are
combined in order, whoever made them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ir import Code, Number, Value
from ..layout import Maps
from .places import along

FLOATS = 1024  # vectors of a plane that float32 accumulators add up in one go; larger planes are summed row by row
AT_ONCE = 4  # accumulators of one sum, at most: an addition takes several cycles, and they run side by side


def partial_size(channels: int) -> int:
    """Return the bytes of what one block knows of its channels: two rows of doubles, to a multiple of 64.

    >>> partial_size(3)
    64
    """
    return -(-16 * channels // 64) * 64


def _rows(values: list[tuple[Value, Maps]], most: int | None = None) -> tuple[int, int]:
    """Return (rows, width) of a plane, joined to one row where the layouts allow it and it has at most `most`."""
    maps = values[0][1]
    places = maps.height * maps.width
    joined = maps.height == 1 or all(other.row == maps.width for _, other in values)
    return (1, places) if joined and (most is None or places <= most) else (maps.height, maps.width)


def each_place(code: Code, channel: Number, values: list[tuple[Value, Maps]], place: Callable[..., None]) -> None:
    """Call `place` with the address of each value's vector, for all places of a channel."""
    rows, width = _rows(values)

    def row(r: Number) -> None:
        starts = [code.address(pointer, maps.at(channel, r)) for pointer, maps in values]
        along(code, width, lambda x: place(*(code.address(start, x) for start in starts)))

    code.loop(rows, row)


def sums_of(
    code: Code,
    channel: Number,
    values: list[tuple[Value, Maps]],
    kinds: int,
    add: Callable[..., tuple[Value, ...]],
) -> tuple[Value, ...]:
    """Return vectors of sums over a channel's plane.

    Args:
        code: where to write.
        channel: which.
        values: where each value starts, and its layout.
        kinds: how many sums.
        add: called with `kinds` sums and the address of each value's vector at one place; returns the next sums.
    """
    rows, width = _rows(values, FLOATS)
    zeros = [code.zero()] * kinds
    at_once = min(AT_ONCE, code.target.registers // 4 // kinds)

    def row(r: Number, *before: Value) -> tuple[Value, ...]:
        starts = [code.address(pointer, maps.at(channel, r)) for pointer, maps in values]

        def one(x: Number, sums: tuple[Value, ...]) -> tuple[Value, ...]:
            return add(sums, *(code.address(start, x) for start in starts))

        def several(x: Number, *sums: Value) -> tuple[Value, ...]:
            following = [one(x + k, sums[k::at_once]) for k in range(at_once)]
            return tuple(new for kind in zip(*following, strict=True) for new in kind)

        looped = width // at_once * at_once
        flat = code.loop(looped, several, *(zeros * at_once), step=at_once)
        sets = [flat[k::at_once] for k in range(at_once)]
        for x in range(looped, width):
            sets[x - looped] = one(x, sets[x - looped])
        return tuple(total + pairwise(kind) for total, kind in zip(before, zip(*sets, strict=True), strict=True))

    totals: Any = code.loop(rows, row, *zeros)
    return (totals,) if kinds == 1 else totals


def plain(code: Code) -> Callable[..., tuple[Value, ...]]:
    """Return what adds a number to a sum."""

    def add(sums: tuple[Value, ...], x: Value) -> tuple[Value, ...]:
        return (sums[0] + code.load(x),)

    return add


def squares(code: Code, center: Value) -> Callable[..., tuple[Value, ...]]:
    """Return what adds the square of a number's distance from a center."""

    def add(sums: tuple[Value, ...], x: Value) -> tuple[Value, ...]:
        off = code.load(x) - center
        return (code.fma(off, off, sums[0]),)

    return add


def pairwise(values: Sequence[Value]) -> Value:
    """Return a sum, added up in pairs; a power of two of values."""
    while len(values) > 1:
        values = [a + b for a, b in zip(values[::2], values[1::2], strict=True)]
    return values[0]


def total_of(code: Code, vector: Value) -> Value:
    """Return the sum of a vector's numbers as a double, half by half."""
    wide = code.convert("fpext", vector, f"<{code.lanes} x double>")
    count = code.lanes
    while count > 1:
        count //= 2
        low, high = list(range(count)), list(range(count, 2 * count))
        wide = code.shuffle(wide, wide, low) + code.shuffle(wide, wide, high)
    return code.lane(wide, 0)

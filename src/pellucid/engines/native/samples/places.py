"""Walks over the places of feature maps, whatever halo lies around them: one loop wherever they follow one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ir import Code, Number, Value
from ..layout import Maps

AT_ONCE = 4  # places between two tests of a loop's end


def walk(code: Code, values: Sequence[tuple[Value, Maps]], body: Callable[..., Any], at_once: int = AT_ONCE) -> None:
    """Write loops over all places but the halo.

    Args:
        code: where to write.
        values: where each value starts, and its layout; all have the same channels, height and width.
        body: called with the address of each value's vector at one place; writes what happens there.
        at_once: places between two tests of a loop's end.
    """
    channels, rows, width = runs([maps for _, maps in values])

    def channel(c: Number) -> None:
        def row(r: Number) -> None:
            starts = [code.address(pointer, maps.at(c, r)) for pointer, maps in values]
            along(code, width, lambda x: body(*(code.address(start, x) for start in starts)), at_once)

        code.loop(rows, row)

    code.loop(channels, channel)


def along(code: Code, count: int, body: Callable[[Number], Any], at_once: int = AT_ONCE) -> None:
    """Write a loop from 0 to `count` whose turns do `at_once` places, and what is left after it."""
    looped = count // at_once * at_once

    def turn(x: Number) -> None:
        for k in range(at_once):
            body(x + k)

    code.loop(looped, turn, step=at_once)
    for x in range(looped, count):
        body(x)


def runs(layouts: Sequence[Maps]) -> tuple[int, int, int]:
    """Return (channels, rows, width) with all joined that follows one another in every layout.

    >>> runs([Maps(2, 3, 4)]), runs([Maps(2, 3, 4), Maps(2, 3, 4, top=1)]), runs([Maps(2, 3, 4, left=1)])
    ((1, 1, 24), (2, 1, 12), (2, 3, 4))
    """
    channels, height, width = layouts[0].channels, layouts[0].height, layouts[0].width
    if height > 1 and any(maps.row != width for maps in layouts):
        return channels, height, width
    if channels > 1 and any(maps.plane != height * width for maps in layouts):
        return channels, 1, height * width
    return 1, 1, channels * height * width

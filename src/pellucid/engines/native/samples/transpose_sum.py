"""Sums across the lanes of many vectors at once: a transpose that adds on its way."""

from __future__ import annotations

from functools import cache

from ..ir import Code, Value


def sums_across(code: Code, vectors: list[Value]) -> Value:
    """Return a vector whose lane k is the sum of the lanes of vector k.

    Every step halves the number of vectors: half of the lanes of each hold one of two vectors' sums, and half the
    other's. This takes about three instructions a vector.

    Args:
        code: where to write.
        vectors: at most as many as there are lanes; the lanes beyond hold anything.
    """
    lanes = code.lanes
    row: list[Value | None] = [*vectors, *[None] * (lanes - len(vectors))]
    order = _order(lanes)
    level = [row[k] for k in order]
    part = lanes
    while len(level) > 1:
        part //= 2
        level = [_halved(code, level[k], level[k + 1], part) for k in range(0, len(level), 2)]
    assert level[0] is not None
    return level[0]


def add_sums(code: Code, pointer: Value, sums: list[tuple[int, Value]]) -> None:
    """Add the sums of the lanes of vectors to floats in memory.

    Args:
        code: where to write.
        pointer: to floats.
        sums: (which float, vector), in rising order.
    """
    for first in range(0, len(sums), code.lanes):
        group = sums[first : first + code.lanes]
        total = sums_across(code, [vector for _, vector in group])
        places = [place for place, _ in group]
        lane = 0
        while lane < len(group):
            size = 1
            while lane + 2 * size <= len(group) and places[lane + 2 * size - 1] == places[lane] + 2 * size - 1:
                size *= 2
            at = code.address(pointer, places[lane], of="float")
            if size == 1:
                code.store(code.load(at, of="float") + code.lane(total, lane), at)
            else:
                part = code.shuffle(total, total, list(range(lane, lane + size))) if size < code.lanes else total
                code.store(code.load(at, of=part.type, align=4) + part, at, align=4)
            lane += size


def _halved(code: Code, a: Value | None, b: Value | None, part: int) -> Value | None:
    """Return the sums of neighbouring runs of `part` lanes of a, and of b, in the order that `_masks` gives them."""
    first = a or b
    if first is None:
        return None
    nothing = Value(code, "poison", first.type)
    low, high = _masks(code.lanes, part)
    return code.shuffle(a or nothing, b or nothing, low) + code.shuffle(a or nothing, b or nothing, high)


def _masks(lanes: int, part: int) -> tuple[list[int], list[int]]:
    """Return which lanes of two vectors laid end to end make the two terms: each a single instruction's choice."""
    if part >= 4:
        low = [k for k in range(2 * lanes) if k // part % 2 == 0]
    else:
        low = [
            start + vector + k
            for start in range(0, lanes, 4)
            for vector in (0, lanes)
            for k in range(4)
            if k // part % 2 == 0
        ]
    return low, [k + part for k in low]


@cache
def _order(lanes: int) -> list[int]:
    """Return the lane in which the sum of each vector comes out, in the order in which they enter the tree."""
    level, part = [[k] * lanes for k in range(lanes)], lanes
    while part > 1:
        part //= 2
        low, _ = _masks(lanes, part)
        level = [[(level[k] + level[k + 1])[place] for place in low] for k in range(0, len(level), 2)]
    return [level[0].index(k) for k in range(lanes)]

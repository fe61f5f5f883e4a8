"""The transpose of as many vectors as they have lanes, by shuffles that are one instruction each."""

from __future__ import annotations

from ..ir import Code, Value

QUARTER = 4  # lanes of the parts that x86 shuffles within, and across


def transposed_square(code: Code, rows: list[Value]) -> list[Value]:
    """Return vectors of which number i holds, in lane k, lane i of vector k.

    Args:
        code: where to write.
        rows: as many vectors as they have lanes.
    """
    quarters = [_within(code, rows[k : k + QUARTER]) for k in range(0, code.lanes, QUARTER)]
    columns: list[list[Value]] = [_across(code, [quarter[k] for quarter in quarters]) for k in range(QUARTER)]
    return [columns[lane % QUARTER][lane // QUARTER] for lane in range(code.lanes)]


def _within(code: Code, rows: list[Value]) -> list[Value]:
    """Return, of four vectors, the transposes of the squares of four lanes that lie side by side in them."""
    a, b, c, d = rows
    low, high = [0, 4, 1, 5], [2, 6, 3, 7]
    ab, cd = [_each(code, a, b, how) for how in (low, high)], [_each(code, c, d, how) for how in (low, high)]
    return [_each(code, x, y, how) for x, y in zip(ab, cd, strict=True) for how in ([0, 1, 4, 5], [2, 3, 6, 7])]


def _each(code: Code, a: Value, b: Value, pattern: list[int]) -> Value:
    """Shuffle every quarter of a and b by a pattern, whose numbers count on from a's quarter to b's."""
    starts = range(0, code.lanes, QUARTER)
    beyond = code.lanes - QUARTER
    return code.shuffle(a, b, [start + p + (beyond if p >= QUARTER else 0) for start in starts for p in pattern])


def _across(code: Code, parts: list[Value]) -> list[Value]:
    """Return vectors of which number c is made of quarter c of every vector: their transpose, by quarters."""
    if len(parts) == 1:
        return parts
    half = len(parts) // 2
    evens, odds = [0, 2, 4, 6][: len(parts)], [1, 3, 5, 7][: len(parts)]
    mixed = [_quarters(code, a, b, how) for how in (evens, odds) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    if half == 1:
        return mixed
    a, b, c, d = mixed  # of a and b, quarters 0 and 2 of the vectors; of c and d, 1 and 3
    return [_quarters(code, *pair, how) for how in (evens, odds) for pair in ((a, b), (c, d))]


def _quarters(code: Code, a: Value, b: Value, numbers: list[int]) -> Value:
    """Return the quarters of a and b laid end to end that have these numbers."""
    return code.shuffle(a, b, [QUARTER * number + k for number in numbers for k in range(QUARTER)])

"""Which places each output of a pool reads, as data, and the loops over outputs and windows that follow from it.

Outputs whose windows have one size and follow one another evenly make a band: its loop has everything as constants,
and small windows are written out. Windows without such order are looked up in tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ....window import AdaptiveWindow, Window
from ..ir import Code, Number, Value

BANDS = 3  # bands of an axis that are written out; where there are more, a table is shorter
STRAIGHT = 25  # places of a window that is written out
LONG = 150  # places of all windows that are written out


@dataclass(frozen=True)
class Taps:
    """The places along one axis that each output reads, padding left out.

    Args:
        start: for each output, the first place.
        count: how many.
        step: places between two of them.
    """

    start: tuple[int, ...]
    count: tuple[int, ...]
    step: int = 1

    @property
    def disjoint(self) -> bool:
        """Whether no place belongs to two outputs."""
        places = self._places()
        return len(places) == len(set(places))

    def missed(self, size: int) -> list[int]:
        """Return which of `size` places no output reads."""
        return sorted(set(range(size)) - set(self._places()))

    def _places(self) -> list[int]:
        return [s + k * self.step for s, n in zip(self.start, self.count, strict=True) for k in range(n)]


def taps_of(window: Window | AdaptiveWindow, size: int) -> Taps:
    """Return the places that each output of a window reads of an axis of `size`.

    >>> taps_of(Window(3, stride=2, padding=(1, 1)), 5)
    Taps(start=(0, 1, 3), count=(2, 3, 2), step=1)
    """
    step = window.dilation if isinstance(window, Window) else 1
    reads = [[place for place in window.reads(o, size) if 0 <= place < size] for o in range(window.out(size))]
    return Taps(tuple(read[0] if read else 0 for read in reads), tuple(map(len, reads)), step)


@dataclass(frozen=True)
class Band:
    """Outputs that follow one another evenly.

    Args:
        first: the first output.
        outputs: how many.
        start: the first place that the first one reads.
        stride: places from one output's first to the next one's.
        count: how many places each reads.
    """

    first: int
    outputs: int
    start: int
    stride: int
    count: int


def bands(taps: Taps) -> list[Band]:
    """Return the bands of an axis, in order.

    >>> [(band.outputs, band.count) for band in bands(Taps((0, 1, 3, 5), (2, 3, 3, 2)))]
    [(1, 2), (2, 3), (1, 2)]
    """
    found: list[Band] = []
    for output, (start, count) in enumerate(zip(taps.start, taps.count, strict=True)):
        if found and (last := found[-1]).count == count:
            stride = start - last.start if last.outputs == 1 else last.stride
            if start == last.start + last.outputs * stride:
                found[-1] = Band(last.first, last.outputs + 1, last.start, stride, count)
                continue
        found.append(Band(output, 1, start, 0, count))
    return found


@dataclass(frozen=True)
class Read:
    """One output's share of an axis: numbers, or values of a program.

    Args:
        output: which output.
        start: the first place that it reads.
        count: how many.
    """

    output: Number
    start: Number
    count: Number


def visit(code: Code, rows: Taps, columns: Taps, body: Callable[[Read, Read], None]) -> None:
    """Write loops over all outputs; `body` writes what one of them does."""
    down, across = bands(rows), bands(columns)
    places = sum(a.count * b.count for a in down for b in across if a.count * b.count <= STRAIGHT)
    even = len(down) <= BANDS and len(across) <= BANDS and places <= LONG

    def line(row: Read) -> None:
        _axis(code, columns, even, lambda column: body(row, column))

    _axis(code, rows, even, line)


def _axis(code: Code, taps: Taps, even: bool, body: Callable[[Read], None]) -> None:
    if not even:
        starts, counts = code.table(list(taps.start)), code.table(list(taps.count))

        def one(o: Number) -> None:
            body(Read(o, code.load(starts, o, of="i64"), code.load(counts, o, of="i64")))

        code.loop(len(taps.start), one)
        return
    for band in bands(taps):

        def turn(t: Number, band: Band = band) -> None:
            body(Read(t + band.first, t * band.stride + band.start, band.count))

        code.loop(band.outputs, turn)


def straight(row: Read, column: Read) -> list[tuple[int, int]] | None:
    """Return the places of a window that is small enough to be written out, by row, or None."""
    if isinstance(row.count, int) and isinstance(column.count, int) and row.count * column.count <= STRAIGHT:
        return [(i, j) for i in range(row.count) for j in range(column.count)]
    return None


def fold(code: Code, row: Read, column: Read, body: Callable[..., Any], *carried: Value) -> Any:
    """Go through a window row by row.

    Args:
        code: where to write.
        row: the window's rows.
        column: its columns.
        body: called with the number of the row and of the column within the window, and the carried values; returns
            their next values.
        carried: the first values.

    Returns:
        The carried values after the window: one, or a tuple.
    """
    places = straight(row, column)
    if places is None:

        def line(i: Number, *carried: Value) -> Any:
            def place(j: Number, *carried: Value) -> Any:
                return body(i, j, *carried)

            return code.loop(column.count, place, *carried)

        return code.loop(row.count, line, *carried)
    for i, j in places:
        after: Value | tuple[Value, ...] | None = body(i, j, *carried)
        carried = () if after is None else after if isinstance(after, tuple) else (after,)
    return carried[0] if len(carried) == 1 else carried

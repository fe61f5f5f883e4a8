"""Which places each output of a pool reads, as data, and the loops over outputs and windows that follow from it.

Outputs whose windows have one size and follow one another evenly make a band: its loop has everything as constants,
and small windows are written out. Windows without such order are looked up in tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ....window import AnyWindow
from ..ir import Code, Number, Value
from ..layout import Maps

Place = tuple[Number, Number]  # a row and a column of a window

BANDS = 3  # bands of an axis that are written out; where there are more, a table is shorter
STRAIGHT = 25  # places of a window that is written out
LONG = 100  # places of the windows of all bands that are written out
AT_ONCE = 8  # neighbours of a row that are written out in other windows


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

    def missed(self, size: int) -> list[range]:
        """Return the runs of neighbouring places, of `size` in all, that no output reads."""
        found: list[range] = []
        for place in sorted(set(range(size)) - set(self._places())):
            if found and found[-1].stop == place:
                found[-1] = range(found[-1].start, place + 1)
            else:
                found.append(range(place, place + 1))
        return found

    def _places(self) -> list[int]:
        return [s + k * self.step for s, n in zip(self.start, self.count, strict=True) for k in range(n)]


def taps_of(window: AnyWindow, size: int) -> Taps:
    """Return the places that each output of a window reads of an axis of `size`.

    >>> from pellucid.window import Window
    >>> taps_of(Window(3, stride=2, padding=(1, 1)), 5)
    Taps(start=(0, 1, 3), count=(2, 3, 2), step=1)
    """
    reads = [[place for place in window.reads(o, size) if 0 <= place < size] for o in range(window.out(size))]
    return Taps(tuple(read[0] if read else 0 for read in reads), tuple(map(len, reads)), window.gap)


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
        step: places between two of them.
    """

    output: Number
    start: Number
    count: Number
    step: int


@dataclass(frozen=True)
class Reads:
    """One output and the places that it reads.

    Args:
        code: the program.
        channel: its channel.
        row: its share of the rows.
        column: its share of the columns.
        most: places of a window that may be written out; 0: no two together.
    """

    code: Code
    channel: Number
    row: Read
    column: Read
    most: int

    def output(self, pointer: Value, maps: Maps) -> Value:
        """Return the address of the output in a layout."""
        return self.code.address(pointer, maps.at(self.channel, self.row.output, self.column.output))

    def window(self, pointer: Value, maps: Maps) -> Callable[[Place], Value]:
        """Return what gives the address of each place of the window in a layout."""
        start = self.code.address(pointer, maps.at(self.channel, self.row.start, self.column.start))
        down, across = self.row.step * maps.row, self.column.step
        return lambda place: self.code.address(start, place[0] * down + place[1] * across)

    @property
    def straight(self) -> list[Place] | None:
        """The places of a window that is small enough to be written out, row by row, or None."""
        height, width = self.row.count, self.column.count
        if not isinstance(height, int) or not isinstance(width, int) or height * width > self.most:
            return None
        return [(i, j) for i in range(height) for j in range(width)]

    def fold(self, body: Callable[..., Any], *carried: Value) -> Any:
        """Go through the window row by row, a few neighbours at a time.

        Args:
            body: called with a list of the next places and the carried values; returns their next values.
            carried: the first values.

        Returns:
            The carried values after the window: one, or a tuple.
        """
        if self.straight is not None:
            return body(self.straight, *carried)
        columns, at_once = self.column.count, AT_ONCE if self.most else 1

        def line(i: Number, *carried: Value) -> Any:
            def places(j: Number, *carried: Value, count: int = at_once) -> Any:
                return body([(i, j + k) for k in range(count)], *carried)

            if not isinstance(columns, int):
                return self.code.loop(columns, partial(places, count=1), *carried)
            looped = columns // at_once * at_once
            after = self.code.loop(looped, places, *carried, step=at_once)
            if looped == columns:
                return after
            return places(looped, *_several(after), count=columns - looped)

        return self.code.loop(self.row.count, line, *carried)


def visit(
    code: Code,
    channels: int,
    rows: Taps,
    columns: Taps,
    body: Callable[[Reads], None],
    before: Callable[[Number], None] | None = None,
    straight: int = STRAIGHT,
) -> None:
    """Write loops over all outputs of all channels.

    Args:
        code: where to write.
        channels: how many.
        rows: what each row of outputs reads.
        columns: what each column of outputs reads.
        body: writes what one output does.
        before: writes what comes first in a channel.
        straight: places of a window that may be written out; 0: no two together, for each takes many instructions.
    """
    down, across = bands(rows), bands(columns)
    even = len(down) <= BANDS and len(across) <= BANDS
    windows = [a.count * b.count for a in down for b in across]
    most = straight if sum(places for places in windows if places <= straight) <= LONG else min(straight, 1)

    def channel(c: Number) -> None:
        if before is not None:
            before(c)

        def line(row: Read) -> None:
            _axis(code, columns, even, lambda column: body(Reads(code, c, row, column, most)))

        _axis(code, rows, even, line)

    code.loop(channels, channel)


def _axis(code: Code, taps: Taps, even: bool, body: Callable[[Read], None]) -> None:
    if not even:
        starts, counts = code.table(list(taps.start)), code.table(list(taps.count))

        def one(o: Number) -> None:
            body(Read(o, code.load(starts, o, of="i64"), code.load(counts, o, of="i64"), taps.step))

        code.loop(len(taps.start), one)
        return
    for band in bands(taps):

        def turn(t: Number, band: Band = band) -> None:
            body(Read(t + band.first, t * band.stride + band.start, band.count, taps.step))

        code.loop(band.outputs, turn)


def _several(values: Value | tuple[Value, ...] | None) -> tuple[Value, ...]:
    return () if values is None else values if isinstance(values, tuple) else (values,)

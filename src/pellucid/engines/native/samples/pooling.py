"""Pools in sample lanes. No winner is kept: the way back finds it again, where a place equals its window's largest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .elementwise import Activation
from .places import along, walk
from .taps import Place, Reads, Taps, taps_of, visit

__all__ = [
    "AvgPoolBackward",
    "AvgPoolForward",
    "MaxPoolBackward",
    "MaxPoolForward",
    "Taps",
    "apart",
    "clearing",
    "give",
    "taps_of",
]

NAN = float("nan")
RUNS = 2  # runs of missed places along an axis that are cleared one by one; where there are more, all is cleared


@dataclass(frozen=True)
class MaxPoolForward(Kernel):
    """y = the largest number of each window; NaN is larger than all.

    Args:
        x, y: the layouts.
        rows, columns: what each output reads; no window is empty.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    x: Maps
    y: Maps
    rows: Taps
    columns: Taps

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops over all outputs."""
        x, y = pointers

        def output(reads: Reads) -> None:
            window = reads.window(x, self.x)

            def turn(places: list[Place], most: Value, strange: Value) -> tuple[Value, Value]:
                largest, nan = _largest(code, window, places)
                return _larger(code, most, largest), strange if nan is None else code.select(nan, NAN, strange)

            if reads.straight is None:
                most, strange = reads.fold(turn, code.splat(float("-inf")), code.zero())
                nan = code.compare("uno", strange, strange)
            else:
                most, nan = _largest(code, window, reads.straight)
            code.store(most if nan is None else code.select(nan, NAN, most), reads.output(y, self.y))

        visit(code, self.x.channels, self.rows, self.columns, output)


@dataclass(frozen=True)
class MaxPoolBackward(Kernel):
    """Give each output's gradient to the first place of its window that equals its value.

    Args:
        x, y: the layouts of what went in and what came out.
        dx, dy: the layouts of the gradients.
        rows, columns: what each output reads; no window is empty.
        add: add to dx.
        relu: x is what a ReLU gave, and dx the gradient of what it was given.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y", "dy", "dx")
    x: Maps
    y: Maps
    dx: Maps
    dy: Maps
    rows: Taps
    columns: Taps
    add: bool = False
    relu: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops over all outputs."""
        x, y, dy, dx = pointers
        adds = self.add or not apart(self.rows, self.columns)
        clear = None if self.add else clearing(code, self.dx, dx, self.rows, self.columns)

        def output(reads: Reads) -> None:
            values, gradients = reads.window(x, self.x), reads.window(dx, self.dx)
            most, gradient = code.load(reads.output(y, self.y)), code.load(reads.output(dy, self.dy))
            if self.relu:
                gradient = gradient * Activation("relu").slope(code, most)

            def turn(places: list[Place], left: Value) -> Value:
                """Give what is left of the gradient, all or nothing, to one place after the other."""
                for place in places:
                    value = code.load(values(place))
                    wins = code.compare("oeq", value, most) | code.compare("uno", value, value)
                    give(code, code.select(wins, left, 0.0), gradients(place), adds)
                    left = code.select(wins, 0.0, left)
                return left

            reads.fold(turn, gradient)

        visit(code, self.x.channels, self.rows, self.columns, output, clear)


@dataclass(frozen=True)
class AvgPoolForward(Kernel):
    """y = the sum of each window by its divisor.

    Args:
        x, y: the layouts.
        rows, columns: what each output reads.
        row_divisors, column_divisors: for each row and column of outputs; their product divides.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    x: Maps
    y: Maps
    rows: Taps
    columns: Taps
    row_divisors: tuple[int, ...]
    column_divisors: tuple[int, ...]

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops over all outputs."""
        x, y = pointers
        divide = _divisor(code, self.row_divisors, self.column_divisors)

        def output(reads: Reads) -> None:
            window = reads.window(x, self.x)

            def turn(places: list[Place], total: Value) -> Value:
                return total + _sum(code, window, places)

            total = _sum(code, window, reads.straight) if reads.straight else reads.fold(turn, code.zero())
            code.store(divide(total, reads), reads.output(y, self.y))

        visit(code, self.x.channels, self.rows, self.columns, output)


@dataclass(frozen=True)
class AvgPoolBackward(Kernel):
    """Give every place of a window its share of the output's gradient.

    Args:
        dx, dy: the layouts.
        rows, columns: what each output reads.
        row_divisors, column_divisors: for each row and column of outputs; their product divides.
        add: add to dx.
    """

    arguments: ClassVar[tuple[str, ...]] = ("dy", "dx")
    dx: Maps
    dy: Maps
    rows: Taps
    columns: Taps
    row_divisors: tuple[int, ...]
    column_divisors: tuple[int, ...]
    add: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops over all outputs."""
        dy, dx = pointers
        divide = _divisor(code, self.row_divisors, self.column_divisors)
        adds = self.add or not apart(self.rows, self.columns)
        clear = None if self.add else clearing(code, self.dx, dx, self.rows, self.columns)

        def output(reads: Reads) -> None:
            gradients = reads.window(dx, self.dx)
            share = divide(code.load(reads.output(dy, self.dy)), reads)

            def turn(places: list[Place]) -> None:
                for place in places:
                    give(code, share, gradients(place), adds)

            reads.fold(turn)

        visit(code, self.dx.channels, self.rows, self.columns, output, clear)


def give(code: Code, gradient: Value, place: Value, add: bool) -> None:
    """Write a gradient to a place, or add it to what is there."""
    code.store(code.load(place) + gradient if add else gradient, place)


def _larger(code: Code, a: Value, b: Value) -> Value:
    """Return the larger of each lane: on ARM NaN if there is one, elsewhere as x86 does it in one instruction."""
    if code.target.name == "neon":
        return code.call("maximum", a, b)
    return code.select(code.compare("ogt", a, b), a, b)


def _largest(code: Code, window: Callable[[Place], Value], places: list[Place]) -> tuple[Value, Value | None]:
    """Return the largest number at some places, and where one of them is NaN, if the largest does not show it."""
    most: Value | None = None
    nan: Value | None = None
    for k in range(0, len(places), 2):
        pair = [code.load(window(place)) for place in places[k : k + 2]]
        if code.target.name != "neon":
            here = code.compare("uno", pair[0], pair[-1])  # one comparison for two numbers
            nan = here if nan is None else nan | here
        for value in pair:
            most = value if most is None else _larger(code, most, value)
    assert most is not None
    return most, nan


def _sum(code: Code, window: Callable[[Place], Value], places: list[Place]) -> Value:
    """Return the sum of the numbers at some places, from the first to the last."""
    total = code.zero()
    for k, place in enumerate(places):
        value = code.load(window(place))
        total = total + value if k else value
    return total


def _divisor(code: Code, rows: tuple[int, ...], columns: tuple[int, ...]) -> Callable[[Value, Reads], Value]:
    """Return what writes the division for an output: by a constant where all have one divisor, else from tables."""
    if len({*rows}) == len({*columns}) == 1:
        divisor = rows[0] * columns[0]
        if divisor & (divisor - 1) == 0:  # the reciprocal of a power of two is exact
            return lambda value, _: value * code.splat(1 / divisor)
        return lambda value, _: value / code.splat(divisor)
    tables = code.table(list(rows), "float"), code.table(list(columns), "float")

    def divide(value: Value, reads: Reads) -> Value:
        by = code.load(tables[0], reads.row.output, of="float") * code.load(tables[1], reads.column.output, of="float")
        return value / code.spread(by)

    return divide


def clearing(code: Code, maps: Maps, dx: Value, rows: Taps, columns: Taps) -> Callable[[Number], None]:
    """Return what clears the places of a channel before gradients come.

    Where no place belongs to two windows, each is written once, and only what no window holds is cleared.
    """
    high, wide = rows.missed(maps.height), columns.missed(maps.width)

    def zero(place: Value) -> None:
        code.store(code.zero(), place)

    def clear(c: Number, rows: range, columns: range) -> None:
        def row(y: Number) -> None:
            start = code.address(dx, maps.at(c, y, columns.start))
            along(code, len(columns), lambda x: code.store(code.zero(), start, x))

        code.loop(rows.stop, row, start=rows.start)

    def channel(c: Number) -> None:
        if not apart(rows, columns) or len(high) > RUNS or len(wide) > RUNS:
            walk(code, [(code.address(dx, c * maps.plane), replace(maps, channels=1))], zero)
            return
        for run in high:
            clear(c, run, range(maps.width))
        for run in wide:
            clear(c, range(maps.height), run)

    return channel


def apart(rows: Taps, columns: Taps) -> bool:
    """Return whether no place belongs to two windows."""
    return rows.disjoint and columns.disjoint

"""Pools in sample lanes. No winner is kept: the way back finds it again, where a place equals its window's largest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .elementwise import Activation
from .places import along, walk
from .taps import Read, Taps, fold, straight, taps_of, visit

__all__ = ["AvgPoolBackward", "AvgPoolForward", "MaxPoolBackward", "MaxPoolForward", "Taps", "taps_of"]

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
        """Write a loop over channels around the loops over outputs."""
        x, y = pointers

        def channel(c: Number) -> None:
            def output(row: Read, column: Read) -> None:
                window = code.address(x, self.x.at(c, row.start, column.start))

                def place(i: Number, j: Number) -> Value:
                    return code.load(window, i * (self.rows.step * self.x.row) + j * self.columns.step)

                places = straight(row, column)
                if places is None:

                    def turn(i: Number, j: Number, most: Value) -> Value:
                        return _largest(code, [most, place(i, j)])

                    most = fold(code, row, column, turn, code.splat(float("-inf")))
                else:
                    most = _largest(code, [place(i, j) for i, j in places])
                code.store(most, y, self.y.at(c, row.output, column.output))

            visit(code, self.rows, self.columns, output)

        code.loop(self.x.channels, channel)


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
        """Write a loop over channels around the loops over outputs."""
        x, y, dy, dx = pointers
        clear, adds = _clearing(code, self.dx, dx, self.rows, self.columns, self.add)

        def channel(c: Number) -> None:
            clear(c)

            def output(row: Read, column: Read) -> None:
                window = code.address(x, self.x.at(c, row.start, column.start))
                gradients = code.address(dx, self.dx.at(c, row.start, column.start))
                most = code.load(y, self.y.at(c, row.output, column.output))
                gradient = code.load(dy, self.dy.at(c, row.output, column.output))
                if self.relu:
                    gradient = gradient * Activation("relu").slope(code, most)

                def turn(i: Number, j: Number, left: Value) -> Value:
                    """Give what is left of the gradient, all or nothing, to one place."""
                    value = code.load(window, i * (self.rows.step * self.x.row) + j * self.columns.step)
                    wins = code.compare("oeq", value, most) | code.compare("uno", value, value)
                    given = code.select(wins, left, 0.0)
                    place = code.address(gradients, i * (self.rows.step * self.dx.row) + j * self.columns.step)
                    code.store(code.load(place) + given if adds else given, place)
                    return code.select(wins, 0.0, left)

                fold(code, row, column, turn, gradient)

            visit(code, self.rows, self.columns, output)

        code.loop(self.x.channels, channel)


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
        """Write a loop over channels around the loops over outputs."""
        x, y = pointers
        divide = _divisor(code, self.row_divisors, self.column_divisors)

        def channel(c: Number) -> None:
            def output(row: Read, column: Read) -> None:
                window = code.address(x, self.x.at(c, row.start, column.start))

                def turn(i: Number, j: Number, total: Value) -> Value:
                    return total + code.load(window, i * (self.rows.step * self.x.row) + j * self.columns.step)

                total = divide(fold(code, row, column, turn, code.zero()), row, column)
                code.store(total, y, self.y.at(c, row.output, column.output))

            visit(code, self.rows, self.columns, output)

        code.loop(self.x.channels, channel)


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
        """Write a loop over channels around the loops over outputs."""
        dy, dx = pointers
        divide = _divisor(code, self.row_divisors, self.column_divisors)
        clear, adds = _clearing(code, self.dx, dx, self.rows, self.columns, self.add)

        def channel(c: Number) -> None:
            clear(c)

            def output(row: Read, column: Read) -> None:
                gradients = code.address(dx, self.dx.at(c, row.start, column.start))
                share = divide(code.load(dy, self.dy.at(c, row.output, column.output)), row, column)

                def turn(i: Number, j: Number) -> Any:
                    place = code.address(gradients, i * (self.rows.step * self.dx.row) + j * self.columns.step)
                    code.store(code.load(place) + share if adds else share, place)

                fold(code, row, column, turn)

            visit(code, self.rows, self.columns, output)

        code.loop(self.dx.channels, channel)


def _largest(code: Code, values: list[Value]) -> Value:
    """Return the largest of each lane, NaN where there is one."""
    if code.target.name == "neon":
        most = values[0]
        for value in values[1:]:
            most = code.call("maximum", most, value)
        return most
    # x86's own maximum drops a NaN on one of its sides. One comparison looks for NaN in two values at once.
    most, strange = values[0], None
    for value in values[1:]:
        most = code.select(code.compare("ogt", most, value), most, value)
    for a, b in zip(values[::2], [*values[1::2], values[0]], strict=False):
        here = code.compare("uno", a, b)
        strange = here if strange is None else strange | here
    assert strange is not None
    return code.select(strange, float("nan"), most)


def _divisor(code: Code, rows: tuple[int, ...], columns: tuple[int, ...]) -> Callable[[Value, Read, Read], Value]:
    """Return what writes the division for an output: by a constant where all have one divisor, else from tables."""
    if len({*rows}) == len({*columns}) == 1:
        divisor = rows[0] * columns[0]
        if divisor & (divisor - 1) == 0:  # the reciprocal of a power of two is exact
            return lambda value, row, column: value * code.splat(1 / divisor)
        return lambda value, row, column: value / code.splat(divisor)
    tables = code.table(list(rows), "float"), code.table(list(columns), "float")

    def divide(value: Value, row: Read, column: Read) -> Value:
        by = code.load(tables[0], row.output, of="float") * code.load(tables[1], column.output, of="float")
        return value / code.spread(by)

    return divide


def _clearing(
    code: Code, maps: Maps, dx: Value, rows: Taps, columns: Taps, add: bool
) -> tuple[Callable[[Number], None], bool]:
    """Return what clears the places of a channel that need it before a pool's gradient comes, and whether it is added.

    Where no place belongs to two windows, each is written once, and only what no window holds is cleared.
    """
    disjoint = rows.disjoint and columns.disjoint
    high, wide = _runs(rows.missed(maps.height)), _runs(columns.missed(maps.width))
    one = replace(maps, channels=1)

    def clear(c: Number, rows: tuple[int, int], columns: tuple[int, int]) -> None:
        def row(y: Number) -> None:
            start = code.address(dx, maps.at(c, y, columns[0]))
            along(code, columns[1] - columns[0], lambda x: code.store(code.zero(), start, x))

        code.loop(rows[1], row, start=rows[0])

    def zero(place: Value) -> None:
        code.store(code.zero(), place)

    def channel(c: Number) -> None:
        if add:
            return
        if not disjoint or len(high) > RUNS or len(wide) > RUNS:
            walk(code, [(code.address(dx, c * maps.plane), one)], zero)
            return
        for run in high:
            clear(c, run, (0, maps.width))
        for run in wide:
            clear(c, (0, maps.height), run)

    return channel, add or not disjoint


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """Return the runs of neighbouring places, each from its first to behind its last."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place:
            found[-1] = found[-1][0], place + 1
        else:
            found.append((place, place + 1))
    return found

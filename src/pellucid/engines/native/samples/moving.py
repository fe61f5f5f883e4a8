"""Numbers that only change their places, in sample lanes: where each comes from is a sum of what its axes say.

Whether a layer slices, pads, permutes or shuffles, the place that a number of its output copies is one number for its
channel, one for its row and one for its column, added up. So all of them are one kernel, and one for the way back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .places import AT_ONCE, along

Places = NDArray[np.integer[Any]]
Table = tuple[int | None, ...]  # vectors from the source's beginning; None: a constant stands there
MOST = 3  # runs of an axis that have a loop of their own; more of them are read from a table


@dataclass(frozen=True)
class Tables:
    """What each channel, row and column of an output adds to the place of its source.

    Args:
        channels, rows, columns: a number for each, or None where the output is a constant.
    """

    channels: Table
    rows: Table
    columns: Table


@dataclass(frozen=True)
class Gather(Kernel):
    """y = the vectors of x at the places that the tables add up to, and a constant where one of them has none.

    Args:
        tables: where each vector comes from.
        y: the layout.
        value: the constant.
        add: add to y.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    tables: Tables
    y: Maps
    value: float = 0.0
    add: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops."""
        x, y = pointers
        constant = code.splat(self.value)

        def place(source: Number | None, to: Number) -> None:
            number = constant if source is None else code.load(x, source)
            code.store(code.load(y, to) + number if self.add else number, y, to)

        each_place(code, self.tables, self.y, place)


@dataclass(frozen=True)
class Scatter(Kernel):
    """Bring each gradient back to where its number came from: the adjoint of `Gather`.

    Args:
        tables: where each vector came from, in dx.
        dy: the layout.
        add: add to what is there; without it no place may have two copies.
    """

    arguments: ClassVar[tuple[str, ...]] = ("dy", "dx")
    tables: Tables
    dy: Maps
    add: bool

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops."""
        dy, dx = pointers

        def place(source: Number | None, at: Number) -> None:
            if source is not None:
                gradient = code.load(dy, at)
                code.store(code.load(dx, source) + gradient if self.add else gradient, dx, source)

        each_place(code, self.tables, self.dy, place)


def tables_of(places: Places, offsets: Places) -> Tables:
    """Return an output's tables.

    Args:
        places: (channels, rows, columns) the number of the source of each output; below 0: a constant.
        offsets: by such a number, where it lies.

    >>> tables_of(np.array([[[-1, 0, 1], [-1, 2, 3]]]), np.array([0, 1, 10, 11]))
    Tables(channels=(0,), rows=(0, 10), columns=(None, 0, 1))
    """
    constant = places < 0
    lie = offsets[np.where(constant, 0, places)]
    first = tuple(np.argwhere(~constant)[0])
    tables: list[Table] = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        line: Places = np.moveaxis(lie, axis, 0)[:, *(first[other] for other in others)]
        start = 0 if axis == 2 else lie[first]  # the last axis carries what all begin with
        empty: list[bool] = np.asarray(constant.all(axis=others)).tolist()
        numbers: list[int] = (line - start).tolist()
        tables.append(tuple(None if none else at for at, none in zip(numbers, empty, strict=True)))
    found = Tables(*tables)
    assert np.array_equal(_told(found, lie), np.where(constant, -1, lie)), "each axis has a say of its own"
    return found


def _told(tables: Tables, like: Places) -> Places:
    """Return the places that tables add up to, -1 where there is none."""
    total, missing = np.zeros(like.shape, np.int64), np.zeros(like.shape, np.bool_)
    for axis, table in enumerate((tables.channels, tables.rows, tables.columns)):
        shape = [-1 if k == axis else 1 for k in range(3)]
        total = total + np.array([at or 0 for at in table]).reshape(shape)
        missing = missing | np.array([at is None for at in table]).reshape(shape)
    return np.where(missing, -1, total)


def each_place(code: Code, tables: Tables, y: Maps, body: Callable[[Number | None, Number], Any]) -> None:
    """Write loops over all places of an output.

    Args:
        code: where to write.
        tables: where each comes from.
        y: its layout.
        body: called with the number of the source's vector, or None, and with that of the output's.
    """

    def channel(c: Number, from_channel: Number | None) -> None:
        def row(r: Number, from_row: Number | None) -> None:
            start, begin = y.at(c, r), _sum(from_channel, from_row)

            def column(q: Number, from_column: Number | None) -> None:
                body(_sum(begin, from_column), q + start)

            _each(code, tables.columns, column, AT_ONCE)

        _each(code, tables.rows, row)

    _each(code, tables.channels, channel)


def _sum(a: Number | None, b: Number | None) -> Number | None:
    if a is None or b is None:
        return None
    return b + a if isinstance(b, Value) else a + b


def _each(code: Code, table: Table, body: Callable[[Number, Number | None], None], at_once: int = 1) -> None:
    """Write loops over an axis: one for each run that is told by its first number and a step, or one over a table."""
    for first, stop in _segments(table):
        numbers = table[first:stop]
        runs = _runs(numbers)
        if len(runs) > MOST and None not in numbers:
            at = code.table([number or 0 for number in numbers])

            def looked_up(k: Number, at: Value = at, first: int = first) -> None:
                body(k + first, code.load(at, k, of="i64"))

            along(code, stop - first, looked_up, at_once)
            continue
        for begin, count in runs:
            start, step = numbers[begin], _step(numbers[begin : begin + count])

            def reckoned(k: Number, begin: int = begin + first, start: int | None = start, step: int = step) -> None:
                body(k + begin, None if start is None else k * step + start)

            along(code, count, reckoned, at_once)


def _segments(table: Table) -> list[tuple[int, int]]:
    """Return (first, stop) of the parts of a table that are all numbers or all constants.

    >>> _segments((None, None, 3, 4, None))
    [(0, 2), (2, 4), (4, 5)]
    """
    cuts = [k for k in range(1, len(table)) if (table[k] is None) != (table[k - 1] is None)]
    return list(zip([0, *cuts], [*cuts, len(table)], strict=True))


def _runs(numbers: Table) -> list[tuple[int, int]]:
    """Return (first, count) of the runs of numbers that grow by the same step.

    >>> _runs((2, 1, 0, 1, 2, 3)), _runs((None, None))
    ([(0, 3), (3, 3)], [(0, 2)])
    """
    runs: list[tuple[int, int]] = []
    first = 0
    for k in range(2, len(numbers) + 1):
        if k == len(numbers) or (k - first > 1 and _step(numbers[k - 1 : k + 1]) != _step(numbers[first : first + 2])):
            runs.append((first, k - first))
            first = k
    return [*runs, (first, len(numbers) - first)] if first < len(numbers) else runs


def _step(numbers: Table) -> int:
    if len(numbers) < 2 or numbers[0] is None or numbers[1] is None:
        return 0
    return numbers[1] - numbers[0]

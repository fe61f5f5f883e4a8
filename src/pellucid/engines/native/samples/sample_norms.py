"""Normalisation by a sample's own numbers in sample lanes: every lane has a mean and a deviation of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .sums import each_place, plain, squares, sums_of

Values = list[tuple[Value, Maps]]  # where each value starts, and its layout


@dataclass(frozen=True)
class Cell:
    """Numbers that are normalised together: the channels from the first on, in a row and a column, or in all of them.

    Args:
        number: which cell.
        channel, row, column: where it begins.
    """

    number: Number
    channel: Number
    row: Number
    column: Number


@dataclass(frozen=True)
class Cells:
    """How maps fall into cells.

    Args:
        groups: runs of neighbouring channels; they divide the channels.
        rows, columns: a cell has all of them; without it, each is a cell.

    >>> places, maps = Cells(1, rows=False, columns=False), Maps(5, 2, 3)
    >>> places.count(maps), places.size(maps)
    (6, 5)
    """

    groups: int
    rows: bool = True
    columns: bool = True

    def count(self, maps: Maps) -> int:
        """Return how many cells there are."""
        return self.groups * (1 if self.rows else maps.height) * (1 if self.columns else maps.width)

    def size(self, maps: Maps) -> int:
        """Return how many numbers a cell has."""
        return maps.channels * maps.height * maps.width // self.count(maps)

    def each(self, code: Code, maps: Maps, body: Callable[[Cell], None]) -> None:
        """Write loops over all cells."""
        rows, columns = (1 if self.rows else maps.height), (1 if self.columns else maps.width)

        def group(g: Number) -> None:
            def row(r: Number) -> None:
                def column(q: Number) -> None:
                    number = (g * rows + r) * columns + q
                    body(Cell(number, g * (maps.channels // self.groups), r, q))

                code.loop(columns, column)

            code.loop(rows, row)

        code.loop(self.groups, group)

    def sums(self, code: Code, cell: Cell, values: Values, add: Callable[..., tuple[Value, ...]], kinds: int) -> Any:
        """Return sums over a cell: one, or a tuple.

        Args:
            code: where to write.
            cell: the cell.
            values: what is read.
            add: called with the sums so far and the address of each value's vector; returns the next sums.
            kinds: how many sums.
        """

        def channel(pieces: Values, *before: Value) -> tuple[Value, ...]:
            if pieces[0][1].height == pieces[0][1].width == 1:
                return add(before, *(address for address, _ in pieces))
            found = sums_of(code, 0, pieces, kinds, add)
            return tuple(sum + more for sum, more in zip(before, found, strict=True))

        return self._channels(code, cell, values, channel, *[code.zero()] * kinds)

    def places(self, code: Code, cell: Cell, values: Values, body: Callable[..., None]) -> None:
        """Call `body` with the address of each value's vector, for all numbers of a cell."""

        def channel(pieces: Values) -> None:
            each_place(code, 0, pieces, body)

        self._channels(code, cell, values, channel)

    def _channels(self, code: Code, cell: Cell, values: Values, body: Callable[..., Any], *carried: Value) -> Any:
        """Call `body` with a cell's piece of each value, channel by channel."""
        starts = [code.address(pointer, maps.at(cell.channel, cell.row, cell.column)) for pointer, maps in values]

        def channel(c: Number, *carried: Value) -> Any:
            pieces: Values = []
            for start, (_, maps) in zip(starts, values, strict=True):
                height, width = (maps.height if self.rows else 1), (maps.width if self.columns else 1)
                pieces.append((code.address(start, c * maps.plane), Maps(1, height, width, gap=maps.row - width)))
            return body(pieces, *carried)

        return code.loop(values[0][1].channels // self.groups, channel, *carried)


@dataclass(frozen=True)
class SampleNorm(Kernel):
    """y = (x - mean) / sqrt(variance + eps), each cell by its own mean and variance; y may be x.

    Args:
        cells: what is normalised together.
        x, y: the layouts.
        eps: the layer's.
        keeps: what each cell was divided by is kept, for the way back.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "deviation", "y")
    cells: Cells
    x: Maps
    y: Maps
    eps: float
    keeps: bool = False

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 2 + self.keeps

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write three passes over each cell: the mean, the squares around it, the quotients."""
        x, *kept, y = pointers
        size = float(self.cells.size(self.x))

        def cell(cell: Cell) -> None:
            read = [(x, self.x)]
            mean = self.cells.sums(code, cell, read, plain(code), 1) / size
            variance = self.cells.sums(code, cell, read, squares(code, mean), 1) / size
            deviation = code.call("sqrt", variance + self.eps)
            if kept:
                code.store(deviation, kept[0], cell.number)

            def quotient(x: Value, y: Value) -> None:
                code.store((code.load(x) - mean) / deviation, y)

            self.cells.places(code, cell, [*read, (y, self.y)], quotient)

        self.cells.each(code, self.x, cell)


@dataclass(frozen=True)
class SampleNormGradient(Kernel):
    """dx = (dy - the mean of dy - y * the mean of dy * y) / sqrt(variance + eps): mean and variance follow x too.

    Args:
        cells: what is normalised together.
        y: the layout of what the forward made.
        dy, dx: the layouts of the gradients.
        add: add to dx.
    """

    arguments: ClassVar[tuple[str, ...]] = ("y", "deviation", "dy", "dx")
    cells: Cells
    y: Maps
    dy: Maps
    dx: Maps
    add: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write two passes over each cell: the means, the gradients."""
        y, deviation, dy, dx = pointers
        size = float(self.cells.size(self.y))

        def products(sums: tuple[Value, ...], y: Value, dy: Value) -> tuple[Value, ...]:
            gradient = code.load(dy)
            return sums[0] + gradient, code.fma(gradient, code.load(y), sums[1])

        def cell(cell: Cell) -> None:
            read = [(y, self.y), (dy, self.dy)]
            shared, along = (sum / size for sum in self.cells.sums(code, cell, read, products, 2))
            width = code.load(deviation, cell.number)

            def gradient(y: Value, dy: Value, dx: Value) -> None:
                value = (code.load(dy) - (shared + code.load(y) * along)) / width
                code.store(code.load(dx) + value if self.add else value, dx)

            self.cells.places(code, cell, [*read, (dx, self.dx)], gradient)

        self.cells.each(code, self.y, cell)

"""The gradient of a convolution's weights: every weight sums a product over all places and samples.

The places go by in bands of rows that fit the caches, and in each band the weights in tiles.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from ..ir import Number, Value
from .tiles import LONG, Cut, best_cuts, cut, fits, several
from .transpose_sum import add_sums
from .weight_tile import Tap, Task, WeightTile

NEAR = 24 * 1024  # bytes of one tile's places in a band: they stay in the nearest cache
FAR = 512 * 1024  # bytes of all channels' places in a band: they stay in the next
FEW = 64  # places of a band below which the sums across lanes would weigh more than the products


class _Pointers(NamedTuple):
    """Where a tile's operands start."""

    x: Value
    dy: Value
    dweight: Value

    def moved(self, task: Task, x: Number = 0, dy: Number = 0, dweight: Number = 0) -> _Pointers:
        """Return them moved on, by vectors, vectors and floats."""
        code = task.code
        return _Pointers(
            code.address(self.x, x), code.address(self.dy, dy), code.address(self.dweight, dweight, of="float")
        )


class WeightGradient:
    """The gradient being written.

    Args:
        task: what is wanted.
        x, dy, dweight: pointers.
        dbias: a pointer; None: no bias.
    """

    def __init__(self, task: Task, x: Value, dy: Value, dweight: Value, dbias: Value | None) -> None:
        self.task, self.code, self.conv = task, task.code, task.conv
        self.pointers, self.dbias = _Pointers(x, dy, dweight), dbias
        self.inputs, self.outputs = self.conv.inputs // self.conv.groups, self.conv.outputs // self.conv.groups
        self.level, self.results, self.taps = self._tiles()
        self.band = self._band()
        self.tile = WeightTile(task, single=self.band == task.rows)
        self.apart = self.tile.inside is not None

    def _tiles(self) -> tuple[int, Cut, Cut]:
        """Return which axis of the taps is cut, and the cuts of the output channels and of it, for the least time.

        What is cut are the columns of a kernel (0), its rows (1) or input channels (2), so that a tile's weights of one
        output channel follow one another in memory.
        """
        rows, columns = self.conv.kernel
        best, least = (0, Cut(self.outputs, 1), Cut(columns, 1)), LONG
        for level, (size, unit, times) in enumerate(
            ((columns, 1, rows * self.inputs), (rows, columns, self.inputs), (self.inputs, rows * columns, 1))
        ):
            if fits(1, unit, self.code.target):
                time, results, taps = best_cuts(self.outputs, size, self.code.target, unit=unit)
                if time * times < least:
                    best, least = (level, results, taps), time * times
        return best

    def _band(self) -> int:
        """Return how many rows of the output make a band."""
        task, conv = self.task, self.conv
        vector = self.code.lanes * 4
        tile = self.results.tile * task.dy_row + task.x_row
        every = conv.outputs * task.dy_row + conv.inputs * task.x_row
        most = min(NEAR // (tile * vector), FAR // (every * vector))
        band = max(most, -(-FEW // task.width), 1)
        return -(-task.rows // -(-task.rows // band))

    def write(self) -> None:
        """Write the loops over bands of rows, and in each over groups and tiles of weights."""
        code, rows = self.code, self.task.rows

        def band(first: Number) -> None:
            stop = first + self.band
            if isinstance(stop, Value) and rows % self.band:
                stop = code.select(code.compare("ult", stop, rows), stop, rows)
            if self.dbias:
                self._bias(self.dbias, first, stop)

            def group(g: Number) -> None:
                self._group(g, first, stop)

            code.loop(self.conv.groups, group)

        code.loop(rows, band, step=self.band)

    def _bias(self, dbias: Value, first: Number, stop: Number) -> None:
        """Add a band's sums of the output's gradient to the bias's gradient."""
        code, dy, outputs = self.code, self.task.dy, self.conv.outputs

        def tile(o: Number, m: int) -> None:
            start = code.address(self.pointers.dy, dy.at(o))

            def row(r: Number, *sums: Value) -> tuple[Value, ...]:
                row_start = code.address(start, r * self.task.dy_row)

                def place(c: Number, *sums: Value) -> tuple[Value, ...]:
                    here = code.address(row_start, c)
                    return tuple(code.load(here, j * dy.plane) + sums[j] for j in range(m))

                return several(code.loop(self.task.width, place, *sums))

            sums = several(code.loop(stop, row, *[code.zero()] * m, start=first))
            add_sums(code, code.address(dbias, o, of="float"), list(enumerate(sums)))

        cut(code, Cut(outputs, min(code.lanes, code.target.registers // 2, outputs)), tile)

    def _group(self, g: Number, first: Number, stop: Number) -> None:
        """Write the loops over the tiles of a group's weights, whose sums go over the rows from first to stop."""
        code, conv, task, inputs = self.code, self.conv, self.task, self.inputs
        rows, columns = conv.kernel
        step = inputs * conv.area
        start = task.x.at(g * inputs, -conv.padding[0][0], -conv.padding[1][0])
        group = self.pointers.moved(task, start, task.dy.at(g * self.outputs), g * (self.outputs * step))
        cuts = [Cut(columns, columns), Cut(rows, rows if self.level == 2 else 1), Cut(inputs, 1)]
        cuts[self.level] = self.taps

        def result(o: Number, m: int) -> None:
            of_result = group.moved(task, 0, o * task.dy.plane, o * step)

            def channel(i: Number, channels: int) -> None:
                of_channel = of_result.moved(task, i * task.x.plane, 0, i * conv.area)

                def row(a: Number, height: int) -> None:
                    of_row = of_channel.moved(task, a * task.down, 0, a * columns)

                    def column(b: Number, width: int) -> None:
                        boxed = [Tap(*tap) for tap in product(range(channels), range(height), range(width))]
                        origin = (a, b) if isinstance(a, int) and isinstance(b, int) else None
                        at = of_row.moved(task, b * task.right, 0, b)
                        sums = self.tile.sums(m, boxed, origin, at.x, at.dy, first, stop)
                        n = len(boxed)
                        placed = [(j * step + k, sums[j * n + k]) for j in range(m) for k in range(n)]
                        add_sums(code, at.dweight, placed)

                    cut(code, cuts[0], column, apart=self.apart)

                cut(code, cuts[1], row, apart=self.apart)

            cut(code, cuts[2], channel)

        cut(code, self.results, result)

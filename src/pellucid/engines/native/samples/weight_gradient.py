"""The gradient of a convolution's weights: every weight sums a product over all places and samples.

A tile of weights is a tile of accumulators, vectors over the samples, which stay in registers while the places of a
band of rows go by. Then a tree of shuffles and additions turns up to a vector's worth of accumulators into one vector
of their sums.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..ir import Code, Number, Value
from ..layout import Maps
from .geometry import ConvGeometry
from .products import add_products
from .tiles import Cut, best_cuts, cut, fits, several
from .transpose_sum import add_sums

NEAR = 24 * 1024  # bytes of one tile's places in a band: they stay in the nearest cache
FAR = 512 * 1024  # bytes of all channels' places in a band: they stay in the next
FEW = 64  # places of a band below which the sums across lanes would weigh more than the products
UNROLLED = 256  # products written out


@dataclass(frozen=True)
class Taps:
    """How the weights of one output channel are cut: runs of taps that follow one another in memory.

    Args:
        level: what is cut: 0 the columns of a kernel, 1 its rows, 2 input channels.
        cut: that axis in tiles.
    """

    level: int
    cut: Cut


class WeightGradient:
    """The gradient being written.

    Args:
        code: the program.
        x, dy: layouts.
        conv: the convolution.
        x_pointer, dy_pointer, dweight, dbias: what they point to; None: no bias.
    """

    def __init__(
        self,
        code: Code,
        x: Maps,
        dy: Maps,
        conv: ConvGeometry,
        x_pointer: Value,
        dy_pointer: Value,
        dweight: Value,
        dbias: Value | None,
    ) -> None:
        self.code, self.x, self.dy, self.conv = code, x, dy, conv
        self.x_pointer, self.dy_pointer, self.dweight, self.dbias = x_pointer, dy_pointer, dweight, dbias
        self.inputs, self.outputs = conv.inputs // conv.groups, conv.outputs // conv.groups
        self.rows, self.width = dy.height, dy.width
        if conv.area == 1 and conv.stride == (1, 1) and x.row == x.width == dy.width == dy.row:
            self.rows, self.width = 1, dy.height * dy.width
        self.results, self.taps = self._tiles()

    def _tiles(self) -> tuple[Cut, Taps]:
        """Return the cuts of the output channels and of the taps that take the least time."""
        rows, columns = self.conv.kernel
        best, least = None, math.inf
        for level, size, unit, times in (
            (0, columns, 1, rows * self.inputs),
            (1, rows, columns, self.inputs),
            (2, self.inputs, rows * columns, 1),
        ):
            if not fits(1, unit, self.code.target):
                continue
            time, results, taps = best_cuts(self.outputs, size, self.code.target, unit=unit)
            if time * times < least:
                best, least = (results, Taps(level, taps)), time * times
        assert best is not None
        return best

    def write(self) -> None:
        """Write the loops over bands of rows, and in each over groups and tiles of weights."""
        code, conv = self.code, self.conv
        band = self._band()

        def rows(first: Number) -> None:
            stop = first + band
            if isinstance(stop, Value) and self.rows % band:
                stop = code.select(code.compare("ult", stop, self.rows), stop, self.rows)
            if self.dbias:
                self._bias(first, stop)

            def group(g: Number) -> None:
                self._group(g, first, stop)

            code.loop(conv.groups, group)

        code.loop(self.rows, rows, step=band)

    def _band(self) -> int:
        """Return how many rows of the output make a band."""
        vector = self.code.lanes * 4
        tile = self.results.tile * self.dy.row + self.x.row * self.conv.stride[0]
        every = self.conv.outputs * self.dy.row + self.conv.inputs * self.x.row * self.conv.stride[0]
        most = min(NEAR // (tile * vector), FAR // (every * vector))
        band = max(most, -(-FEW // self.width), 1)
        return -(-self.rows // -(-self.rows // band))

    def _bias(self, first: Number, stop: Number) -> None:
        """Add a band's sums of the output's gradient to the bias's gradient."""
        code, dbias = self.code, self.dbias
        assert dbias is not None
        most = min(code.lanes, code.target.registers // 2)

        def tile(o: Number, m: int) -> None:
            start = code.address(self.dy_pointer, self.dy.at(o))
            at = code.address(dbias, o, of="float")

            def row(r: Number, *sums: Value) -> tuple[Value, ...]:
                row_start = code.address(start, r * self.dy.row)

                def place(c: Number, *sums: Value) -> tuple[Value, ...]:
                    here = code.address(row_start, c)
                    return tuple(code.load(here, j * self.dy.plane) + sums[j] for j in range(m))

                return several(code.loop(self.width, place, *sums))

            sums = several(code.loop(stop, row, *[code.zero()] * m, start=first))
            add_sums(code, at, list(enumerate(sums)))

        cut(code, Cut(self.conv.outputs, min(most, self.conv.outputs)), tile)

    def _group(self, g: Number, first: Number, stop: Number) -> None:
        """Write the loops over the tiles of a group's weights."""
        code, conv = self.code, self.conv
        step = self.inputs * conv.area
        x = code.address(self.x_pointer, self.x.at(g * self.inputs, -conv.padding[0][0], -conv.padding[1][0]))
        dy = code.address(self.dy_pointer, self.dy.at(g * self.outputs))
        dweight = code.address(self.dweight, g * (self.outputs * step), of="float")
        rows, columns = conv.kernel
        down, right = conv.dilation[0] * self.x.row, conv.dilation[1]

        def result(o: Number, m: int) -> None:
            dy_tile = code.address(dy, o * self.dy.plane)
            dw_tile = code.address(dweight, o * step, of="float")

            def inputs(i: Number, n: int) -> None:
                x_tile = code.address(x, i * self.x.plane)
                dw = code.address(dw_tile, i * conv.area, of="float")

                def row(a: Number, n: int) -> None:
                    x_row = code.address(x_tile, a * down)
                    dw_row = code.address(dw, a * columns, of="float")
                    if self.taps.level == 0:

                        def column(b: Number, n: int) -> None:
                            offsets = [k * right for k in range(n)]
                            place = code.address(x_row, b * right)
                            at = code.address(dw_row, b, of="float")
                            self._tile(m, offsets, place, dy_tile, at, first, stop)

                        cut(code, self.taps.cut, column)
                    else:
                        offsets = [a * down + b * right for a in range(n) for b in range(columns)]
                        self._tile(m, offsets, x_row, dy_tile, dw_row, first, stop)

                if self.taps.level == 2:
                    places = [(i, a, b) for i in range(n) for a in range(rows) for b in range(columns)]
                    offsets = [i * self.x.plane + a * down + b * right for i, a, b in places]
                    self._tile(m, offsets, x_tile, dy_tile, dw, first, stop)
                else:
                    cut(code, self.taps.cut if self.taps.level == 1 else Cut(rows, 1), row)

            cut(code, self.taps.cut if self.taps.level == 2 else Cut(self.inputs, 1), inputs)

        cut(code, self.results, result)

    def _tile(
        self, m: int, offsets: list[int], x: Value, dy: Value, dweight: Value, first: Number, stop: Number
    ) -> None:
        """Write one tile: m output channels by the taps whose places are `offsets` away from x, over a band."""
        code, conv, n = self.code, self.conv, len(offsets)
        down, right = conv.stride[0] * self.x.row, conv.stride[1]

        def products(x: Value, dy: Value, at: int, sums: tuple[Value, ...]) -> tuple[Value, ...]:
            def gradient(j: int) -> Value:
                return code.load(dy, j * self.dy.plane + at, fresh=True)

            def read(k: int) -> Value:
                return code.load(x, offsets[k] + at * right, fresh=True)

            return add_products(code, sums, m, n, gradient, read)

        def row(r: Number, *sums: Value) -> tuple[Value, ...]:
            x_row, dy_row = code.address(x, r * down), code.address(dy, r * self.dy.row)
            if self.width * m * n <= UNROLLED:
                for c in range(self.width):
                    sums = products(x_row, dy_row, c, sums)
                return sums

            def place(c: Number, *sums: Value) -> tuple[Value, ...]:
                return products(code.address(x_row, c * right), code.address(dy_row, c), 0, sums)

            return several(code.loop(self.width, place, *sums))

        sums = several(code.loop(stop, row, *[code.zero()] * (m * n), start=first))
        step = self.inputs * conv.area
        add_sums(code, dweight, [(j * step + k, sums[j * n + k]) for j in range(m) for k in range(n)])

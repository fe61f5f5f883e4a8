"""Maps in strips: a row falls into tiles of 6 places, whose transforms are the points of Winograd's F(4, 3) or F(2, 5).

Only rows are transformed, so between points a convolution of 5 x 5 is six of 5 x 1, which the direct kernels make: as
one, in six times as many groups of channels. That takes 6 products instead of 12 or 10, and transforms which cost so
little that a few channels suffice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..ir import Code, Number, Value
from ..layout import Maps
from ..transforms import BY_TAPS, REACH, Matrix, apply, transposed
from .geometry import ConvGeometry

WRITTEN = 8  # tiles of a row that are written out, without a loop


@dataclass(frozen=True)
class Strips:
    """How the rows of a convolution's output fall into tiles.

    Args:
        geometry: the convolution; its kernel has 3 or 5 columns, which are neighbours.
        width: columns of the output.

    >>> Strips(ConvGeometry(6, 16, (5, 5)), 9).tiles
    5
    """

    geometry: ConvGeometry
    width: int

    @property
    def taps(self) -> int:
        """Columns of a kernel."""
        return self.geometry.kernel[1]

    @property
    def size(self) -> int:
        """Outputs of a tile."""
        return REACH + 1 - self.taps

    @property
    def tiles(self) -> int:
        """Tiles of a row; the last one may reach over the edge."""
        return -(-self.width // self.size)

    @property
    def matrices(self) -> tuple[Matrix, Matrix, Matrix]:
        """The transforms of inputs, weights and outputs."""
        return BY_TAPS[self.taps]

    @property
    def kernels(self) -> int:
        """Rows of weights in all kernels."""
        conv = self.geometry
        return conv.outputs * (conv.inputs // conv.groups) * conv.kernel[0]

    @property
    def between(self) -> ConvGeometry:
        """The convolution between points."""
        conv = self.geometry
        return ConvGeometry(
            REACH * conv.inputs,
            REACH * conv.outputs,
            (conv.kernel[0], 1),
            (conv.stride[0], 1),
            (conv.dilation[0], 1),
            (conv.padding[0], (0, 0)),
            REACH * conv.groups,
        )

    def points(self, maps: Maps, top: int = 0, bottom: int = 0) -> Maps:
        """Return the layout of the points of maps, with a halo of rows: all channels for each point."""
        return Maps(REACH * maps.channels, maps.height, self.tiles, top, bottom)

    def each(self, code: Code, body: Callable[[Number, int], None]) -> None:
        """Write what is done to each tile of a row: `body` takes its number, and its outputs."""
        whole, rest = divmod(self.width, self.size)
        if whole <= WRITTEN:
            for tile in range(whole):
                body(tile, self.size)
        else:

            def further(tile: Number) -> None:
                body(tile, self.size)

            code.loop(whole, further)
        if rest:
            body(whole, rest)


def each_row(code: Code, maps: Maps, body: Callable[[Number, Number], None], top: int = 0, bottom: int = 0) -> None:
    """Write a loop over channels and rows, and some rows of the halo."""

    def channel(c: Number) -> None:
        def row(r: Number) -> None:
            body(c, r)

        code.loop(maps.height + bottom, row, start=-top)

    code.loop(maps.channels, channel)


def write_inputs(code: Code, strips: Strips, maps: Maps, x: Value, made: Maps, v: Value) -> None:
    """Write the way from a convolution's input to points.

    Args:
        code: where to write.
        strips: the convolution.
        maps: the input's layout, whose halo holds the padding.
        x: pointer to it.
        made: the points' layout; the rows of its halo are made too.
        v: pointer to it.
    """
    matrix, _, _ = strips.matrices
    left = strips.geometry.padding[1][0]

    def row(c: Number, r: Number) -> None:
        start, place = code.address(x, maps.at(c, r, -left)), code.address(v, made.at(c, r))

        def tile(t: Number, n: int) -> None:
            first, reach = t * strips.size, n + strips.taps - 1
            values = [code.load(start, first + k) if k < reach else None for k in range(REACH)]
            for p, value in enumerate(apply(code, matrix, values)):
                code.store(value, place, t + p * maps.channels * made.plane)

        strips.each(code, tile)

    each_row(code, maps, row, made.top, made.bottom)


def write_gradients(code: Code, strips: Strips, maps: Maps, dy: Value, made: Maps, v: Value) -> None:
    """Write the way from the gradient of a convolution's output to points; the arguments are like those of the input's.

    The rows of the points' halo are left alone.
    """
    matrix = transposed(strips.matrices[2])

    def row(c: Number, r: Number) -> None:
        start, place = code.address(dy, maps.at(c, r)), code.address(v, made.at(c, r))

        def tile(t: Number, n: int) -> None:
            first = t * strips.size
            values = [code.load(start, first + k) if k < n else None for k in range(strips.size)]
            for p, value in enumerate(apply(code, matrix, values)):
                code.store(value, place, t + p * maps.channels * made.plane)

        strips.each(code, tile)

    each_row(code, maps, row)


def points_of(code: Code, maps: Maps, m: Value, channels: int, tile: Number) -> list[Value]:
    """Return the points of a tile, of a row of a channel at m."""
    return [code.load(m, tile + p * channels * maps.plane) for p in range(REACH)]

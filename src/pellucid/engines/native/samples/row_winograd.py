"""Convolutions by Winograd's transforms along rows, and the gradient of their input, in sample lanes.

The gradient is the adjoint, step by step, so it takes the same transformed weights; and it needs no zeros around the
output's gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from ..machine import Target
from ..transforms import apply, transposed
from .borders import Border
from .convolution import ConvForward, ConvInputGradient, padding_halo
from .correlate import skips_rows
from .elementwise import Activation
from .geometry import ConvGeometry, gradient_axes, gradient_halo
from .row_weights import RowWinogradWeightGradient, RowWinogradWeights
from .strips import WRITTEN, Strips, each_row, points_of, write_gradients, write_inputs

__all__ = ["RowWinogradForward", "RowWinogradInputGradient", "RowWinogradWeightGradient", "RowWinogradWeights"]


@dataclass(frozen=True)
class RowWinogradForward(Kernel):
    """y = activation(convolution of x + bias), for kernels of 3 or 5 columns without stride or dilation along rows.

    Args:
        x: the input's layout; its halo holds the padding.
        y: the output's layout.
        geometry: the convolution.
        bias: there is a bias.
        activation: what is done to the sums.
        zeros: the padding is zeros, so that products with it may be left out.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "u", "bias", "y", "scratch")
    x: Maps
    y: Maps
    geometry: ConvGeometry
    bias: bool
    activation: Activation | None
    zeros: bool

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 5 if self.bias else 4

    def scratch(self, target: Target) -> int:
        """Return how many vectors of scratch it needs."""
        _, v, m = self._layouts()
        return v.size + m.size

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the transform of all inputs, the convolution between points, and the transform of all outputs."""
        x, u, *bias, y, scratch = pointers
        strips, v, m = self._layouts()
        sums = code.address(scratch, v.size)
        write_inputs(code, strips, self.x, x, v, scratch)
        ConvForward(v, m, strips.between, False, None, self.zeros).write(code, item, scratch, u, sums)

        def row(c: Number, r: Number) -> None:
            start, place = code.address(sums, m.at(c, r)), code.address(y, self.y.at(c, r))
            offset = code.broadcast(bias[0], c) if bias else None

            def tile(t: Number, n: int) -> None:
                values = apply(code, strips.matrices[2], points_of(code, m, start, self.y.channels, t))
                for k, value in enumerate(values[:n]):
                    value = value if offset is None else value + offset
                    value = self.activation.apply(code, value) if self.activation else value
                    code.store(value, place, t * strips.size + k)

            strips.each(code, tile)

        each_row(code, self.y, row)

    def _layouts(self) -> tuple[Strips, Maps, Maps]:
        """Return the tiles, and the layouts of points before and after the products."""
        strips = Strips(self.geometry, self.y.width)
        top, bottom, _, _ = padding_halo(self.geometry, self.x, self.y)
        return strips, strips.points(self.x, top, bottom), strips.points(self.y)


@dataclass(frozen=True)
class RowWinogradInputGradient(Kernel):
    """dx = the gradient of such a convolution by its input.

    Args:
        dy: the layout of the output's gradient.
        dx: the layout of the input's gradient.
        geometry: the convolution.
        add: add to dx.
    """

    arguments: ClassVar[tuple[str, ...]] = ("dy", "u", "dx", "scratch")
    dy: Maps
    dx: Maps
    geometry: ConvGeometry
    add: bool

    def scratch(self, target: Target) -> int:
        """Return how many vectors of scratch it needs."""
        _, v, m = self._layouts()
        return v.size + m.size

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the transform of all gradients, the products, and the way back to the input."""
        dy, u, dx, scratch = pointers
        strips, v, m = self._layouts()
        sums = code.address(scratch, v.size)
        write_gradients(code, strips, self.dy, dy, v, scratch)
        if not all(skips_rows(rows, v.height) for rows in gradient_axes(strips.between, 0, m.height)):
            Border(v, "zeros").write(code, item, scratch)
        ConvInputGradient(v, m, strips.between).write(code, item, scratch, u, sums)

        def row(c: Number, r: Number) -> None:
            self._write_row(code, strips, m, code.address(sums, m.at(c, r)), code.address(dx, self.dx.at(c, r)))

        each_row(code, self.dx, row)

    def _layouts(self) -> tuple[Strips, Maps, Maps]:
        """Return the tiles, and the layouts of points before and after the products."""
        strips = Strips(self.geometry, self.dy.width)
        top, bottom, _, _ = gradient_halo(self.geometry, *_size(self.dx), *_size(self.dy))
        return strips, strips.points(self.dy, top, bottom), strips.points(self.dx)

    def _write_row(self, code: Code, strips: Strips, m: Maps, start: Value, place: Value) -> None:
        """Write a row: what a tile gives beyond its own columns is carried to the next."""
        matrix = transposed(strips.matrices[0])
        size, over, left, width = strips.size, strips.taps - 1, self.geometry.padding[1][0], self.dx.width

        def store(value: Value, column: Number) -> None:
            if isinstance(column, Value) or 0 <= column < width:
                code.store(code.load(place, column) + value if self.add else value, place, column)

        def tile(t: Number, *carried: Value) -> tuple[Value, ...]:
            values = apply(code, matrix, points_of(code, m, start, self.dx.channels, t))
            sums = [*(a + b for a, b in zip(carried, values, strict=False)), *values[over:]]
            for k in range(size):
                store(sums[k], t * size + (k - left))
            return tuple(sums[size:])

        first, stop = -(-left // size), (width + left) // size  # tiles whose own columns are all in the map
        if strips.tiles <= WRITTEN or stop <= first:
            first = stop = strips.tiles
        carried = (code.zero(),) * over
        for t in range(first):
            carried = tile(t, *carried)
        stop = min(stop, strips.tiles)
        if first < stop:
            carried = code.loop(stop, tile, *carried, start=first)
        for t in range(stop, strips.tiles):
            carried = tile(t, *carried)
        for k, value in enumerate(carried):
            store(value, strips.tiles * size + k - left)


def _size(maps: Maps) -> tuple[int, int]:
    return maps.height, maps.width

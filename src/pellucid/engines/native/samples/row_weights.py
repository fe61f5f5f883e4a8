"""The weights of Winograd's convolution along rows, transformed, and their gradient, transformed back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from ..machine import Target
from ..transforms import REACH, apply, transposed
from .convolution import ConvWeightGradient, padding_halo
from .geometry import ConvGeometry
from .strips import Strips, write_gradients, write_inputs
from .winograd_gradient import add_bias


@dataclass(frozen=True)
class RowWinogradWeights(Kernel):
    """u = the transformed weights: (points, outputs, inputs of a group, rows of a kernel).

    Args:
        geometry: the convolution.
    """

    arguments: ClassVar[tuple[str, ...]] = ("weight", "u")
    geometry: ConvGeometry

    @property
    def items(self) -> int:
        """Number of items."""
        return 1

    @property
    def size(self) -> int:
        """Floats of u."""
        return REACH * Strips(self.geometry, 1).kernels

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a loop over vectors of rows of kernels."""
        weight, u = pointers
        strips = Strips(self.geometry, 1)
        kernels, taps, lanes = strips.kernels, strips.taps, code.lanes

        def rows(n: Number, count: int) -> None:
            start, place = code.address(weight, n * taps, of="float"), code.address(u, n, of="float")
            values = [_gathered(code, start, taps, tap, count) for tap in range(taps)]
            for p, value in enumerate(apply(code, strips.matrices[1], values)):
                point = code.address(place, p * kernels, of="float")
                if count == lanes:
                    code.store(value, point, align=4)
                else:
                    for lane in range(count):
                        code.store(code.lane(value, lane), point, lane)

        def full(n: Number) -> None:
            rows(n, lanes)

        whole = kernels // lanes * lanes
        code.loop(whole, full, step=lanes)
        if whole < kernels:
            rows(whole, kernels - whole)


@dataclass(frozen=True)
class RowWinogradWeightGradient(Kernel):
    """Add a block's gradient of the weights and the bias, for such convolutions.

    Args:
        x: the input's layout; its halo holds the padding.
        dy: the layout of the output's gradient.
        geometry: the convolution.
        bias: there is a bias.
        zeros: the padding is zeros, so that products with it may be left out.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "dy", "dweight", "dbias", "scratch")
    x: Maps
    dy: Maps
    geometry: ConvGeometry
    bias: bool
    zeros: bool

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 5 if self.bias else 4

    def scratch(self, target: Target) -> int:
        """Return how many vectors of scratch it needs."""
        strips, v, m = self._layouts()
        return v.size + m.size + strips.taps + self._sums(target.lanes)

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the transforms of inputs and gradients, the gradient between points, and the way back to weights."""
        x, dy, dweight, *dbias, scratch = pointers
        strips, v, m = self._layouts()
        gradients = code.address(scratch, v.size)
        staging = code.address(gradients, m.size)
        sums = code.address(staging, strips.taps)
        if dbias:
            add_bias(code, self.dy, dy, dbias[0])
        write_inputs(code, strips, self.x, x, v, scratch)
        write_gradients(code, strips, self.dy, dy, m, gradients)

        def clear(n: Number) -> None:
            code.store(code.zero(), sums, n)

        code.loop(self._sums(code.lanes), clear)
        between = ConvWeightGradient(v, m, strips.between, False, self.zeros)
        between.write(code, item, scratch, gradients, sums)
        _finish(code, strips, sums, staging, dweight)

    def _layouts(self) -> tuple[Strips, Maps, Maps]:
        """Return the tiles, and the layouts of the points of inputs and gradients."""
        strips = Strips(self.geometry, self.dy.width)
        top, bottom, _, _ = padding_halo(self.geometry, self.x, self.dy)
        return strips, strips.points(self.x, top, bottom), strips.points(self.dy)

    def _sums(self, lanes: int) -> int:
        """Return the vectors of the gradient between points, and one more: the last that is read may begin in them."""
        return -(-RowWinogradWeights(self.geometry).size // lanes) + 1


def _gathered(code: Code, pointer: Value, step: int, offset: int, count: int) -> Value:
    """Return a vector of `count` floats that lie `step` apart, from `offset` on, and zeros."""
    vector = code.zero()
    for lane in range(count):
        number = code.load(pointer, lane * step + offset, of="float")
        vector = code.let(f"insertelement {vector.type} {vector}, float {number}, i64 {lane}", vector.type)
    return vector


def _finish(code: Code, strips: Strips, sums: Value, staging: Value, dweight: Value) -> None:
    """Write the way from sums of points to weights, and add them to what is there."""
    kernels, taps, lanes = strips.kernels, strips.taps, code.lanes
    matrix = transposed(strips.matrices[1])

    def rows(n: Number) -> None:
        start = code.address(sums, n, of="float")
        values = [code.load(code.address(start, p * kernels, of="float"), align=4) for p in range(REACH)]
        for tap, value in enumerate(apply(code, matrix, values)):
            code.store(value, staging, tap)
        place = code.address(dweight, n * taps, of="float")

        def row(k: Number) -> None:
            lane, here = code.address(staging, k, of="float"), code.address(place, k * taps, of="float")
            for tap in range(taps):
                total = code.load(here, tap, of="float") + code.load(lane, tap * lanes, of="float")
                code.store(total, here, tap)

        rest = code.constant(kernels, "i64") - n
        code.loop(lanes if kernels % lanes == 0 else code.call("smin", rest, code.constant(lanes, "i64")), row)

    code.loop(kernels, rows, step=lanes)

"""Convolutions by Winograd's F(4x4, 3x3) in sample lanes, a group of tiles at a time, so that the cache holds it.

A group's inputs are transformed into scratch; 36 products of matrices go from there to scratch again; and what comes
out is transformed back, with bias and activation on the way. The input's gradient is the same with rotated weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from ..machine import Target
from ..transforms import INPUT, OUTPUT, REACH, TAPS, TILE, transform
from .elementwise import Activation
from .geometry import ConvGeometry
from .winograd_cost import pays, weight_gradient_pays
from .winograd_gradient import WinogradWeightGradient
from .winograd_tiles import Tiling, by_edge, divided
from .winograd_weights import POINTS, ROWS, Filters, WinogradWeights

__all__ = [
    "WinogradForward",
    "WinogradInputGradient",
    "WinogradWeightGradient",
    "WinogradWeights",
    "pays",
    "weight_gradient_pays",
]


@dataclass(frozen=True)
class WinogradForward(Kernel):
    """y = activation(convolution of x + bias), for 3x3 kernels with stride and dilation 1 and one group.

    Args:
        x: the input's layout; its halo is at least the padding.
        y: the output's layout.
        geometry: the convolution.
        bias: there is a bias.
        activation: what is done to the sums.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "u", "bias", "y", "scratch")
    x: Maps
    y: Maps
    geometry: ConvGeometry
    bias: bool
    activation: Activation | None

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 5 if self.bias else 4

    def scratch(self, target: Target) -> int:
        """Return how many vectors of scratch it needs."""
        return self._tiling(target).scratch

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loop over groups."""
        x, u, *bias, y, scratch = pointers

        def finish(value: Value, place: Value, output: Number) -> None:
            value = value + code.broadcast(bias[0], output) if bias else value
            code.store(self.activation.apply(code, value) if self.activation else value, place)

        _groups(code, self._tiling(code.target), (x, u, y, scratch), finish)

    def _tiling(self, target: Target) -> Tiling:
        (top, _), (left, _) = self.geometry.padding
        return Tiling(self.x, self.y, top, left, target)


@dataclass(frozen=True)
class WinogradInputGradient(Kernel):
    """dx = the gradient of such a convolution by its input.

    Args:
        dy: the layout of the output's gradient; its halo is at least 2 - padding, and zero.
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
        return self._tiling(target).scratch

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loop over groups."""
        dy, u, dx, scratch = pointers

        def finish(value: Value, place: Value, output: Number) -> None:
            code.store(code.load(place) + value if self.add else value, place)

        _groups(code, self._tiling(code.target), (dy, u, dx, scratch), finish)

    def _tiling(self, target: Target) -> Tiling:
        (top, _), (left, _) = self.geometry.padding
        return Tiling(self.dy, self.dx, TAPS - 1 - top, TAPS - 1 - left, target)


Finish = Callable[[Value, Value, Number], None]


def _groups(code: Code, tiling: Tiling, pointers: tuple[Value, ...], finish: Finish) -> None:
    """Write the loop over groups of tiles."""
    x, u, y, v = pointers
    m = code.address(v, POINTS * tiling.v_pitch)

    def group(first: Number) -> None:
        rest = code.constant(tiling.tiles, "i64") - first
        count = code.call("smin", rest, code.constant(tiling.group, "i64"))
        code.loop(count, partial(_transform_input, code, tiling, x, v, first))
        _multiply(code, tiling, u, v, m, count)
        code.loop(count, partial(_transform_output, code, tiling, m, y, finish, first))

    code.loop(tiling.tiles, group, step=tiling.group)


def _transform_input(code: Code, tiling: Tiling, x: Value, v: Value, first: Number, t: Value) -> None:
    """Write a tile's inputs, of all channels, as points of v."""
    maps, side = tiling.x, tiling.side
    row, column = tiling.place(first, t)
    start = code.address(x, maps.at(0, row * TILE - tiling.top, column * TILE - tiling.left))
    turn, place = divided(t, side)
    destination = code.address(v, turn * (side * maps.channels) + place)

    def write(height: int, width: int) -> None:
        def channel(k: Number) -> None:
            source = code.address(start, k * maps.plane)
            place = code.address(destination, k * side)
            transform(
                code,
                INPUT,
                lambda y, x: code.load(source, y * maps.row + x) if y < height and x < width else None,
                lambda i, j, value: code.store(value, place, (i * REACH + j) * tiling.v_pitch),
            )

        code.loop(maps.channels, channel)

    by_edge(code, tiling, row, column, lambda height, width: write(height + TAPS - 1, width + TAPS - 1))


def _transform_output(code: Code, tiling: Tiling, m: Value, y: Value, finish: Finish, first: Number, t: Value) -> None:
    """Write a tile's outputs, of all channels, from the points of m."""
    maps, side = tiling.y, tiling.side
    row, column = tiling.place(first, t)
    start = code.address(y, maps.at(0, row * TILE, column * TILE))
    turn, place = divided(t, side)
    source = code.address(m, turn * (side * tiling.rows) + place)

    def write(height: int, width: int) -> None:
        def channel(k: Number) -> None:
            points = code.address(source, k * side)
            place = code.address(start, k * maps.plane)

            def store(i: int, j: int, value: Value) -> None:
                if i < height and j < width:
                    finish(value, code.address(place, i * maps.row + j), k)

            transform(code, OUTPUT, lambda y, x: code.load(points, (y * REACH + x) * tiling.m_pitch), store)

        code.loop(maps.channels, channel)

    by_edge(code, tiling, row, column, write)


def _multiply(code: Code, tiling: Tiling, u: Value, v: Value, m: Value, count: Value) -> None:
    """Write m = u * v for each of the points, by register tiles of ROWS channels and `side` tiles."""
    side, inputs = tiling.side, tiling.x.channels
    filters = Filters(inputs, tiling.y.channels)

    def point(p: Number) -> None:
        def part(start: Number, length: int) -> None:
            def tiles(t: Number) -> None:
                images = code.address(v, p * tiling.v_pitch + t * inputs + start * side)

                def block(b: Number) -> None:
                    place = code.address(m, p * tiling.m_pitch + t * tiling.rows + b * (ROWS * side))
                    weights = code.address(u, filters.at(p, start, length, b), of="float")

                    def channel(k: Number, *sums: Value) -> tuple[Value, ...]:
                        vectors = [code.load(images, k * side + s) for s in range(side)]
                        new: list[Value] = []
                        for r in range(ROWS):
                            weight = code.broadcast(weights, k * ROWS + r)
                            new += [code.fma(weight, vectors[s], sums[r * side + s]) for s in range(side)]
                        return tuple(new)

                    sums = code.loop(length, channel, *[code.zero()] * (ROWS * side))
                    for n, total in enumerate(sums):
                        first = isinstance(start, int) and start == 0
                        code.store(total if first else code.load(place, n) + total, place, n)

                code.loop(filters.blocks, block)

            code.loop(count, tiles, step=side)

        filters.parts(code, part)

    code.loop(POINTS, point)

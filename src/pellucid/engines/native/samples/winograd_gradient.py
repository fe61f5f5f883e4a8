"""The gradient of a 3x3 convolution's weights by Winograd's transforms: a quarter of the direct gradient's products.

Both the inputs and the output's gradient are transformed, tile by tile; for each of the 36 points, the products over
tiles and samples make a matrix of outputs by inputs, and those of a weight, transformed back, are its gradient. To make
this a plain product of matrices, the transformed inputs are turned, so that lanes are channels instead of samples.
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
from ..transforms import INPUT, OUTPUT, REACH, TAPS, TILE, WEIGHT, transform, transposed
from .geometry import ConvGeometry
from .square import transposed_square
from .transpose_sum import add_sums
from .winograd_room import GROUP, Room
from .winograd_tiles import Tiling, by_edge, divided
from .winograd_weights import POINTS


@dataclass(frozen=True)
class WinogradWeightGradient(Kernel):
    """Add a block's gradient of the weights and the bias, for 3x3 kernels with stride and dilation 1 and one group.

    Args:
        x: the input's layout; its halo is at least the padding.
        dy: the layout of the output's gradient.
        geometry: the convolution.
        bias: there is a bias.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "dy", "dweight", "dbias", "scratch")
    x: Maps
    dy: Maps
    geometry: ConvGeometry
    bias: bool

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 5 if self.bias else 4

    def scratch(self, target: Target) -> int:
        """Return how many vectors of scratch it needs."""
        return self._room(target).starts[-1]

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loop over groups of tiles, and the way back to weights."""
        x, dy, dweight, *dbias, scratch = pointers
        room = self._room(code.target)
        (top, _), (left, _) = self.geometry.padding
        tiling = Tiling(self.x, self.dy, top, left, code.target)
        zeros, sums, images, gradients, turned, _ = (code.address(scratch, start) for start in room.starts)
        multiply = partial(_multiply, code, room, turned, gradients, sums)
        if dbias:
            add_bias(code, self.dy, dy, dbias[0])
        for k in range(room.high * room.wide):
            code.store(code.zero(), zeros, k)

        def group(first: Number) -> None:
            rest = code.constant(tiling.tiles, "i64") - first
            count = code.call("smin", rest, code.constant(GROUP, "i64"))
            code.loop(count, partial(_transform_inputs, code, tiling, room, x, images, turned, first))
            code.loop(count, partial(_transform_gradients, code, tiling, room, dy, gradients, first))
            new = code.compare("eq", code.constant(first, "i64"), 0)

            def outputs(start: Number) -> None:
                multiply(start, count * code.lanes, lambda sums: code.select(new, zeros, sums))
                if tiling.tiles <= GROUP:
                    _finish(code, room, sums, images, dweight, start)

            code.loop(room.rows, outputs, step=room.at_once)

        code.loop(tiling.tiles, group, step=GROUP)
        if tiling.tiles > GROUP:
            _finish(code, room, sums, images, dweight, 0)

    def _room(self, target: Target) -> Room:
        tiles = -(-self.dy.height // TILE) * -(-self.dy.width // TILE)
        return Room(self.x.channels, self.dy.channels, tiles, target)


def add_bias(code: Code, maps: Maps, dy: Value, dbias: Value) -> None:
    """Write the sum of the output's gradient over places and samples."""

    def several(first: Number, count: int) -> None:
        start = code.address(dy, maps.at(first))

        def row(r: Number, *sums: Value) -> tuple[Value, ...]:
            def place(c: Number, *sums: Value) -> tuple[Value, ...]:
                here = code.address(start, r * maps.row + c)
                return tuple(total + code.load(here, k * maps.plane) for k, total in enumerate(sums))

            return _several(code.loop(maps.width, place, *sums))

        sums = _several(code.loop(maps.height, row, *[code.zero()] * count))
        add_sums(code, code.address(dbias, first, of="float"), list(enumerate(sums)))

    whole = maps.channels // 4 * 4

    def four(o: Number) -> None:
        several(o, 4)

    code.loop(whole, four, step=4)
    if whole < maps.channels:
        several(whole, maps.channels - whole)


def _several(values: Value | tuple[Value, ...]) -> tuple[Value, ...]:
    return values if isinstance(values, tuple) else (values,)


def _transform_inputs(
    code: Code, tiling: Tiling, room: Room, x: Value, images: Value, turned: Value, first: Number, t: Value
) -> None:
    """Write a tile's inputs as points, turned: of vectors over samples for each channel, vectors over channels."""
    maps, lanes = tiling.x, code.lanes
    row, column = tiling.place(first, t)
    start = code.address(x, maps.at(0, row * TILE - tiling.top, column * TILE - tiling.left))

    def block(b: Number) -> None:
        def write(height: int, width: int) -> None:
            def channel(k: Number) -> None:
                source = code.address(start, (b * lanes + k) * maps.plane)
                place = code.address(images, k)
                transform(
                    code,
                    INPUT,
                    lambda y, x: code.load(source, y * maps.row + x) if y < height and x < width else None,
                    lambda i, j, value: code.store(value, place, (i * REACH + j) * room.image),
                )

            code.loop(room.channels(code, b), channel)

        by_edge(code, tiling, row, column, lambda height, width: write(height + TAPS - 1, width + TAPS - 1))
        strip, inner = divided(code.constant(b, "i64"), room.wide)
        place = code.address(turned, strip * (room.steps * room.wide) + t * (lanes * room.wide) + inner)

        def turn(p: Number) -> None:  # lanes beyond the last channel hold what was there before, and meet no weight
            source = code.address(images, p * room.image)
            destination = code.address(place, p * room.turned)
            for k, vector in enumerate(transposed_square(code, [code.load(source, k) for k in range(lanes)])):
                code.store(vector, destination, k * room.wide)

        code.loop(POINTS, turn)

    code.loop(room.blocks, block)


def _transform_gradients(
    code: Code, tiling: Tiling, room: Room, dy: Value, gradients: Value, first: Number, t: Value
) -> None:
    """Write a tile's gradients, of all channels, as points."""
    maps = tiling.y
    row, column = tiling.place(first, t)
    start = code.address(dy, maps.at(0, row * TILE, column * TILE))
    destination = code.address(gradients, t)

    def write(height: int, width: int) -> None:
        def channel(k: Number) -> None:
            source = code.address(start, k * maps.plane)
            place = code.address(destination, k * GROUP)
            transform(
                code,
                transposed(OUTPUT),
                lambda y, x: code.load(source, y * maps.row + x) if y < height and x < width else None,
                lambda i, j, value: code.store(value, place, (i * REACH + j) * room.gradients),
            )

        code.loop(maps.channels, channel)

    by_edge(code, tiling, row, column, write)


def _multiply(
    code: Code,
    room: Room,
    turned: Value,
    gradients: Value,
    sums: Value,
    first: Number,
    steps: Value,
    before: Callable[[Value], Value],
) -> None:
    """Write sums = what was before + gradients * turned inputs, for each point, over the samples of some tiles."""
    high, wide = room.high, room.wide
    count = room.count(code, room.rows, first)

    def point(p: Number) -> None:
        def strip(s: Number) -> None:
            columns = code.address(turned, p * room.turned + s * (room.steps * wide))

            def rows(o: Number) -> None:
                left = code.address(gradients, p * room.gradients + o * GROUP + first * GROUP)
                place = code.address(sums, p * room.sums + s * (room.at_once * wide) + o * wide)

                def step(k: Value, *totals: Value) -> tuple[Value, ...]:
                    vectors = [code.load(columns, k * wide + c) for c in range(wide)]
                    new: list[Value] = []
                    for r in range(high):
                        weight = code.broadcast(left, k + r * room.steps)
                        new += [code.fma(weight, vectors[c], totals[r * wide + c]) for c in range(wide)]
                    return tuple(new)

                totals = _several(code.loop(steps, step, *[code.zero()] * (high * wide)))
                start = before(place)
                for n, total in enumerate(totals):
                    code.store(code.load(start, n) + total, place, n)

            code.loop(count, rows, step=high)

        code.loop(room.strips, strip)

    code.loop(POINTS, point)


def _finish(code: Code, room: Room, sums: Value, staging: Value, dweight: Value, first: Number) -> None:
    """Write the way from sums of points to weights, and add them to what is there."""
    taps, lanes = TAPS * TAPS, code.lanes

    def output(o: Number) -> None:
        weights = code.address(dweight, (first + o) * (room.inputs * taps), of="float")

        def block(b: Number) -> None:
            strip, inner = divided(code.constant(b, "i64"), room.wide)
            source = code.address(sums, strip * (room.at_once * room.wide) + o * room.wide + inner)
            transform(
                code,
                transposed(WEIGHT),
                lambda y, x: code.load(source, (y * REACH + x) * room.sums),
                lambda i, j, value: code.store(value, staging, i * TAPS + j),
            )
            here = code.address(weights, b * (lanes * taps), of="float")

            def channel(k: Number) -> None:
                lane = code.address(staging, k, of="float")
                place = code.address(here, k * taps, of="float")
                for tap in range(taps):
                    total = code.load(place, tap, of="float") + code.load(lane, tap * lanes, of="float")
                    code.store(total, place, tap)

            code.loop(room.channels(code, b), channel)

        code.loop(room.blocks, block)

    code.loop(room.count(code, room.outputs, first), output)

"""Weights of Winograd's convolution: transformed once a training step, in the order in which the products read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..transforms import REACH, TAPS, WEIGHT, apply
from .geometry import ConvGeometry

POINTS = REACH * REACH  # products that a tile takes
ROWS = 4  # output channels whose products are in registers at once
AT_ONCE = 64  # channels that are summed before the sum is added to that of those before: it keeps the error small


@dataclass(frozen=True)
class Filters:
    """How transformed weights lie in memory: in the order in which the products read them.

    That is (points, parts of the input channels, blocks of output channels, input channels of a part, outputs of a
    block); what fills the last block is zero.

    Args:
        inputs, outputs: channels that the products read and write.

    >>> Filters(3, 5).size
    1728
    """

    inputs: int
    outputs: int

    @property
    def blocks(self) -> int:
        """Blocks of output channels."""
        return -(-self.outputs // ROWS)

    @property
    def size(self) -> int:
        """Floats of it all."""
        return POINTS * self.point

    @property
    def point(self) -> int:
        """Floats of one point: an odd number of vectors, so that the points lie in different sets of the cache."""
        vectors = -(-self.inputs // 4) * self.blocks * ROWS * 4 // 16
        return (vectors | 1) * 16

    def at(self, point: Number, start: Number, length: int, block: Number) -> Number:
        """Return the place of a block's first number, in floats, in the part of `length` channels from `start` on."""
        return point * self.point + start * (self.blocks * ROWS) + block * (-(-length // 4) * 4 * ROWS)

    def parts(self, code: Code, body: Callable[[Number, int], None]) -> None:
        """Write what is done for each part of the input channels: `body` takes where it starts, and its length."""
        body(0, min(self.inputs, AT_ONCE))
        whole = self.inputs // AT_ONCE * AT_ONCE

        def further(start: Number) -> None:
            body(start, AT_ONCE)

        code.loop(whole, further, start=AT_ONCE, step=AT_ONCE)
        if AT_ONCE <= whole < self.inputs:
            body(whole, self.inputs - whole)


@dataclass(frozen=True)
class WinogradWeights(Kernel):
    """u = the transformed weights; an item is a block of output channels, as the products have them.

    Args:
        geometry: the convolution.
        gradient: for the gradient of the input, which convolves with the rotated weights, from outputs to inputs.
    """

    arguments: ClassVar[tuple[str, ...]] = ("weight", "u")
    geometry: ConvGeometry
    gradient: bool

    @property
    def _filters(self) -> Filters:
        inputs, outputs = self.geometry.inputs, self.geometry.outputs
        return Filters(outputs, inputs) if self.gradient else Filters(inputs, outputs)

    @property
    def items(self) -> int:
        """Number of items."""
        return self._filters.blocks

    @property
    def size(self) -> int:
        """Floats of u."""
        return self._filters.size

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a block: vectors of some inputs by ROWS outputs, first the columns of their kernels, then the rows."""
        weight, u = pointers
        filters, together = self._filters, code.lanes // ROWS
        taps, inputs = TAPS * TAPS, self.geometry.inputs
        by_row, by_channel = (taps, inputs * taps) if self.gradient else (inputs * taps, taps)
        first = code.address(weight, item * (ROWS * by_row) + (taps - 1 if self.gradient else 0), of="float")
        turn = -1 if self.gradient else 1
        points = filters.point // code.lanes  # in vectors

        def write(rows: int) -> None:
            def part(start: Number, length: int) -> None:
                block = code.address(u, filters.at(0, start, length, item), of="float")

                def vector(k: Number, count: int) -> None:
                    source = code.address(first, k * by_channel + start * by_channel, of="float")
                    place = code.address(block, k * ROWS, of="float")
                    lanes = [divmod(lane, ROWS) for lane in range(code.lanes)]
                    places = [r * by_row + c * by_channel if r < rows and c < count else None for c, r in lanes]

                    def column(x: Number) -> None:
                        start = code.address(source, x * turn, of="float")
                        values = [_collect(code, start, places, turn * TAPS * y) for y in range(TAPS)]
                        for i, value in enumerate(apply(code, WEIGHT, values)):
                            code.store(value, place, x * points + i * REACH * points)

                    def row(i: Number) -> None:
                        start = code.address(place, i * (REACH * points))
                        values = [code.load(start, x * points) for x in range(TAPS)]
                        for j, value in enumerate(apply(code, WEIGHT, values)):
                            code.store(value, start, j * points)

                    code.loop(TAPS, column)
                    code.loop(REACH, row)

                def full(k: Number) -> None:
                    vector(k, together)

                whole = length // together * together
                code.loop(whole, full, step=together)
                if whole < length:
                    vector(whole, length - whole)

            filters.parts(code, part)

        rest = filters.outputs % ROWS
        if rest:
            code.when(code.compare("eq", item, filters.blocks - 1), lambda: write(rest))
        if filters.outputs >= ROWS:
            whole = code.compare("slt", item, filters.outputs // ROWS)
            code.when(whole, lambda: write(ROWS))


def _collect(code: Code, pointer: Value, places: list[int | None], offset: int) -> Value:
    """Return a vector of the floats at some places from `offset` on, and zero where there is none."""
    vector = code.zero()
    for lane, place in enumerate(places):
        if place is not None:
            number = code.load(pointer, place + offset, of="float")
            vector = code.let(f"insertelement {vector.type} {vector}, float {number}, i64 {lane}", vector.type)
    return vector

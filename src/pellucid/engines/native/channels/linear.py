"""Linear layers in channel lanes, y = W x + b: every input number times the weights of a tile of outputs.

Run that a linear layer reads need not be flattened: its weights are laid out in the order in which the maps lie.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from typing import ClassVar

import numpy as np

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..memory import aligned
from ..samples.elementwise import Activation
from .epilogue import Floats, epilogue, packed_bias
from .layout import Blocked

CHUNK = 512  # numbers whose products with a tile are added up before others: their weights stay in the second cache
BLOCKS = 8  # of outputs in a tile: their sums hide each other's latency


Run = tuple[int, int, int]  # rows, places of a row, and numbers of a place that follow one another


@dataclass(frozen=True)
class _Chunks:
    """How what a linear layer reads is cut.

    Args:
        size: numbers of it all.
        whole: how many chunks are alike.
        shape: what such a chunk is.
        step: vectors from one chunk to the next.
        rest: numbers of the last chunk, if there is one more.
    """

    size: int
    whole: int
    shape: Run
    step: int
    rest: int


@dataclass(frozen=True)
class LinearForward(Kernel):
    """y = activation(W x + b); an item is a tile of outputs, for all images of a batch.

    Args:
        x: the layout of what is read: a vector, or maps that are flattened.
        y: the layout of the outputs: a vector.
        order: how maps are flattened, "CHW" or "HWC".
        activation: what is done to the sums.
        steps: if the kernel walks all images: vectors from one image to the next in x and in y.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "weight", "bias", "y", "images")
    x: Blocked
    y: Blocked
    order: str = "CHW"
    activation: Activation | None = None
    steps: tuple[int, int] | None = None

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 4 + (self.steps is not None)

    @property
    def items(self) -> int:
        """How many items make the layer."""
        return -(-self.y.blocks // self._tile)

    def pack(self, weight: Floats) -> Floats:
        """Return the weights (outputs, inputs) as the kernel reads them: (tiles, numbers of x, outputs of a tile)."""
        x, (blocks, _, _, depth), width = self.x, self._runs, self._tile * self.y.lanes
        numbers = x.height * x.width * blocks * depth
        packed = aligned(self.items * numbers * width, np.float32).reshape(self.items, numbers, width)
        for item, tile in enumerate(packed):  # one by one, since all of them may be half a gigabyte
            own = weight[item * width : (item + 1) * width]
            if self.order == "HWC":
                maps = own.reshape(-1, x.height, x.width, x.channels)
            else:
                maps = own.reshape(-1, x.channels, x.height, x.width).transpose(0, 2, 3, 1)
            wide = np.zeros((width, x.height, x.width, blocks * depth), np.float32)
            wide[: len(own), ..., : x.channels] = maps
            rows = wide.reshape(width, x.height, x.width, blocks, depth).transpose(3, 1, 2, 4, 0)
            tile[...] = rows.reshape(-1, width)
        return packed

    def pack_bias(self, bias: Floats | None) -> Floats:
        """Return the bias as the kernel reads it; zeros, if there is none."""
        return packed_bias(bias, self.items * self._tile * self.y.lanes)

    @cached_property
    def _tile(self) -> int:
        """Blocks of outputs of an item."""
        return -(-self.y.blocks // -(-self.y.blocks // BLOCKS))

    @cached_property
    def _turns(self) -> int:
        """Numbers of x at once, each with sums of its own, where a tile alone has too few."""
        return max(1, BLOCKS // self._tile)

    @cached_property
    def _chunks(self) -> _Chunks:
        """How what is read is cut: one run of numbers into pieces, or maps with gaps block by block."""
        blocks, rows, columns, depth = self._runs
        maps, lanes = self.x, self.x.lanes
        size = blocks * rows * columns * depth
        dense = depth == lanes or columns == 1
        whole = depth == lanes or rows * columns == 1  # no lanes are left out between two places
        flat = whole and (maps.row == columns or rows == 1) and (maps.plane == rows * columns or blocks == 1)
        if flat:
            return _Chunks(size, size // CHUNK, (1, 1, CHUNK), CHUNK // lanes, size % CHUNK)
        return _Chunks(size, blocks, (rows, 1, columns * depth) if dense else (rows, columns, depth), maps.plane, 0)

    @cached_property
    def _depth(self) -> int:
        """Numbers of a place that are read: no lanes without a channel, where that is easy."""
        return self.x.channels if self._vector or self.x.blocks == 1 else self.x.lanes

    @cached_property
    def _vector(self) -> bool:
        """Whether the numbers follow one another: one place, and nothing around it."""
        return self.x.plane == 1

    @cached_property
    def _runs(self) -> tuple[int, int, int, int]:
        """Return how many blocks are read, rows of a block, places of a row, and numbers of a place."""
        return 1 if self._vector else self.x.blocks, self.x.height, self.x.width, self._depth

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over chunks of what is read, around loops over the images: each weight is read once."""
        x, weight, bias, y, *images = pointers
        tile = code.address(weight, item * (self._chunks.size * self._tile))
        count: Number = code.load(images[0], of="i64") if images else 1
        by_x, by_y = self.steps or (0, 0)
        together = max(1, (code.target.registers - 6) // (self._tile * self._turns)) if images else 1
        ending, first = epilogue(code, self.y, self.activation), item * self._tile

        def each(body: Callable[[Value, int], Value]) -> None:
            """Write what becomes of every output of every image, given its address and its number in the tile."""

            def image(n: Number) -> None:
                for t in range(self._tile):

                    def store(place: Value, t: int = t) -> None:
                        code.store(body(place, t), place)

                    self._if_there(code, first + t, store, y, n * by_y)

            code.loop(count, image)

        def chunk(at: Number, shape: Run) -> None:
            """Add a chunk's products to the outputs, for some images at a time."""
            weights = code.address(tile, at * (math.prod(self._chunks.shape) * self._tile))

            def some(n: Number, images: int) -> None:
                starts = [
                    code.address(x, (n + k) * by_x + at * self._chunks.step + self.x.at(0)) for k in range(images)
                ]
                sums = self._products(code, starts, weights, shape)
                for k in range(images):
                    for t in range(self._tile):

                        def add(place: Value, total: Value = sums[k][t]) -> None:
                            code.store(code.load(place) + total, place)

                        self._if_there(code, first + t, add, y, (n + k) * by_y)

            whole = count // together * together
            code.loop(whole, partial(some, images=together), step=together)
            if together > 1:
                code.loop(count, partial(some, images=1), start=whole)

        def begun(place: Value, t: int) -> Value:
            return code.load(bias, first + t)

        def ended(place: Value, t: int) -> Value:
            return ending.finish(code, code.load(place), first + t, None)

        each(begun)
        code.loop(self._chunks.whole, partial(chunk, shape=self._chunks.shape))
        if self._chunks.rest:
            chunk(self._chunks.whole, (1, 1, self._chunks.rest))
        each(ended)

    def _products(self, code: Code, xs: list[Value], weights: Value, shape: Run) -> list[list[Value]]:
        """Return the sums of a chunk's products, for each image and block of outputs."""
        rows, columns, depth = shape
        turns, step = self._turns, self._tile * self._turns

        def row(r: Number, *sums: Value) -> tuple[Value, ...]:
            def column(c: Number, *sums: Value) -> tuple[Value, ...]:
                starts = [code.address(x, self.x.row * r + c) for x in xs]
                own = code.address(weights, (r * columns + c) * (depth * self._tile))

                def several(k: Number, *sums: Value, count: int = turns) -> tuple[Value, ...]:
                    done = list(sums)
                    for u in range(count):
                        numbers = [code.broadcast(start, k + u) for start in starts]
                        for t in range(self._tile):
                            vector = code.load(own, (k + u) * self._tile + t)
                            for p, number in enumerate(numbers):
                                at = p * step + u * self._tile + t
                                done[at] = code.fma(number, vector, done[at])
                    return tuple(done)

                looped = depth // turns * turns
                sums = _tuple(code.loop(looped, several, *sums, step=turns))
                return several(looped, *sums, count=depth - looped)

            return _tuple(code.loop(columns, column, *sums))

        sums = _tuple(code.loop(rows, row, *[code.zero()] * (step * len(xs))))
        return [
            [reduce(operator.add, sums[p * step + t : (p + 1) * step : self._tile]) for t in range(self._tile)]
            for p in range(len(xs))
        ]

    def _if_there(self, code: Code, block: Value, body: Callable[[Value], None], y: Value, image: Number) -> None:
        """Write what is done to a block of outputs, given its address, if there is such a block."""
        if self.y.blocks % self._tile == 0:
            body(code.address(y, self.y.at(block) + image))
        else:
            there = code.compare("ult", block, self.y.blocks)
            code.when(there, lambda: body(code.address(y, self.y.at(block) + image)))


def _tuple(values: Value | tuple[Value, ...]) -> tuple[Value, ...]:
    return values if isinstance(values, tuple) else (values,)

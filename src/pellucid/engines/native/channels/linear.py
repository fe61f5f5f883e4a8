"""Linear layers in channel lanes, y = W x + b: every input number times the weights of a tile of outputs.

Maps that a linear layer reads need not be flattened: its weights are laid out in the order in which the maps lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..samples.elementwise import Activation
from .epilogue import Floats, epilogue, packed_bias
from .layout import Blocked

BLOCKS = 8  # of outputs in a tile: their sums hide each other's latency


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
        packed = np.empty((self.items, x.height * x.width * blocks * depth, width), np.float32)
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
    def _depth(self) -> int:
        """Numbers of a place that are read: no lanes without a channel, where that is easy."""
        vector = self.x.height * self.x.width == 1
        return self.x.channels if vector or self.x.blocks == 1 else self.x.lanes

    @cached_property
    def _runs(self) -> tuple[int, int, int, int]:
        """Return how many blocks are read, rows of a block, places of a row, and numbers of a place."""
        vector = self.x.height * self.x.width == 1
        return 1 if vector else self.x.blocks, self.x.height, self.x.width, self._depth

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a loop over images around loops over what they read."""
        x, weight, bias, y, *images = pointers
        blocks, rows, columns, depth = self._runs
        size = blocks * rows * columns * depth * self._tile
        tile = code.address(weight, item * size)
        if self.steps is None:
            self._image(code, item, x, tile, bias, y)
            return
        by_x, by_y = self.steps

        def image(n: Number) -> None:
            self._image(code, item, code.address(x, n * by_x), tile, bias, code.address(y, n * by_y))

        code.loop(code.load(images[0], of="i64"), image)

    def _image(self, code: Code, item: Value, x: Value, tile: Value, bias: Value, y: Value) -> None:
        """Write one image's outputs."""
        first = item * self._tile
        turns = max(1, BLOCKS // self._tile)
        biases = [code.load(bias, first + t) for t in range(self._tile)]
        sums = (*biases, *[code.zero()] * (self._tile * (turns - 1)))
        sums = self._sums(code, sums, x, tile, turns)
        ending = epilogue(code, self.y, self.activation)
        for t in range(self._tile):
            total = sums[t]
            for u in range(1, turns):
                total = total + sums[u * self._tile + t]
            block = first + t

            def store(total: Value = total, block: Value = block) -> None:
                code.store(ending.finish(code, total, block, None), y, self.y.at(block))

            if self.y.blocks % self._tile == 0:
                store()
            else:
                code.when(code.compare("ult", block, self.y.blocks), store)

    def _sums(self, code: Code, sums: tuple[Value, ...], x: Value, tile: Value, turns: int) -> tuple[Value, ...]:
        """Write the loops over blocks, rows and runs of numbers."""
        blocks, rows, columns, depth = self._runs
        maps, lanes, step = self.x, self.x.lanes, self._tile
        # What follows one another without gaps is one run.
        if depth == lanes or columns == 1:
            columns, depth = 1, columns * depth
            if maps.row * lanes == depth or rows == 1:
                rows, depth = 1, rows * depth
                if maps.plane * lanes == depth or blocks == 1:
                    blocks, depth = 1, blocks * depth

        def block(b: Number, *sums: Value) -> tuple[Value, ...]:
            def row(r: Number, *sums: Value) -> tuple[Value, ...]:
                def column(c: Number, *sums: Value) -> tuple[Value, ...]:
                    start = code.address(x, maps.at(b, r, c))
                    return self._run(
                        code,
                        sums,
                        start,
                        code.address(tile, ((b * rows + r) * columns + c) * (depth * step)),
                        depth,
                        turns,
                    )

                return _tuple(code.loop(columns, column, *sums))

            return _tuple(code.loop(rows, row, *sums))

        return _tuple(code.loop(blocks, block, *sums))

    def _run(
        self, code: Code, sums: tuple[Value, ...], x: Value, w: Value, depth: int, turns: int
    ) -> tuple[Value, ...]:
        """Write the loop over a run of numbers, a few of them a turn."""

        def several(k: Number, *sums: Value, count: int = turns) -> tuple[Value, ...]:
            done = list(sums)
            for u in range(count):
                number = code.broadcast(x, k + u)
                for t in range(self._tile):
                    at = u * self._tile + t
                    done[at] = code.fma(number, code.load(w, (k + u) * self._tile + t), done[at])
            return tuple(done)

        looped = depth // turns * turns
        sums = _tuple(code.loop(looped, several, *sums, step=turns))
        return several(looped, *sums, count=depth - looped)


def _tuple(values: Value | tuple[Value, ...]) -> tuple[Value, ...]:
    return values if isinstance(values, tuple) else (values,)

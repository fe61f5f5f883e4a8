"""Normalisation by an image's own numbers in channel lanes: by each lane's, by all lanes' together, or by groups'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from ..samples.sample_norms import Cell, Cells, SampleNorm
from ..samples.sums import each_place, plain, squares, sums_of
from .epilogue import epilogue
from .layout import Blocked
from .places import Blockwise, block_at, clear_around, one_block
from .softmax import across

Places = tuple[int, int, int]  # a block's places as channels, rows and columns


@dataclass(frozen=True)
class PlaceNorm(Blockwise):
    """y = (x - mean) / sqrt(variance + eps), each lane by itself, over places.

    Args:
        cells: which places are normalised together.
        places: a block's places, where it is not maps.
        x, y: the layouts.
        eps: the layer's.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    cells: Cells
    places: Places | None
    x: Blocked
    y: Blocked
    eps: float

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write the norm of sample lanes for one block; it makes zeros of the zeros where there is no channel."""
        x, y = pointers
        layouts = _of(self.x, self.places), _of(self.y, self.places)
        norm = SampleNorm(self.cells, *layouts, self.eps)
        norm.write(code, block, block_at(code, x, self.x, block), block_at(code, y, self.y, block))
        clear_around(code, y, self.y, block)


@dataclass(frozen=True)
class ChannelNorm(Kernel):
    """y = (x - mean) / sqrt(variance + eps), all channels together, at each place or over places.

    Args:
        cells: which places are normalised together.
        places: a block's places, where it is not maps.
        x, y: the layouts.
        eps: the layer's.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    cells: Cells
    places: Places | None
    x: Blocked
    y: Blocked
    eps: float

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write three passes over the blocks for each cell: the mean, the squares around it, the quotients."""
        (x, y), ending, blocks = pointers, epilogue(code, self.y, None), self.y.blocks
        read, made = _of(self.x, self.places), _of(self.y, self.places)
        count = float(self.cells.size(read) * self.y.channels)

        def cell(cell: Cell) -> None:
            def mean_of(add: Callable[..., tuple[Value, ...]]) -> Value:
                def more(b: Number, total: Value) -> Value:
                    found = self.cells.sums(code, cell, [(block_at(code, x, self.x, b), read)], add, 1)
                    return total + ending.finish(code, found, b, None)

                return across(code, code.loop(blocks, more, code.zero()), added) / count

            mean = mean_of(plain(code))
            deviation = code.call("sqrt", mean_of(squares(code, mean)) + self.eps)

            def quotients(b: Number) -> None:
                def quotient(x: Value, y: Value) -> None:
                    code.store(ending.finish(code, (code.load(x) - mean) / deviation, b, None), y)

                values = [(block_at(code, x, self.x, b), read), (block_at(code, y, self.y, b), made)]
                self.cells.places(code, cell, values, quotient)

            code.loop(blocks, quotients)

        def clear(block: Number) -> None:
            clear_around(code, y, self.y, block)

        self.cells.each(code, read, cell)
        code.loop(blocks, clear)


@dataclass(frozen=True)
class LaneGroupNorm(Kernel):
    """y = (x - mean) / sqrt(variance + eps), groups of channels together with all of their places.

    Args:
        groups: how many; they divide the channels, and may share a block of lanes.
        x, y: the layouts.
        eps: the layer's.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "scratch", "y")
    groups: int
    x: Blocked
    y: Blocked
    eps: float

    @property
    def scratch(self) -> int:
        """Floats of the scratch: each channel's mean and deviation."""
        return 2 * self.y.blocks * self.y.lanes

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write sums by channel, which are then shared by groups: the means, the squares around them, the quotients."""
        (x, means, y), ending, blocks = pointers, epilogue(code, self.y, None), self.y.blocks
        deviations = code.address(means, blocks)
        read, made = one_block(self.x), one_block(self.y)
        size = self.y.channels // self.groups
        count = float(size * read.height * read.width)

        def share(sums: Value, finish: Callable[[Value], Value]) -> None:
            """Give all channels of a group what becomes of the mean of their sums."""

            def group(g: Number) -> None:
                start = code.address(sums, g * size, of="float")

                def more(c: Number, total: Value) -> Value:
                    return total + code.load(start, c, of="float")

                shared = finish(code.loop(size, more, code.constant(0.0, "float")) / count)

                def give(c: Number) -> None:
                    code.store(shared, start, c)

                code.loop(size, give)

            code.loop(self.groups, group)

        def total(b: Number) -> None:
            code.store(sums_of(code, 0, [(block_at(code, x, self.x, b), read)], 1, plain(code))[0], means, b)

        def square(b: Number) -> None:
            around = squares(code, code.load(means, b))
            code.store(sums_of(code, 0, [(block_at(code, x, self.x, b), read)], 1, around)[0], deviations, b)

        def quotients(b: Number) -> None:
            mean, deviation = code.load(means, b), code.load(deviations, b)

            def quotient(x: Value, y: Value) -> None:
                code.store(ending.finish(code, (code.load(x) - mean) / deviation, b, None), y)

            values = [(block_at(code, x, self.x, b), read), (block_at(code, y, self.y, b), made)]
            each_place(code, 0, values, quotient)
            clear_around(code, y, self.y, b)

        code.loop(blocks, total)
        share(means, lambda mean: mean)
        code.loop(blocks, square)
        share(deviations, lambda variance: code.call("sqrt", variance + self.eps))
        code.loop(blocks, quotients)


def added(code: Code, a: Value, b: Value) -> Value:
    """Return the sum of each lane."""
    return a + b


def _of(maps: Blocked, places: Places | None) -> Maps:
    """Return the layout of a block."""
    return one_block(maps) if places is None else Maps(*places, dense=True)

"""Where branches meet number by number in channel lanes: sums, differences and products, also of different sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..samples.elementwise import Activation, at_once
from ..samples.merging import Operation, joined, reader
from ..samples.places import AT_ONCE, along
from .epilogue import epilogue
from .layout import Blocked
from .places import Blockwise, block_at, clear_around, one_block


@dataclass(frozen=True)
class Join(Blockwise):
    """y = activation(the sum, difference or product of several values, from the first to the last).

    Args:
        operation: which of them.
        xs: the layouts of what is joined; a size of 1 stands for a whole axis.
        y: the layout of the result.
        activation: what is done to it.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    operation: Operation
    xs: tuple[Blocked, ...]
    y: Blocked
    activation: Activation | None = None

    def count(self) -> int:
        """Return how many pointers it takes."""
        return len(self.xs) + 1

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a walk over all places; what has one channel is spread over the lanes."""
        *xs, y = pointers
        ending, to = epilogue(code, self.y, self.activation), block_at(code, y, self.y, block)
        one, places = one_block(self.y), at_once(self.activation) if self.activation else AT_ONCE

        def row(r: Number) -> None:
            reads = [read_along(code, x, maps, self.y, block, r) for x, maps in zip(xs, self.xs, strict=True)]
            start = code.address(to, one.at(0, r))

            def place(q: Number) -> None:
                value = joined(self.operation, [read(q) for read in reads])
                code.store(ending.finish(code, value, block, None), start, q)

            along(code, one.width, place, places)

        code.loop(one.height, row)
        clear_around(code, y, self.y, block)


def read_along(
    code: Code, pointer: Value, maps: Blocked, y: Blocked, block: Value, r: Number
) -> Callable[[Number], Value]:
    """Return what loads a value's vector for a block of y in each column of a row; one channel is for all lanes."""
    if maps.channels == y.channels:
        return reader(code, block_at(code, pointer, maps, block), one_block(maps), 0, r)
    start = code.address(pointer, maps.at(0, 0 if maps.height == 1 else r))
    if maps.width == 1:
        only = code.broadcast(start)
        return lambda q: only
    return lambda q: code.broadcast(start, q * maps.lanes)

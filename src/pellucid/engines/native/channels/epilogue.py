"""What happens to a convolution's sums on their way to memory, and to the halo around them."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Code, Number, Value
from ..samples.elementwise import Activation
from .layout import Blocked


@dataclass(frozen=True)
class Epilogue:
    """Adds a second value, applies an activation, and keeps lanes without a channel zero.

    Args:
        y: the layout of what is made.
        activation: what is done to the sums.
        residual: the layout of the value that is added before, if there is one.
    """

    y: Blocked
    activation: Activation | None
    residual: Blocked | None

    def finish(self, code: Code, value: Value, block: Number, other: Value | None) -> Value:
        """Return what becomes of a vector of sums that includes the bias.

        Args:
            code: where to write.
            value: the sums.
            block: the number of the block of channels.
            other: the vector of the residual at that place.
        """
        if other is not None:
            value = value + other
        if self.activation is not None:
            value = self.activation.apply(code, value)
        return code.select(self.lanes_with_channels(code, block), value, 0.0) if self.ragged else value

    @property
    def ragged(self) -> bool:
        """Whether the last block has lanes without a channel; infinities would make them NaN."""
        return self.y.channels % self.y.lanes != 0

    def lanes_with_channels(self, code: Code, block: Number) -> Value:
        """Return which lanes of a block have a channel."""
        last = self.y.blocks - 1
        present = [1] * self.y.lanes * last + [1] * (self.y.channels - last * self.y.lanes)
        table = code.table(present + [0] * (self.y.blocks * self.y.lanes - len(present)), "i32")
        return code.compare("ne", code.load(table, block, of=code.ints), 0)


def clear_halo(code: Code, pointer: Value, y: Blocked, block: Number, first: Value, rows: Number) -> None:
    """Write zeros left and right of some rows of a block, and above the first and below the last row of the map.

    Args:
        code: where to write.
        pointer: where y begins.
        y: its layout.
        block: the block of channels.
        first: the first of the rows.
        rows: how many there are.
    """
    zero = code.zero()

    def row(r: Number) -> None:
        start = code.address(pointer, y.at(block, first + r, -y.left))
        for x in [*range(y.left), *range(y.left + y.width, y.left + y.width + y.right)]:
            code.store(zero, start, x)

    def whole(r: int, count: int) -> None:
        start = code.address(pointer, y.at(block, r, -y.left))

        def place(x: Number) -> None:
            code.store(zero, start, x)

        code.loop(count * y.row, place)

    if y.left + y.right:
        code.loop(rows, row)
    if y.top:
        code.when(code.compare("eq", first, 0), lambda: whole(-y.top, y.top))
    if y.bottom:
        code.when(code.compare("eq", first + rows, y.height), lambda: whole(y.height, y.bottom))

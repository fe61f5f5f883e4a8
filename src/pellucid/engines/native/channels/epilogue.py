"""What happens to a convolution's sums on their way to memory, and to the halo around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ir import Code, Number, Value
from ..samples.elementwise import Activation
from .layout import Blocked

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Epilogue:
    """Adds a second value, applies an activation, and keeps lanes without a channel zero.

    Args:
        activation: what is done to the sums.
        present: where it is told which lanes of each block have a channel; None, if all have.
    """

    activation: Activation | None
    present: Value | None

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
        if self.present is None:
            return value
        return code.select(code.compare("ne", code.load(self.present, block, of=code.ints), 0), value, 0.0)


def dear(activation: Activation | None) -> bool:
    """Return whether an activation takes so many registers that sums must not wait in others meanwhile."""
    return activation is not None and activation.dear


def epilogue(code: Code, y: Blocked, activation: Activation | None) -> Epilogue:
    """Return what is done to the sums of y. Lanes without a channel need a test, since infinities make them NaN."""
    free = y.blocks * y.lanes - y.channels
    return Epilogue(activation, code.table([1] * y.channels + [0] * free, "i32") if free else None)


def finish_stored(code: Code, ending: Epilogue, start: Value, places: int, block: Number) -> None:
    """Write a loop over sums that were stored one after another, of one block, from `start` on."""

    def place(p: Number) -> None:
        at = code.address(start, p)
        code.store(ending.finish(code, code.load(at), block, None), at)

    code.loop(places, place)


def packed_bias(bias: Floats | None, count: int) -> Floats:
    """Return a bias as kernels read it, with zeros up to `count` numbers; zeros alone, if there is none."""
    packed = np.zeros(count, np.float32)
    if bias is not None:
        packed[: len(bias)] = bias
    return packed


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

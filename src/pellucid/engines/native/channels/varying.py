"""Weights that vary along some axes and stay the same along all others, in channel lanes: slopes, factors, addends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..ir import Code, Number, Value
from ..samples.elementwise import Activation, at_once
from ..samples.places import AT_ONCE, along
from .epilogue import Floats, epilogue
from .layout import Blocked
from .merging import read_along
from .places import Blockwise, block_at, clear_around, one_block


@dataclass(frozen=True)
class Vary(Blockwise):
    """y = activation(x times a weight, plus another); or x above 0, and x times the weight below: a slope.

    Args:
        x, y: the layouts.
        weight, bias: the layouts of factor and addend, or None; a size of 1 stands for a whole axis.
        slope: the factor counts below 0 only.
        activation: what is done to the result.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "weight", "bias", "y")
    x: Blocked
    y: Blocked
    weight: Blocked | None
    bias: Blocked | None
    slope: bool = False
    activation: Activation | None = None

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 2 + sum(layout is not None for layout in (self.weight, self.bias))

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a walk over all places."""
        *given, y = pointers
        ending, to = epilogue(code, self.y, self.activation), block_at(code, y, self.y, block)
        one, places = one_block(self.y), at_once(self.activation) if self.activation else AT_ONCE
        layouts = [layout for layout in (self.x, self.weight, self.bias) if layout is not None]

        def row(r: Number) -> None:
            reads = [read_along(code, x, maps, self.y, block, r) for x, maps in zip(given, layouts, strict=True)]
            start = code.address(to, one.at(0, r))

            def place(q: Number) -> None:
                value = number = reads[0](q)
                if self.weight is not None:
                    value = number * reads[1](q)
                if self.slope:
                    value = code.select(code.compare("ogt", number, 0.0), number, value)
                if self.bias is not None:
                    value = value + reads[-1](q)
                code.store(ending.finish(code, value, block, None), start, q)

            along(code, one.width, place, places)

        code.loop(one.height, row)
        clear_around(code, y, self.y, block)


def packed(numbers: Floats, maps: Blocked) -> Floats:
    """Return numbers of any shape as they lie in lanes, without a halo.

    >>> packed(np.arange(3, dtype=np.float32), Blocked(3, lanes=4)).tolist()
    [0.0, 1.0, 2.0, 0.0]
    """
    by_channel = numbers if numbers.ndim == 3 else numbers.reshape(-1, numbers.shape[-1]).T
    full = np.zeros((maps.blocks * maps.lanes, maps.height * maps.width), np.float32)
    full[: maps.channels] = by_channel.reshape(maps.channels, -1)
    places = (np.arange(maps.height)[:, None] * maps.row + np.arange(maps.width)).ravel()
    laid = np.zeros((maps.blocks, maps.plane, maps.lanes), np.float32)
    laid[:, places] = full.reshape(maps.blocks, maps.lanes, -1).transpose(0, 2, 1)
    return laid.ravel()

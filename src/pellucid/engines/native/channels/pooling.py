"""Pools in channel lanes, block by block of channels: what pools in sample lanes does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Value
from ..kernel import Kernel
from ..samples.pooling import AvgPoolForward, MaxPoolForward
from ..samples.power_pooling import LpPoolForward
from ..samples.taps import Taps
from .layout import Blocked
from .places import Blockwise, block_at, clear_around, one_block


@dataclass(frozen=True)
class Pool(Blockwise):
    """What all pools have in common.

    Args:
        x, y: the layouts.
        rows, columns: what each output reads.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    x: Blocked
    y: Blocked
    rows: Taps
    columns: Taps

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write the loops over all outputs of a block."""
        x, y = pointers
        self._one().write(code, block, block_at(code, x, self.x, block), block_at(code, y, self.y, block))
        clear_around(code, y, self.y, block)

    def _one(self) -> Kernel:
        raise NotImplementedError


@dataclass(frozen=True)
class MaxPool(Pool):
    """y = the largest number of each window, of which none is empty; NaN is larger than all."""

    def _one(self) -> Kernel:
        return MaxPoolForward(one_block(self.x), one_block(self.y), self.rows, self.columns)


@dataclass(frozen=True)
class AvgPool(Pool):
    """y = the sum of each window by its divisor.

    Args:
        row_divisors, column_divisors: for each row and column of outputs; their product divides.
    """

    row_divisors: tuple[int, ...]
    column_divisors: tuple[int, ...]

    def _one(self) -> Kernel:
        divisors = self.row_divisors, self.column_divisors
        return AvgPoolForward(one_block(self.x), one_block(self.y), self.rows, self.columns, *divisors)


@dataclass(frozen=True)
class LpPool(Pool):
    """y = the sum of |x|**p of each window, to the power 1/p.

    Args:
        p: the power, above 0.
    """

    p: float

    def _one(self) -> Kernel:
        return LpPoolForward(one_block(self.x), one_block(self.y), self.rows, self.columns, self.p)

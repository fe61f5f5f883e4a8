"""Zeros: where others add to memory, and in free lanes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Value
from ..kernel import Kernel
from ..layout import Maps
from .places import along, walk


@dataclass(frozen=True)
class Fill(Kernel):
    """Write zeros.

    Args:
        size: floats, a multiple of 16.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x",)
    size: int

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write one loop."""
        zero = code.zero()
        along(code, self.size // code.lanes, lambda i: code.store(zero, pointers[0], i))


@dataclass(frozen=True)
class Masked(Kernel):
    """y = x in the lanes of real samples, and 0 in the others.

    Args:
        x, y: the layouts.
        add: add to y.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "mask", "y")
    x: Maps
    y: Maps
    add: bool

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a walk over all places."""
        x, mask, y = pointers
        real = code.compare("one", code.load(mask), 0.0)

        def place(x: Value, y: Value) -> None:
            value = code.select(real, code.load(x), 0.0)
            code.store(code.load(y) + value if self.add else value, y)

        walk(code, [(x, self.x), (y, self.y)], place)

"""One block of channels as maps of one channel: what walks over the places of sample lanes walks over these too."""

from __future__ import annotations

from abc import abstractmethod

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .epilogue import clear_halo
from .layout import Blocked

LARGE = 1 << 14  # floats of maps from which on threads may share them


class Blockwise(Kernel):
    """A kernel that does the same for every block of channels; an item is a block of large maps, or all of small ones.

    Attributes:
        y: the layout that tells how many blocks there are, a field of every subclass.
    """

    y: Blocked

    @property
    def items(self) -> int:
        """How many items make the layer."""
        return self.y.blocks if self.y.floats >= LARGE else 1

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write what is done to the item's blocks."""
        if self.items > 1:
            self.block(code, item, *pointers)
            return

        def each(number: Number) -> None:
            self.block(code, code.constant(number, "i64"), *pointers)

        code.loop(self.y.blocks, each)

    @abstractmethod
    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write what is done to a block."""


def one_block(maps: Blocked) -> Maps:
    """Return the layout of each block of channels.

    >>> one_block(Blocked(40, 5, 6, 1, 1, 1, 1)).at(0, 2, 3)
    28
    """
    gap = maps.row - maps.left - maps.width - maps.right
    return Maps(1, maps.height, maps.width, *maps.halo, gap=gap)


def block_at(code: Code, pointer: Value, maps: Blocked, block: Number) -> Value:
    """Return the address of a block of channels."""
    return code.address(pointer, block * maps.plane)


def clear_around(code: Code, pointer: Value, maps: Blocked, block: Number) -> None:
    """Write zeros into the whole halo of a block."""
    clear_halo(code, pointer, maps, code.constant(block, "i64"), code.constant(0, "i64"), maps.height)

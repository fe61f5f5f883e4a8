"""One block of channels as maps of one channel: what walks over the places of sample lanes walks over these too."""

from __future__ import annotations

from ..ir import Code, Number, Value
from ..layout import Maps
from .epilogue import clear_halo
from .layout import Blocked


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

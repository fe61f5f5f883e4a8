"""How one image's values lie in memory in channel lanes: a vector holds neighbouring channels of one place.

Kernels that make a `Blocked` value write all of it: its places, zeros in its halo, and zeros in the lanes beyond the
last channel. So whatever a buffer held before, windows that reach over the border and sums over channels meet zeros.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

PAGE = 4096  # bytes; rows or planes that lie a multiple of it apart meet in the same sets of the first cache
LARGE = 64  # vectors of a plane from which on its pitch is made odd, so that planes spread over all sets


@dataclass(frozen=True)
class Blocked:
    """Maps as (blocks of channels, rows, columns, lanes). Numbers of places count vectors.

    Args:
        channels, height, width: the value's shape; a vector of n features is (n, 1, 1).
        top, bottom, left, right: places of the halo on each side.
        lanes: channels of a block.

    >>> maps = Blocked(40, 5, 6, lanes=16)
    >>> maps.blocks, maps.size, maps.at(2, 1, 0)
    (3, 90, 66)
    """

    channels: int
    height: int = 1
    width: int = 1
    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    lanes: int = 16

    @property
    def blocks(self) -> int:
        """Blocks of channels; the last one may have lanes without a channel, which are zero."""
        return -(-self.channels // self.lanes)

    @property
    def row(self) -> int:
        """Vectors from one row to the next."""
        places = self.left + self.width + self.right
        return places + (self.height > 1 and places * self.lanes * 4 % PAGE == 0)

    @property
    def plane(self) -> int:
        """Vectors from one block of channels to the next."""
        places = (self.top + self.height + self.bottom) * self.row
        return places + (places % 2 == 0 and places >= LARGE)

    @property
    def size(self) -> int:
        """Vectors of it all."""
        return self.blocks * self.plane

    @property
    def floats(self) -> int:
        """Numbers of it all."""
        return self.size * self.lanes

    @property
    def halo(self) -> tuple[int, int, int, int]:
        """The halo: top, bottom, left, right."""
        return self.top, self.bottom, self.left, self.right

    @property
    def flat(self) -> bool:
        """Whether the places of a block follow one another without gaps; between blocks there may be one."""
        return self.row == self.width and self.top == self.bottom == 0

    def at(self, block: Any, y: Any = 0, x: Any = 0) -> Any:
        """Return the number of a place's vector; y and x may reach into the halo. Numbers, or values of a program."""
        return block * self.plane + y * self.row + x + (self.top * self.row + self.left)

    def with_halo(self, top: int, bottom: int, left: int, right: int) -> Blocked:
        """Return the same maps with a halo at least so large."""
        return replace(self, **_larger(self.halo, (top, bottom, left, right)))


@dataclass(frozen=True)
class Planar:
    """Maps as (channels, rows, columns), which is how images come: for those of one to three channels.

    Numbers of places count floats.

    Args:
        channels, height, width: the value's shape.
        top, bottom, left, right: places of the halo on each side, all zeros.

    >>> Planar(3, 4, 5, 1, 1, 1, 1).at(1, 0, 0)
    50
    """

    channels: int
    height: int
    width: int
    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    @property
    def row(self) -> int:
        """Floats from one row to the next."""
        places = self.left + self.width + self.right
        return places + (places * 4 % PAGE == 0)

    @property
    def plane(self) -> int:
        """Floats from one channel to the next."""
        places = (self.top + self.height + self.bottom) * self.row
        return places + (places * 4 % PAGE == 0)

    @property
    def floats(self) -> int:
        """Numbers of it all."""
        return self.channels * self.plane

    @property
    def halo(self) -> tuple[int, int, int, int]:
        """The halo: top, bottom, left, right."""
        return self.top, self.bottom, self.left, self.right

    def at(self, channel: Any, y: Any = 0, x: Any = 0) -> Any:
        """Return the number of a place; y and x may reach into the halo. Numbers, or values of a program."""
        return channel * self.plane + y * self.row + x + (self.top * self.row + self.left)

    def with_halo(self, top: int, bottom: int, left: int, right: int) -> Planar:
        """Return the same maps with a halo at least so large."""
        return replace(self, **_larger(self.halo, (top, bottom, left, right)))


def _larger(halo: tuple[int, ...], least: tuple[int, ...]) -> dict[str, int]:
    sides = ("top", "bottom", "left", "right")
    return {side: max(pair) for side, pair in zip(sides, zip(halo, least, strict=True), strict=True)}

"""How a value lies in memory in sample lanes: (channels, rows, columns, lanes), one vector for each place of a map."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from ...layers.node import Shape

LARGE = 64  # vectors of a plane from which on its pitch is made odd: a power of two would fill few sets of the cache


@dataclass(frozen=True)
class Maps:
    """Feature maps with a halo of places around each, so that windows need not be cut at the border.

    Args:
        channels, height, width: the value's shape; a vector of n features is (n, 1, 1).
        top, bottom, left, right: places of the halo on each side.
        dense: no places between planes, so that the whole is one run of vectors (without a halo).
        gap: places between rows that belong to nobody.

    >>> Maps(2, 3, 4).at(1, 2, 3)
    23
    """

    channels: int
    height: int = 1
    width: int = 1
    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    dense: bool = False
    gap: int = 0

    @property
    def row(self) -> int:
        """Vectors from one row to the next."""
        return self.left + self.width + self.right + self.gap

    @property
    def plane(self) -> int:
        """Vectors from one channel to the next."""
        places = (self.top + self.height + self.bottom) * self.row
        return places + (places % 2 == 0 and places >= LARGE and not self.dense)

    @property
    def size(self) -> int:
        """Vectors of it all."""
        return self.channels * self.plane

    @property
    def halo(self) -> tuple[int, int, int, int]:
        """The halo: top, bottom, left, right."""
        return self.top, self.bottom, self.left, self.right

    @property
    def flat(self) -> bool:
        """Whether the places follow one another without gaps."""
        return self.plane == self.height * self.width

    def at(self, channel: Any, y: Any = 0, x: Any = 0) -> Any:
        """Return the number of a place's vector; y and x may reach into the halo. Numbers, or values of a program."""
        return channel * self.plane + y * self.row + x + (self.top * self.row + self.left)

    def with_halo(self, top: int, bottom: int, left: int, right: int) -> Maps:
        """Return the same maps with a halo at least so large."""
        return replace(
            self,
            top=max(self.top, top),
            bottom=max(self.bottom, bottom),
            left=max(self.left, left),
            right=max(self.right, right),
        )


def maps_of(shape: Shape, *, dense: bool = False) -> Maps:
    """Return the layout of a value: what has three axes is maps, all else a run of numbers.

    >>> maps_of((10,)).size
    10
    """
    return Maps(*shape, dense=dense) if len(shape) == 3 else Maps(math.prod(shape), dense=True)

"""Where a value or a gradient lies, and how much room around it its readers want."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..layout import Maps
from ..plan import Buffer

Halo = tuple[int, int, int, int]  # top, bottom, left, right
NONE: Halo = (0, 0, 0, 0)


@dataclass(frozen=True)
class Held:
    """A value or a gradient: the memory it is in, and how it lies there."""

    buffer: Buffer
    maps: Maps

    def around(self, halo: Halo) -> bool:
        """Return whether there is so much room around it."""
        return all(have >= want for have, want in zip(self.maps.halo, halo, strict=True))


@dataclass(frozen=True)
class Halos:
    """What layers read around maps.

    Args:
        values: by layer's name, the halo around its input.
        gradients: by layer's name, the halo around its output's gradient.
    """

    values: dict[str, Halo]
    gradients: dict[str, Halo]


def widest(halos: Iterable[Halo]) -> Halo:
    """Return the halo that contains all.

    >>> widest([(1, 0, 0, 0), (0, 2, 0, 0)])
    (1, 2, 0, 0)
    """
    top, bottom, left, right = (max(sides) for sides in zip(NONE, *halos, strict=True))
    return top, bottom, left, right

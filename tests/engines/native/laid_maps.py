"""Maps in sample lanes for tests of kernels: laid out so that it shows what they read and write beyond their own."""

from __future__ import annotations

import numpy as np
from engines.native.harness import aligned
from numpy.typing import NDArray

from pellucid.engines.native.layout import Maps
from pellucid.engines.native.machine import Target

Floats = NDArray[np.float32]
UNTOUCHED = np.float32(-77)
GUARD = 5  # vectors behind an array, to be left alone
PROMISED = 1e-5  # of the largest number


def places(maps: Maps, buffer: Floats) -> Floats:
    """Return the rows and columns of all channels with the halo around them, as a view."""
    rows = maps.top + maps.height + maps.bottom
    planes = buffer[: maps.size].reshape(maps.channels, maps.plane, -1)
    return planes[:, : rows * maps.row].reshape(maps.channels, rows, maps.row, -1)


def inside(maps: Maps, buffer: Floats) -> Floats:
    """Return what is not halo, as a view (channels, height, width, lanes)."""
    return places(maps, buffer)[:, maps.top : maps.top + maps.height, maps.left : maps.left + maps.width]


def laid(maps: Maps, images: NDArray[np.float64], halo: tuple[int, int, int, int]) -> Floats:
    """Return images (N, C, H, W) in sample lanes, with zeros in the halo that may be read, and NaN beyond."""
    top, bottom, left, right = halo
    buffer = np.full((maps.size, len(images)), np.nan, np.float32)
    rows = slice(maps.top - top, maps.top + maps.height + bottom)
    places(maps, buffer)[:, rows, maps.left - left : maps.left + maps.width + right] = 0
    inside(maps, buffer)[...] = images.transpose(1, 2, 3, 0)
    return aligned(buffer)


def room(vectors: int, target: Target) -> Floats:
    """Return memory with a guard behind it."""
    return aligned(np.full((vectors + GUARD, target.lanes), UNTOUCHED, np.float32))


def taken(maps: Maps, result: Floats) -> Floats:
    """Return the maps that a kernel wrote as (N, C, H, W); it wrote nothing but them."""
    found = inside(maps, result).copy()
    inside(maps, result)[...] = UNTOUCHED
    assert np.all(result == UNTOUCHED)
    return found.transpose(3, 0, 1, 2)


def assert_promised(found: Floats, wanted: NDArray[np.float64]) -> None:
    """The error is within what is promised."""
    assert np.abs(found - wanted).max() <= PROMISED * np.abs(wanted).max()
    assert np.linalg.norm(found - wanted) <= 1.5e-6 * np.linalg.norm(wanted)

"""Halos hold what padding holds, their gradient goes back where it came from, and copies leave halos alone."""

from __future__ import annotations

import numpy as np
import pytest
from engines.native.harness import aligned, run

from pellucid.engines.native.layout import Maps
from pellucid.engines.native.machine import Target, available
from pellucid.engines.native.samples.borders import Border, Copy, Fold
from pellucid.layers.geometry import pad, unpad
from pellucid.window import Window

UNTOUCHED = np.float32(-77)
TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
HALOS = [(1, 2, 3, 0), (2, 2, 2, 2), (0, 3, 0, 1), (0, 0, 0, 0)]


def windows(maps: Maps) -> tuple[Window, Window]:
    """Windows whose padding is the halo."""
    return Window(1, padding=(maps.top, maps.bottom)), Window(1, padding=(maps.left, maps.right))


def planes(maps: Maps, buffer: np.ndarray) -> np.ndarray:
    """The padded maps (lanes, channels, rows, columns) of a buffer, as a view."""
    rows = maps.top + maps.height + maps.bottom
    used = buffer.reshape(maps.channels, maps.plane, -1)[:, : rows * maps.row]
    return np.moveaxis(used.reshape(maps.channels, rows, maps.row, -1), -1, 0)


def inside(maps: Maps, buffer: np.ndarray) -> np.ndarray:
    """The maps of a buffer, as a view."""
    return planes(maps, buffer)[..., maps.top : maps.top + maps.height, maps.left : maps.left + maps.width]


def whole_numbers(maps: Maps, target: Target, seed: int) -> np.ndarray:
    """A buffer full of small whole numbers, halo and gaps included."""
    numbers = np.random.default_rng(seed).integers(-8, 9, (maps.size, target.lanes))
    return aligned(numbers.astype(np.float32))


@TARGETS
@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("halo", HALOS, ids=str)
def test_border_is_the_padding(halo: tuple[int, int, int, int], mode: str, target: Target) -> None:
    """A filled halo equals the padding of every mode, corners included, and the maps are as they were."""
    for maps in (Maps(3, 4, 5, *halo), Maps(2, 8, 8, *halo), Maps(1, 4, 4, *halo)):
        buffer = whole_numbers(maps, target, 1)
        before = buffer.copy()
        run(Border(maps, mode), buffer, target=target)
        np.testing.assert_array_equal(planes(maps, buffer), pad(inside(maps, before), *windows(maps), mode=mode))
        gaps = maps.plane - planes(maps, buffer)[0, 0].size
        if gaps:
            np.testing.assert_array_equal(
                buffer.reshape(maps.channels, maps.plane, -1)[:, -gaps:],
                before.reshape(maps.channels, maps.plane, -1)[:, -gaps:],
            )


@TARGETS
@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("halo", HALOS, ids=str)
def test_fold_is_the_adjoint(halo: tuple[int, int, int, int], mode: str, target: Target) -> None:
    """Each place collects the gradient of its copies in the halo."""
    for maps in (Maps(3, 4, 5, *halo), Maps(1, 8, 8, *halo)):
        buffer = whole_numbers(maps, target, 2)
        expected = unpad(planes(maps, buffer).copy(), *windows(maps), (maps.height, maps.width), mode=mode)
        run(Fold(maps, mode), buffer, target=target)
        np.testing.assert_array_equal(inside(maps, buffer), expected)


@TARGETS
@pytest.mark.parametrize("add", [False, True], ids=["store", "add"])
def test_copy_keeps_the_halo(add: bool, target: Target) -> None:
    """The maps arrive in the other layout, and what lies around them there is as it was."""
    layouts = [Maps(3, 5, 4), Maps(3, 5, 4, 1, 0, 2, 1), Maps(3, 5, 4, 0, 1, 0, 0)]
    for x in layouts:
        for y in layouts:
            source, result = whole_numbers(x, target, 3), whole_numbers(y, target, 4)
            expected = result.copy()
            inside(y, expected)[...] = inside(x, source) + (inside(y, result) if add else 0)
            run(Copy(x, y, add), source, result, target=target)
            np.testing.assert_array_equal(result, expected)

"""Layers that move numbers: every number comes from where the layer says, in all lanes, and its gradient goes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from engines.native.channels.arrays import laid_out, room, value_of
from engines.native.harness import aligned, run

from pellucid.engines.native.channels.moving import Lay, Pick, laid, picked
from pellucid.engines.native.channels.packing import blocked_of
from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.layout import Maps, maps_of
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.moving import Gather, Scatter, Tables, tables_of
from pellucid.layers import ChannelShuffle, Pad2d, Permute, PixelShuffle, Slice, Upsample
from pellucid.layers.movement import Movement

UNTOUCHED = np.float32(-77)
CASES: list[tuple[Movement, tuple[int, int, int]]] = [
    (Slice(7), (33, 3, 5)),
    (Slice(1, 30, 3), (31, 2, 3)),
    (Slice(-5, step=2, axis=1), (17, 7, 4)),
    (Slice(1, -1, axis=2), (3, 2, 9)),
    (ChannelShuffle(2), (58, 3, 4)),
    (ChannelShuffle(8), (48, 2, 2)),
    (ChannelShuffle(3), (21, 1, 1)),
    (Pad2d(((1, 2), (0, 3)), value=0.5), (17, 3, 5)),
    (Pad2d((2, 3), mode="reflect"), (16, 5, 5)),
    (Pad2d(((3, 1), (2, 0)), mode="replicate"), (7, 2, 3)),
    (Pad2d((1, 2), mode="circular", channels=(3, 14), value=-2.0), (9, 4, 5)),
    (PixelShuffle(2), (68, 3, 5)),
    (PixelShuffle(3, order="DCR"), (9, 4, 4)),
    (Permute((1, 2, 0)), (18, 5, 3)),
    (Permute((2, 0, 1)), (5, 17, 19)),
    (Upsample((3.0, 2.0)), (17, 5, 7)),
    (Upsample(0.7, mode="nearest-exact"), (3, 9, 11)),
]
IDS = [f"{layer} on {shape}" for layer, shape in CASES]
TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
cases = pytest.mark.parametrize(("layer", "shape"), CASES, ids=IDS)


@dataclass(frozen=True)
class Moved:
    """A layer's numbers before and after, for some samples, and how often each is copied."""

    x: np.ndarray
    y: np.ndarray
    places: np.ndarray

    @staticmethod
    def by(layer: Movement, shape: tuple[int, int, int], samples: int) -> Moved:
        """What a layer makes of numbers that are all different."""
        x = np.arange(samples * int(np.prod(shape)), dtype=np.float32).reshape(samples, *shape) + 1
        places = layer.places(shape)
        y = np.where(places < 0, np.float32(layer.filling), x.reshape(samples, -1)[:, places])
        return Moved(x, y, places)


def vectors(maps: Maps, value: np.ndarray) -> np.ndarray:
    """A value (samples, C, H, W) in sample lanes, with something in the halo that is to be left alone."""
    array = aligned(np.full((maps.size, len(value)), UNTOUCHED))
    array[at(maps)] = value.reshape(len(value), -1).T
    return array


def at(maps: Maps) -> np.ndarray:
    """The vectors that hold numbers."""
    return maps.at(
        *np.unravel_index(np.arange(maps.channels * maps.height * maps.width), (maps.channels, maps.height, maps.width))
    )


@TARGETS
@cases
def test_in_sample_lanes(layer: Movement, shape: tuple[int, int, int], target: Target) -> None:
    """Forward every number is where it belongs; backward every gradient is the sum of its copies', halos left alone."""
    moved = Moved.by(layer, shape, target.lanes)
    x, y = Maps(*shape, top=1, left=2), maps_of(moved.y.shape[1:]).with_halo(0, 1, 0, 2)
    tables = tables_of(moved.places, at(x))
    made = vectors(y, np.zeros_like(moved.y))
    run(Gather(tables, y, layer.filling), vectors(x, moved.x), made, target=target)
    np.testing.assert_array_equal(made, vectors(y, moved.y))
    grad = np.arange(moved.y.size, dtype=np.float32).reshape(moved.y.shape) % 97
    (wanted,) = layer.backward(grad, moved.x, y=moved.y, w={}, run=None).inputs  # pyright: ignore[reportArgumentType]
    found = vectors(x, np.full_like(moved.x, 3))
    run(Scatter(tables, y, add=True), vectors(y, grad), found, target=target)
    np.testing.assert_array_equal(found, vectors(x, wanted + 3))
    if len(np.unique(moved.places[moved.places >= 0])) == (moved.places >= 0).sum():
        found = vectors(x, np.zeros_like(moved.x))
        run(Scatter(tables, y, add=False), vectors(y, grad), found, target=target)
        np.testing.assert_array_equal(found, vectors(x, wanted))


def kernel_of(layer: Movement, shape: tuple[int, int, int], lanes: int) -> Pick | Lay:
    """The kernel in channel lanes, with halos."""
    places = layer.places(shape)
    x, y = blocked_of(shape, lanes).with_halo(1, 0, 0, 2), blocked_of(places.shape, lanes).with_halo(0, 1, 2, 0)
    return picked(places, shape, x, y, layer.filling) or laid(places, y)


@TARGETS
@cases
def test_in_channel_lanes(layer: Movement, shape: tuple[int, int, int], target: Target) -> None:
    """Every number is where it belongs; around the map and in lanes without a channel are zeros."""
    moved, kernel = Moved.by(layer, shape, 1), kernel_of(layer, shape, target.lanes)
    x = laid_out(moved.x[0], kernel.x) if isinstance(kernel, Pick) else aligned(moved.x[0])
    y = room(kernel.y)
    for item in reversed(range(kernel.items)):
        run(kernel, x, y, item=item, target=target)
    np.testing.assert_array_equal(value_of(y, kernel.y), moved.y[0])
    assert isinstance(kernel, Pick) == (not isinstance(layer, PixelShuffle | Permute))


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_is_put_aside(target: Target) -> None:
    """Shuffles of many sources stay in registers on every instruction set."""
    for layer, shape in ((ChannelShuffle(8), (128, 5, 6)), (PixelShuffle(2), (64, 3, 5))):
        kernel = kernel_of(layer, shape, target.lanes)
        assert spills(assembly(kernel.text(target)[1], target, str(kernel))) == 0


def test_large_blocks_are_shared() -> None:
    """Large maps are cut into blocks of channels, of which those that are alike have one piece of code."""
    kernel = kernel_of(ChannelShuffle(2), (128, 16, 16), 16)
    assert isinstance(kernel, Pick)
    assert kernel.items == 8
    assert (
        kernel.text(x86("avx512"))[1].count("shufflevector")
        < kernel_of(Slice(1), (128, 16, 16), 16).text(x86("avx512"))[1].count("shufflevector") * 4
    )


def test_numbers_that_do_not_add_up_are_refused() -> None:
    """A table of places is no sum of three axes where a diagonal is taken: the kernel would copy others."""
    with pytest.raises(AssertionError, match="each axis has a say of its own"):
        tables_of(np.array([[[0, 1], [3, 2]]]), np.arange(4))
    assert tables_of(np.array([[[0, 1], [2, 3]]]), np.arange(4)) == Tables((0,), (0, 2), (0, 1))

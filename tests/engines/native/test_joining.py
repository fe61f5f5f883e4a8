"""Branches join, and values are flattened and brought back, as their layers define."""

from __future__ import annotations

import numpy as np
import pytest
from engines.native.harness import aligned, run

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.layout import Maps
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.joining import AddForward, FlattenHWC, UnflattenHWC, channel_range
from pellucid.layers import Add, Flatten
from pellucid.layers.base import Run

UNTOUCHED = np.float32(-77)
TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)


def places(maps: Maps) -> list[int]:
    """The vectors that hold numbers, in the order of a sample's numbers."""
    return [maps.at(c, y, x) for c in range(maps.channels) for y in range(maps.height) for x in range(maps.width)]


def laid(maps: Maps, samples: np.ndarray) -> np.ndarray:
    """Samples (lanes, ...) in a layout whose halo holds what must not be touched."""
    laid = aligned(np.full((maps.size, len(samples)), UNTOUCHED))
    laid[places(maps)] = samples.reshape(len(samples), -1).T
    return laid


def taken(maps: Maps, laid: np.ndarray) -> np.ndarray:
    """The samples (lanes, numbers) in a layout; the halo must be as it was."""
    assert (np.delete(laid, places(maps), axis=0) == UNTOUCHED).all()
    return laid[places(maps)].T


@TARGETS
@pytest.mark.parametrize(
    "maps",
    [
        (Maps(7, dense=True),) * 3,
        (Maps(3, 5, 3), Maps(3, 5, 3, 1, 2, 2, 1), Maps(3, 5, 3, 0, 0, 1, 0)),
        (Maps(2, 8, 8), Maps(2, 8, 8), Maps(2, 8, 8, dense=True), Maps(2, 8, 8, 1)),
    ],
    ids=["vectors", "halo", "planes"],
)
def test_sums(maps: tuple[Maps, ...], target: Target) -> None:
    """Two or more values of any layouts are added from the first to the last."""
    *inputs, output = maps
    shape = (target.lanes, output.channels, output.height, output.width)
    random = np.random.default_rng(1)
    values = [random.normal(size=shape).astype(np.float32) for _ in inputs]
    values[0][0, 0] = np.nan
    y = laid(output, np.zeros(shape, np.float32))
    run(AddForward(tuple(inputs), output), *map(laid, inputs, values), y, target=target)
    np.testing.assert_array_equal(taken(output, y), Add().forward(*values, w={}, run=Run()).reshape(target.lanes, -1))


@TARGETS
@pytest.mark.parametrize("maps", [Maps(3, 2, 5), Maps(7, 3, 2, 1, 2, 1, 0), Maps(1, 4, 4)], ids=["maps", "halo", "one"])
def test_flattening_with_channels_last(maps: Maps, target: Target) -> None:
    """Numbers are laid out by rows, columns, channels, and gradients find their way back."""
    layer, shape = Flatten(order="HWC"), (target.lanes, maps.channels, maps.height, maps.width)
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    flat = Maps(maps.channels * maps.height * maps.width, dense=True)
    y = laid(flat, np.zeros(shape, np.float32))
    run(FlattenHWC(maps), laid(maps, values), y, target=target)
    expected = layer.forward(values, w={}, run=Run())
    np.testing.assert_array_equal(taken(flat, y), expected)
    (back,) = layer.backward(-expected, values, y=expected, w={}, run=Run()).inputs
    for add in (False, True):
        dx = laid(maps, np.ones(shape, np.float32))
        run(UnflattenHWC(maps, add), laid(flat, -expected), dx, target=target)
        np.testing.assert_array_equal(taken(maps, dx), back.reshape(target.lanes, -1) + add)


@pytest.mark.parametrize("maps", [Maps(5, 3, 2, 1, 0, 1, 2), Maps(5, 8, 8), Maps(5, dense=True)])
def test_channels_within_a_layout(maps: Maps) -> None:
    """A range of channels lies where these channels of the whole lie."""
    part, start = channel_range(maps, 2, 3)
    height, width = maps.height - 1, maps.width - 1
    assert part.channels == 3
    assert start + part.at(1, height, width) == maps.at(3, height, width)
    assert start + part.size == maps.size


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_is_put_aside(target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    maps = Maps(3, 9, 9, 1, 1, 1, 1)
    for kernel in (AddForward((maps,) * 4, maps), FlattenHWC(maps), UnflattenHWC(maps, True)):
        _, text = kernel.text(target)
        assert spills(assembly(text, target, str(kernel))) == 0

"""Packing is a transpose: every number of every real sample comes to its place, and nothing else is touched."""

from __future__ import annotations

import math

import numpy as np
import pytest
from engines.native.harness import aligned, run

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.layout import Maps
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.packing import Pack, Unpack

UNTOUCHED = np.float32(-77)

LAYOUTS = [
    ((1, 1, 1), Maps(1)),
    ((3,), Maps(3, dense=True)),
    ((10,), Maps(10, dense=True)),
    ((33,), Maps(33, dense=True)),
    ((1, 5, 7), Maps(1, 5, 7)),  # one run
    ((2, 8, 8), Maps(2, 8, 8)),  # a gap between planes
    ((3, 5, 19), Maps(3, 5, 19, 2, 1, 2, 3)),  # gaps between rows
    ((2, 3, 2), Maps(2, 3, 2, 1, 1, 1, 1)),  # rows of half a square
    ((3, 4, 1), Maps(3, 4, 1, 0, 0, 1, 0)),  # rows of one number
    ((2, 2, 16), Maps(2, 2, 16, 3, 0, 0, 0)),  # whole planes, with rows above
]


def places(maps: Maps) -> list[int]:
    """The vectors that hold numbers, in the order of a sample's numbers."""
    return [maps.at(c, y, x) for c in range(maps.channels) for y in range(maps.height) for x in range(maps.width)]


def images(count: int, size: int, offset: int) -> np.ndarray:
    """Samples of distinct numbers that start `offset` numbers after a multiple of 64 bytes."""
    room = aligned(np.full(offset + count * size, UNTOUCHED, np.float32))
    room[offset:] = np.arange(count * size)
    return room[offset:]


@pytest.mark.parametrize(("shape", "maps"), LAYOUTS, ids=lambda value: str(value) if isinstance(value, tuple) else "")
@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
def test_samples_come_to_their_lanes_and_back(shape: tuple[int, ...], maps: Maps, target: Target) -> None:
    """Lanes hold the block's samples, free lanes zeros; unpacking writes the real samples alone."""
    size, lanes = math.prod(shape), target.lanes
    for real in {1, 2, lanes - 1, lanes, lanes + 3}:
        here = min(real, lanes)
        source = images(real, size, 3)
        packed = aligned(np.full((maps.size, lanes), UNTOUCHED))
        count = aligned(np.array([real], np.int64))
        run(Pack(shape, maps), source, count, packed, target=target)
        samples = np.zeros((lanes, size), np.float32)
        samples[:here] = source.reshape(real, size)[:here]
        np.testing.assert_array_equal(packed[places(maps)], samples.T)
        assert (np.delete(packed, places(maps), axis=0) == UNTOUCHED).all()

        packed[:, here:] = np.nan
        back = images(lanes + 1, size, 1)
        back[...] = UNTOUCHED
        run(Unpack(maps, shape), packed, count, back, target=target)
        np.testing.assert_array_equal(back[: here * size], source[: here * size])
        assert (back[here * size :] == UNTOUCHED).all()


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
@pytest.mark.parametrize("maps", [Maps(3, 32, 32, 1, 1, 1, 1), Maps(10, dense=True)], ids=["maps", "vector"])
def test_nothing_is_put_aside(maps: Maps, target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    shape = (3, 32, 32) if maps.height > 1 else (10,)
    for kernel in (Pack(shape, maps), Unpack(maps, shape)):
        _, text = kernel.text(target)
        assert spills(assembly(text, target, str(kernel))) == 0

"""Dropout in sample lanes drops what the layer's definition drops, bit for bit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from engines.native.harness import aligned, run

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.layout import Maps
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.dropout import DropoutForward
from pellucid.layers import Dropout, Dropout2d
from pellucid.layers.base import Run
from pellucid.random import name_key, uniform

TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
SEEDS = [0, 3, 2**63 + 12345, -1]
STEPS = [0, 7, 2**32 + 5]


def places(maps: Maps) -> list[int]:
    """The vectors that hold numbers."""
    return [maps.at(c, y, x) for c in range(maps.channels) for y in range(maps.height) for x in range(maps.width)]


def key(seed: int, step: int) -> np.ndarray:
    """Seed and step as four words."""
    return aligned(np.array([seed & (2**64 - 1), step], np.uint64).view(np.uint32))


def dropped(
    layer: Dropout, layouts: tuple[Maps, Maps], target: Target, seed: int = 3, step: int = 7, *, add: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """What the kernel makes of numbers, and what the definition makes of them, (C * H * W, lanes) each."""
    x_maps, y_maps = layouts
    random = np.random.default_rng(5)
    samples = aligned(random.integers(0, 2**40, target.lanes))
    samples[0] = 0
    shape = x_maps.channels, x_maps.height, x_maps.width
    x = random.normal(size=(target.lanes, *shape)).astype(np.float32)
    given = aligned(np.full((x_maps.size, target.lanes), np.nan, np.float32))
    given[places(x_maps)] = x.reshape(target.lanes, -1).T
    y = aligned(np.ones((y_maps.size, target.lanes), np.float32))
    per_map = isinstance(layer, Dropout2d)
    kernel = DropoutForward(x_maps, y_maps, layer.p, name_key("dropout1"), per_map, add)
    run(kernel, given, samples, key(seed, step), y, target=target)
    wanted = layer.forward(x, w={}, run=Run(training=True, seed=seed, step=step, samples=samples, layer="dropout1"))
    assert (np.delete(y, places(y_maps), axis=0) == 1).all()
    return y[places(y_maps)], wanted.reshape(target.lanes, -1).T + np.float32(add)


@TARGETS
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("step", STEPS)
def test_any_seed_and_step_give_the_same_mask(seed: int, step: int, target: Target) -> None:
    """Seeds and steps count with all bits that the definition reads, sample numbers too."""
    got, wanted = dropped(Dropout(0.3), (Maps(23, dense=True), Maps(23, dense=True)), target, seed, step)
    np.testing.assert_array_equal(got, wanted)


LAYOUTS = [
    (Maps(1), Maps(1)),
    (Maps(4, dense=True), Maps(4, dense=True)),
    (Maps(3, 4, 8, 1, 1, 1, 1), Maps(3, 4, 8)),  # rows of whole counters
    (Maps(11, 3, 1, 0, 1), Maps(11, 3, 1)),
    (Maps(3, 5, 7), Maps(3, 5, 7, 2, 1, 1, 2)),  # counters that go over the ends of rows and maps
]


@TARGETS
@pytest.mark.parametrize("layouts", LAYOUTS, ids=str)
@pytest.mark.parametrize("layer", [Dropout(0.5), Dropout2d(0.4)], ids=["numbers", "maps"])
def test_masks_follow_the_order_of_a_samples_numbers(
    layer: Dropout, layouts: tuple[Maps, Maps], target: Target
) -> None:
    """The mask is laid over a sample's numbers in their order, whatever the layout."""
    got, wanted = dropped(layer, layouts, target)
    np.testing.assert_array_equal(got, wanted)
    got, wanted = dropped(layer, layouts, target, add=True)
    np.testing.assert_array_equal(got, wanted)


@TARGETS
@pytest.mark.parametrize("p", [0.0, 1e-30, 0.1, 1 - 1e-9, 1.0])
def test_the_probability_is_compared_as_float32(p: float, target: Target) -> None:
    """At the ends of [0, 1] and between, what is dropped and what the rest is multiplied with are the definition's."""
    got, wanted = dropped(Dropout(p), (Maps(9, dense=True), Maps(9, dense=True)), target)
    np.testing.assert_array_equal(got, wanted)


@TARGETS
def test_a_number_that_meets_p_is_kept(target: Target) -> None:
    """A chance of exactly p keeps its number, and the next float32 above p drops it."""
    maps = Maps(8, dense=True)
    samples = aligned(np.arange(target.lanes))
    chances = uniform(3, 7, "dropout1", samples, 8)
    p = float(chances[0, 5])
    for bound, kept in ((p, True), (float(np.nextafter(np.float32(p), np.float32(1))), False)):
        y = aligned(np.zeros((8, target.lanes), np.float32))
        kernel = DropoutForward(maps, maps, bound, name_key("dropout1"))
        run(kernel, aligned(np.ones((8, target.lanes), np.float32)), samples, key(3, 7), y, target=target)
        assert (y[5, 0] != 0) == kept
        assert math.isclose(y.max(), 1 / (1 - bound), rel_tol=2**-24)


@TARGETS
def test_infinities_times_nothing_are_not_a_number(target: Target) -> None:
    """A dropped number is multiplied with 0: what is left is 0, -0 of a negative number, and NaN of infinity."""
    maps = Maps(4, dense=True)
    x = aligned(np.zeros((4, target.lanes), np.float32))
    x[:] = np.array([1, -1, np.inf, np.nan], np.float32)[:, None]
    y = aligned(np.ones_like(x))
    run(DropoutForward(maps, maps, 1.0, 0), x, aligned(np.arange(target.lanes)), key(0, 0), y, target=target)
    assert (y[:2] == 0).all()
    assert np.signbit(y[1]).all()
    assert np.isnan(y[2:]).all()


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_is_put_aside(target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    for layouts, per_map in [*((layouts, False) for layouts in LAYOUTS[1:]), ((Maps(9, 5, 7), Maps(9, 5, 7)), True)]:
        kernel = DropoutForward(*layouts, 0.5, 77, per_map, add=True)
        _, text = kernel.text(target)
        assert spills(assembly(text, target, str(kernel))) == 0, kernel

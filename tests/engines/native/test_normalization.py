"""Batch norm in sample lanes gives what the layer's definition gives in double precision, within a few roundings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from engines.native.harness import aligned, run

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.layout import Maps
from pellucid.engines.native.machine import Target, available, host, neon, x86
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.normalization import Combine, Moments, Normalize, NormalizeRunning
from pellucid.engines.native.samples.normalization_gradient import BatchNormInputGradient, BatchNormSums, CombineSums
from pellucid.engines.native.samples.sums import partial_size
from pellucid.layers import BatchNorm2d
from pellucid.layers.base import Run

TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
U = 2.0**-24

LAYOUTS = [
    (Maps(1), Maps(1)),
    (Maps(5, 2, 3), Maps(5, 2, 3, 1, 1, 1, 1)),
    (Maps(3, 5, 7, 2, 1, 1, 2), Maps(3, 5, 7)),
    (Maps(2, 8, 8), Maps(2, 8, 8)),
    (Maps(1, 33, 33), Maps(1, 33, 33)),  # more than is added up in one go
]


@dataclass
class Batch:
    """A batch in blocks of lanes; free lanes repeat the last sample, and their gradient is zero."""

    lanes: int
    x: np.ndarray  # (N, C, H, W)

    @property
    def blocks(self) -> int:
        """How many blocks it takes."""
        return -(-len(self.x) // self.lanes)

    def lay(self, values: np.ndarray, maps: Maps, block: int, *, free: float | None = None) -> np.ndarray:
        """One block of values; what is no place is NaN, so that reading it would show."""
        numbers = np.arange(block * self.lanes, (block + 1) * self.lanes)
        chosen = values[np.minimum(numbers, len(values) - 1)].astype(np.float32)
        if free is not None:
            chosen[numbers >= len(values)] = free
        room = np.full((maps.size, self.lanes), np.nan, np.float32)
        room[places(maps)] = chosen.reshape(self.lanes, -1).T
        return aligned(room)

    def mask(self, block: int) -> np.ndarray:
        """One for real samples, zero for free lanes."""
        numbers = np.arange(block * self.lanes, (block + 1) * self.lanes)
        return aligned((numbers < len(self.x)).astype(np.float32))

    def gather(self, laid: list[np.ndarray], maps: Maps) -> np.ndarray:
        """All blocks' values, (blocks * lanes, C, H, W), free lanes too."""
        flat = np.concatenate([block[places(maps)].T for block in laid])
        return flat.reshape(-1, maps.channels, maps.height, maps.width)


def places(maps: Maps) -> list[int]:
    """The vectors that hold numbers."""
    return [maps.at(c, y, x) for c in range(maps.channels) for y in range(maps.height) for x in range(maps.width)]


def statistics(
    batch: Batch, maps: Maps, layer: BatchNorm2d, target: Target, running: list[np.ndarray], updates: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of a batch, through a block's moments and their combination."""
    channels, size = maps.channels, partial_size(maps.channels) // 4
    partial = aligned(np.full((batch.blocks, size), np.nan, np.float32))
    for b in range(batch.blocks):
        room = aligned(np.full(size, np.nan, np.float32))
        run(Moments(maps), batch.lay(batch.x, maps, b), batch.mask(b), room, target=target)
        partial[b] = room
    mean, deviation = (aligned(np.zeros(channels, np.float32)) for _ in range(2))
    counts = aligned(np.array([batch.blocks])), aligned(np.array([len(batch.x)], np.float32))
    places = maps.height * maps.width
    kernel = Combine(channels, places, layer.eps, layer.momentum, layer.unbiased, size, updates)
    run(kernel, partial, *counts, mean, deviation, *running, target=target)
    return mean, deviation


def gradient(
    batch: Batch,
    dy: np.ndarray,
    layouts: tuple[Maps, Maps],
    weight: np.ndarray | None,
    layer: BatchNorm2d,
    target: Target,
) -> tuple[np.ndarray, np.ndarray]:
    """The input's gradient, free lanes too, and the sums."""
    x_maps, dy_maps = layouts
    running = [aligned(np.zeros(x_maps.channels, np.float32)) for _ in range(2)]
    mean, deviation = statistics(batch, x_maps, layer, target, running)
    size = partial_size(x_maps.channels) // 4
    partial = aligned(np.full((batch.blocks, size), np.nan, np.float32))
    pairs = [(batch.lay(batch.x, x_maps, b), batch.lay(dy, dy_maps, b, free=0.0)) for b in range(batch.blocks)]
    for b, (x, g) in enumerate(pairs):
        room = aligned(np.full(size, np.nan, np.float32))
        run(BatchNormSums(x_maps, dy_maps), x, g, mean, deviation, room, target=target)
        partial[b] = room
    sums = aligned(np.zeros((2, x_maps.channels), np.float32))
    run(CombineSums(x_maps.channels, size), partial, aligned(np.array([batch.blocks])), sums, target=target)
    count = aligned(np.array([len(batch.x)], np.float32))
    learned = [] if weight is None else [aligned(weight)]
    results: list[np.ndarray] = []
    for b, (x, g) in enumerate(pairs):
        dx = aligned(np.full((x_maps.size, batch.lanes), np.nan, np.float32))
        kernel = BatchNormInputGradient(x_maps, dy_maps, x_maps, layer.affine)
        run(kernel, x, g, mean, deviation, *learned, sums, count, batch.mask(b), dx, target=target)
        adding = BatchNormInputGradient(x_maps, dy_maps, x_maps, layer.affine, add=True)
        added = aligned(dx)
        run(adding, x, g, mean, deviation, *learned, sums, count, batch.mask(b), added, target=target)
        np.testing.assert_array_equal(added[places(x_maps)], 2 * dx[places(x_maps)])
        results.append(dx)
    return batch.gather(results, x_maps), sums


@TARGETS
@pytest.mark.parametrize("layouts", LAYOUTS, ids=str)
@pytest.mark.parametrize("center", [0.0, 1e4], ids=["centred", "far"])
def test_training_normalises_with_the_batch(layouts: tuple[Maps, Maps], center: float, target: Target) -> None:
    """Statistics, running averages and y are the definition's over real samples, however far the mean is from 0."""
    x_maps, y_maps = layouts
    random = np.random.default_rng(1)
    layer = BatchNorm2d(eps=1e-3, unbiased=target == host())
    shape = x_maps.channels, x_maps.height, x_maps.width
    for count in (target.lanes + 2, 1):
        x = (random.normal(size=(count, *shape)) + center).astype(np.float32)
        batch = Batch(target.lanes, x)
        w = {name: random.normal(size=shape[0]).astype(np.float32) for name in ("weight", "bias", "running_mean")}
        w["running_var"] = random.random(shape[0], np.float32)
        running = [aligned(w[name]) for name in ("running_mean", "running_var")]
        mean, deviation = statistics(batch, x_maps, layer, target, running)
        wide = {name: value.astype(np.float64) for name, value in w.items()}
        exact = x.astype(np.float64)
        variance = exact.var(axis=(0, 2, 3))
        np.testing.assert_allclose(mean, exact.mean(axis=(0, 2, 3)), rtol=2 * U, atol=U)
        np.testing.assert_allclose(deviation, np.sqrt(variance + layer.eps), rtol=4 * U)
        for got, wanted in zip(running, layer.updates(exact, w=wide).values(), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=8 * U, atol=2 * U)

        laid: list[np.ndarray] = []
        for b in range(batch.blocks):
            y = aligned(np.full((y_maps.size, target.lanes), np.nan, np.float32))
            given = batch.lay(x, x_maps, b), mean, deviation, aligned(w["weight"]), aligned(w["bias"]), y
            run(Normalize(x_maps, y_maps, True), *given, target=target)
            laid.append(y)
        wanted = layer.forward(exact, w=wide, run=Run(training=True))
        # The mean is a float32 number, and so is what differs from it.
        tolerance = (
            (8 * np.abs(wanted).max() + 2 * (center / deviation.min() + 1)) * U * (1 + np.abs(w["weight"]).max())
        )
        assert np.abs(batch.gather(laid, y_maps)[:count] - wanted).max() <= tolerance


@TARGETS
def test_averages_stay_where_they_are_asked_to(target: Target) -> None:
    """Without updates the running averages are left alone, whatever they hold."""
    maps = Maps(3, 2, 2)
    batch = Batch(target.lanes, np.random.default_rng(2).normal(size=(3, 3, 2, 2)))
    running = [aligned(np.full(3, np.nan, np.float32)), aligned(np.full(3, 7, np.float32))]
    statistics(batch, maps, BatchNorm2d(), target, running, updates=False)
    assert np.isnan(running[0]).all()
    assert (running[1] == 7).all()


@TARGETS
@pytest.mark.parametrize("affine", [True, False], ids=["affine", "plain"])
def test_evaluation_normalises_with_the_running_averages(affine: bool, target: Target) -> None:
    """In evaluation y comes from the running averages; an activation is applied on the way."""
    maps, layer = Maps(3, 2, 5, 1, 0, 0, 1), BatchNorm2d(affine=affine)
    random = np.random.default_rng(3)
    x = random.normal(size=(target.lanes, 3, 2, 5)).astype(np.float32)
    w = {name: random.random(3, np.float32) for name in layer.weights((3, 2, 5))}
    y = aligned(np.full((maps.size, target.lanes), np.nan, np.float32))
    kernel = NormalizeRunning(maps, maps, layer.eps, affine, Activation("relu"))
    names = ["running_mean", "running_var", *(("weight", "bias") if affine else ())]
    batch = Batch(target.lanes, x)
    run(kernel, batch.lay(x, maps, 0), *(aligned(w[name]) for name in names), y, target=target)
    wide = {name: value.astype(np.float64) for name, value in w.items()}
    wanted = np.maximum(layer.forward(x.astype(np.float64), w=wide, run=Run(training=False)), 0)
    np.testing.assert_allclose(batch.gather([y], maps), wanted, rtol=8 * U, atol=16 * U)


@TARGETS
@pytest.mark.parametrize("layouts", LAYOUTS, ids=str)
@pytest.mark.parametrize("center", [0.0, 1e4], ids=["centred", "far"])
def test_gradients_go_through_mean_and_variance(layouts: tuple[Maps, Maps], center: float, target: Target) -> None:
    """The gradients of input, weight and bias are the definition's; free lanes get exactly 0."""
    random = np.random.default_rng(4)
    x_maps = layouts[0]
    layer = BatchNorm2d(affine=x_maps.channels != 2)
    shape = target.lanes + 3, x_maps.channels, x_maps.height, x_maps.width
    x, dy = (random.normal(size=shape).astype(np.float32) for _ in range(2))
    x += np.float32(center)
    w = {name: random.random(shape[1], np.float32) for name in ("weight", "bias")} if layer.affine else {}
    got, sums = gradient(Batch(target.lanes, x), dy, layouts, w.get("weight"), layer, target)
    wide = {name: value.astype(np.float64) for name, value in w.items()}
    exact = [value.astype(np.float64) for value in (dy, x)]
    wanted = layer.backward(*exact, y=exact[1], w=wide, run=Run(training=True))
    tolerance = (32 + 8 * center) * U * np.abs(dy).max() * 2
    assert np.abs(got[: len(x)] - wanted.inputs[0]).max() <= tolerance
    assert (got[len(x) :] == 0).all()
    normal = (exact[1] - exact[1].mean(axis=(0, 2, 3), keepdims=True)) / exact[1].std(axis=(0, 2, 3), keepdims=True)
    count = len(x) * shape[2] * shape[3]
    np.testing.assert_allclose(sums[0], dy.sum(axis=(0, 2, 3), dtype=np.float64), atol=count * U)
    for name, row in (("bias", 0), ("weight", 1)) if layer.affine else ():
        off = np.abs(sums[row] - wanted.weights[name]).max()
        assert off <= count * U * (4 + center) * (1 + np.abs(normal).max()) / 4


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_is_put_aside(target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    maps, bare = Maps(5, 14, 14, 1, 1, 1, 1), Maps(5, 14, 14)
    for kernel in (
        Moments(maps),
        Combine(5, 196, 1e-5, 0.1, True, 32),
        Normalize(maps, bare, True, Activation("relu")),
        NormalizeRunning(maps, bare, 1e-5, True, Activation("relu")),
        BatchNormSums(bare, maps),
        CombineSums(5, 32),
        BatchNormInputGradient(bare, maps, bare, True, add=True),
    ):
        _, text = kernel.text(target)
        assert spills(assembly(text, target, str(kernel))) == 0, kernel

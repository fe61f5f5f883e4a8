"""Bilinear upsampling weighs what the layer says, and shares gradients likewise, in all lanes."""

from __future__ import annotations

import numpy as np
import pytest
from engines.native.channels.arrays import laid_out, room, value_of
from engines.native.harness import run
from engines.native.test_moving import vectors

from pellucid import Input, Network
from pellucid.engines.native.channels.packing import blocked_of
from pellucid.engines.native.channels.resizing import Resize as ChannelResize
from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.layout import maps_of
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.resizing import Resize, ResizeGradient, Share
from pellucid.engines.native.samples.rules.resizing import shares_of
from pellucid.layers import Upsample
from pellucid.layers.base import Run

CASES = [
    (Upsample(2, mode="bilinear"), (17, 3, 5)),
    (Upsample(4, mode="bilinear"), (2, 5, 2)),
    (Upsample((0.5, 2.0), mode="bilinear"), (33, 6, 1)),
    (Upsample(size=(9, 5), mode="bilinear", align_corners=True), (3, 3, 3)),
]
TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
cases = pytest.mark.parametrize(("layer", "shape"), CASES, ids=str)


def shares(layer: Upsample, shape: tuple[int, int, int]) -> tuple[tuple[Share, ...], tuple[Share, ...]]:
    """What rows and columns weigh: halves, quarters and eighths in these cases, so that all sums are exact."""
    x = Input(shape)
    return shares_of(Network(x, layer(x)).nodes[-1])


@TARGETS
@cases
def test_in_sample_lanes(layer: Upsample, shape: tuple[int, int, int], target: Target) -> None:
    """Values and gradients are the definition's to the last bit, and halos are left alone."""
    rng = np.random.default_rng(5)
    x = rng.integers(-64, 65, (target.lanes, *shape)).astype(np.float32)
    wanted = layer.forward(x, w={}, run=Run())
    from_, to = maps_of(shape).with_halo(1, 0, 2, 0), maps_of(wanted.shape[1:]).with_halo(0, 1, 0, 2)
    made = vectors(to, np.zeros_like(wanted))
    run(Resize(from_, to, *shares(layer, shape)), vectors(from_, x), made, target=target)
    np.testing.assert_array_equal(made, vectors(to, wanted))
    grad = rng.integers(-64, 65, wanted.shape).astype(np.float32)
    (expected,) = layer.backward(grad, x, y=wanted, w={}, run=Run()).inputs
    found = vectors(from_, np.full_like(x, 2))
    run(ResizeGradient(to, from_, *shares(layer, shape)), vectors(to, grad), found, target=target)
    np.testing.assert_array_equal(found, vectors(from_, expected + 2))


@TARGETS
@cases
def test_in_channel_lanes(layer: Upsample, shape: tuple[int, int, int], target: Target) -> None:
    """Every number is the definition's; around the map and in lanes without a channel are zeros."""
    x = np.random.default_rng(6).integers(-64, 65, (1, *shape)).astype(np.float32)
    wanted = layer.forward(x, w={}, run=Run())[0]
    from_ = blocked_of(shape, target.lanes).with_halo(1, 0, 0, 2)
    to = blocked_of(wanted.shape, target.lanes).with_halo(0, 1, 2, 0)
    kernel, made = ChannelResize(from_, to, *shares(layer, shape)), room(to)
    for item in range(kernel.items):
        run(kernel, laid_out(x[0], from_), made, item=item, target=target)
    np.testing.assert_array_equal(value_of(made, to), wanted)


@TARGETS
def test_what_weighs_nothing_is_not_read(target: Target) -> None:
    """A corner that lies on a place has that place's number alone, however infinite its neighbour is."""
    layer, shape = Upsample(size=(1, 3), mode="bilinear", align_corners=True), (1, 1, 2)
    x = np.full((target.lanes, *shape), np.inf, np.float32)
    x[..., 0] = 1
    from_, to = maps_of(shape), maps_of((1, 1, 3))
    made = vectors(to, np.zeros((target.lanes, 1, 1, 3), np.float32))
    run(Resize(from_, to, *shares(layer, shape)), vectors(from_, x), made, target=target)
    np.testing.assert_array_equal(made[:, 0], [1, np.inf, np.inf])


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_is_put_aside(target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    layer, shape = CASES[0]
    from_, to, told = maps_of(shape), maps_of(layer.output_shape(shape)), shares(*CASES[0])
    for kernel in (Resize(from_, to, *told), ResizeGradient(to, from_, *told)):
        assert spills(assembly(kernel.text(target)[1], target, str(kernel))) == 0

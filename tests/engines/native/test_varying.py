"""Weights that vary along some axes: values, gradients and sums are the definition's, in all lanes."""

from __future__ import annotations

import numpy as np
import pytest
from engines.native.channels.arrays import laid_out, room, value_of
from engines.native.harness import aligned, run
from engines.native.test_moving import vectors

from pellucid import Input, Network
from pellucid.engines import NativeEngine
from pellucid.engines.native.channels.packing import blocked_of
from pellucid.engines.native.channels.varying import Vary as ChannelVary
from pellucid.engines.native.channels.varying import packed
from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.layout import maps_of
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.rules.varying import steps_of
from pellucid.engines.native.samples.varying import Vary, VaryGradient, VaryWeightGradient
from pellucid.layers import Add, BatchNorm2d, Conv2d, PReLU, ReLU6, Scale, SeparableConv2d
from pellucid.layers.base import Run
from pellucid.layers.scaling import Varying

SHAPE = (17, 5, 6)
LAYERS: list[Varying] = [
    PReLU(),
    PReLU(()),
    PReLU((0, 1, 2)),
    PReLU((1,)),
    Scale(trainable=True),
    Scale((0, 2), trainable=True),
    Scale((2,), scale=False, trainable=True),
    Scale((), shift=False, trainable=True),
]
TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
layers = pytest.mark.parametrize("layer", LAYERS, ids=str)


def drawn(layer: Varying, samples: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Whole numbers, zero among them, so that everything is exact."""
    rng = np.random.default_rng(9)
    x = rng.integers(-8, 9, (samples, *SHAPE)).astype(np.float32)
    return x, {name: rng.integers(-4, 5, spec.shape).astype(np.float32) for name, spec in layer.weights(SHAPE).items()}


@TARGETS
@layers
def test_in_sample_lanes(layer: Varying, target: Target) -> None:
    """To the last bit, and halos are left alone; a weight's gradient is added to what is there."""
    x, w = drawn(layer, target.lanes)
    node, slope = layer(Input(SHAPE)), isinstance(layer, PReLU)
    wanted = layer.forward(x, w=w, run=Run())
    from_, to, steps = maps_of(SHAPE).with_halo(1, 0, 2, 0), maps_of(SHAPE).with_halo(0, 1, 0, 2), steps_of(node)
    made, read = vectors(to, np.zeros_like(x)), vectors(from_, x)
    weights = [aligned(weight) for weight in w.values()]
    run(Vary(from_, to, steps, "weight" in w, "bias" in w, slope), read, *weights, made, target=target)
    np.testing.assert_array_equal(made, vectors(to, wanted))
    grad = np.random.default_rng(3).integers(-8, 9, x.shape).astype(np.float32)
    expected = layer.backward(grad, x, y=wanted, w=w, run=Run())
    seen = vectors(to, grad)
    for add in (False, True) if "weight" in w else ():
        found = vectors(from_, np.full_like(x, 3))
        kernel = VaryGradient(from_ if slope else None, to, from_, steps, add)
        run(kernel, *([read] if slope else []), weights[0], seen, found, target=target)
        np.testing.assert_array_equal(found, vectors(from_, expected.inputs[0] + 3 * add))
    for name, gradient in expected.weights.items():
        slab = aligned(np.full(gradient.size + 5, 2, np.float32))
        of = from_ if name == "weight" else None
        kernel = VaryWeightGradient(of, to, steps, slope)
        run(kernel, *([read] if of else []), seen, slab, target=target)
        np.testing.assert_array_equal(slab, np.append(gradient.ravel() + 2, np.full(5, 2)))


@TARGETS
@layers
@pytest.mark.parametrize("activation", [None, Activation("relu6")], ids=str)
def test_in_channel_lanes(layer: Varying, activation: Activation | None, target: Target) -> None:
    """To the last bit; around the map and in lanes without a channel are zeros."""
    x, w = drawn(layer, 1)
    shape = tuple(size if axis in layer.axes else 1 for axis, size in enumerate(SHAPE))
    maps = blocked_of(shape, target.lanes)
    from_ = blocked_of(SHAPE, target.lanes).with_halo(1, 0, 0, 2)
    to = blocked_of(SHAPE, target.lanes).with_halo(0, 1, 2, 0)
    weight, bias = (maps if name in w else None for name in ("weight", "bias"))
    kernel, made = ChannelVary(from_, to, weight, bias, isinstance(layer, PReLU), activation), room(to)
    weights = [aligned(packed(weight.reshape(shape), maps)) for weight in w.values()]
    for item in range(kernel.items):
        run(kernel, laid_out(x[0], from_), *weights, made, item=item, target=target)
    wanted = layer.forward(x, w=w, run=Run())[0]
    np.testing.assert_array_equal(value_of(made, to), np.clip(wanted, 0, 6) if activation else wanted)


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_is_put_aside(target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    maps, blocks = maps_of(SHAPE), blocked_of(SHAPE, target.lanes)
    for kernel in (
        Vary(maps, maps, (1, 0, 0), bias=True),
        VaryGradient(maps, maps, maps, (30, 6, 1)),
        VaryWeightGradient(maps, maps, (6, 0, 1), slope=True),
        ChannelVary(blocks, blocks, blocks, None, slope=True),
    ):
        assert spills(assembly(kernel.text(target)[1], target, str(kernel))) == 0


def with_weights(net: Network) -> Network:
    """The network with weights that are neither 0 nor 1."""
    rng = np.random.default_rng(1)
    for name, spec in net.weights.specs.items():
        net.weights[name] = rng.uniform(0.5, 1.5, spec.shape) * np.where(rng.random(spec.shape) < 0.4, -1, 1)
        if name.endswith("running_var"):
            net.weights[name] = np.abs(net.weights[name])
    return net


@pytest.mark.parametrize("batch", [1, 20])
def test_convolutions_take_over_what_scales_channels(batch: int) -> None:
    """Norms behind separable convolutions, and constants behind any, are part of their weights: no step is theirs."""
    x = Input((5, 9, 8))
    y = ReLU6()(BatchNorm2d()(SeparableConv2d(24, 3, padding=1, bias=False)(x), name="norm"))
    z = Scale()(Conv2d(24, 1)(y), name="constants")
    z = Add()(Scale(())(SeparableConv2d(24, 3, padding="same", depth_multiplier=2)(z), name="one"), y)
    net = with_weights(Network(x, z))
    engine = NativeEngine()
    kernels = {step.kernel for stage in engine.plan(net, batch=batch).stages for step in stage.steps}
    assert not any(kernel.startswith(("vary", "normalize", "scale")) for kernel in kernels)
    images = np.random.default_rng(2).standard_normal((batch, 5, 9, 8)).astype(np.float32)
    wanted = net.predict(images, engine="reference")
    np.testing.assert_allclose(net.predict(images, engine=engine), wanted, rtol=0, atol=2e-6 * np.abs(wanted).max())


def test_weights_among_many_axes_fall_back() -> None:
    """Where a weight varies along one of four axes, the definition runs, and says why."""
    x = Input((2, 3, 2, 5))
    plan = NativeEngine().plan(Network(x, PReLU((1,))(x, name="here")), batch=1)
    assert plan.falls_back == {"here": "its weights vary along some of more than three axes"}
    assert NativeEngine().plan(Network(x, Scale(())(x)), batch=1).falls_back == {}

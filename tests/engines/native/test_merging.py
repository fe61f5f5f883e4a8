"""Branches that meet are joined as the layers define, whatever their sizes, and every gradient finds its way back."""

from __future__ import annotations

import numpy as np
import pytest
from engines.native.channels.arrays import laid_out, room, value_of
from engines.native.harness import run
from engines.native.test_moving import vectors

from pellucid import Input, Network
from pellucid.engines import NativeEngine
from pellucid.engines.native.channels.joining import ConcatPlaces
from pellucid.engines.native.channels.merging import Join as ChannelJoin
from pellucid.engines.native.channels.packing import blocked_of
from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.layout import maps_of
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.merging import Join, JoinGradient
from pellucid.engines.native.samples.rules.merging import OPERATIONS
from pellucid.layers import Add, Concat, GlobalAvgPool2d, Multiply, Sigmoid, Subtract
from pellucid.layers.base import Run
from pellucid.layers.merging import Merging

Shape = tuple[int, int, int]
CASES: list[tuple[Merging, tuple[Shape, ...]]] = [
    (Multiply(), ((17, 5, 7), (17, 1, 1))),
    (Multiply(), ((1, 5, 7), (33, 5, 7))),
    (Multiply(), ((16, 1, 4), (1, 3, 1), (1, 3, 4))),
    (Subtract(), ((1, 5, 3), (18, 1, 3))),
    (Subtract(), ((1, 1, 1), (7, 3, 3))),
    (Add(), ((16, 3, 5), (16, 1, 1), (16, 1, 5))),
]
IDS = [f"{layer} {' and '.join(map(str, shapes))}" for layer, shapes in CASES]
TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
cases = pytest.mark.parametrize(("layer", "shapes"), CASES, ids=IDS)


def numbers(shapes: list[tuple[int, ...]], samples: int) -> list[np.ndarray]:
    """Whole numbers, so that sums and products are exact."""
    rng = np.random.default_rng(7)
    return [rng.integers(-8, 9, (samples, *shape)).astype(np.float32) for shape in shapes]


@TARGETS
@cases
def test_in_sample_lanes(layer: Merging, shapes: tuple[Shape, ...], target: Target) -> None:
    """Values and gradients are the definition's to the last bit, and halos are left alone."""
    xs = numbers([*shapes], target.lanes)
    wanted = layer.forward(*xs, w={}, run=Run())
    layouts = [maps_of(shape).with_halo(1, 0, 2, 0) for shape in shapes]
    y = maps_of(wanted.shape[1:]).with_halo(0, 2, 0, 1)
    made = vectors(y, np.zeros_like(wanted))
    operation = OPERATIONS[layer.kind]
    read = [vectors(maps, x) for maps, x in zip(layouts, xs, strict=True)]
    run(Join(operation, tuple(layouts), y), *read, made, target=target)
    np.testing.assert_array_equal(made, vectors(y, wanted))
    (grad,) = numbers([wanted.shape[1:]], target.lanes)
    expected = layer.backward(grad, *xs, y=wanted, w={}, run=Run()).inputs
    for own, dx in enumerate(layouts):
        beside = [k for k in range(len(xs)) if k != own] if operation == "multiply" else []
        negative = operation == "subtract" and own == 1
        for add in (False, True):
            kernel = JoinGradient(y, tuple(layouts[k] for k in beside), dx, negative, add)
            found = vectors(dx, np.full_like(xs[own], 3))
            run(kernel, vectors(y, grad), *(read[k] for k in beside), found, target=target)
            np.testing.assert_array_equal(found, vectors(dx, expected[own] + 3 * add))


@TARGETS
@cases
@pytest.mark.parametrize("activation", [None, Activation("relu"), Activation("sigmoid")], ids=str)
def test_in_channel_lanes(
    layer: Merging, shapes: tuple[Shape, ...], activation: Activation | None, target: Target
) -> None:
    """Every number is the definition's; around the map and in lanes without a channel are zeros."""
    xs = numbers([*shapes], 1)
    wanted = layer.forward(*xs, w={}, run=Run())[0]
    layouts = tuple(blocked_of(shape, target.lanes).with_halo(1, 0, 0, 2) for shape in shapes)
    y = blocked_of(wanted.shape, target.lanes).with_halo(0, 1, 2, 0)
    kernel, made = ChannelJoin(OPERATIONS[layer.kind], layouts, y, activation), room(y)
    for item in range(kernel.items):
        read = [laid_out(x[0], maps) for x, maps in zip(xs, layouts, strict=True)]
        run(kernel, *read, made, item=item, target=target)
    if activation is None:
        np.testing.assert_array_equal(value_of(made, y), wanted)
        return
    wide = wanted.astype(np.float64)
    shown = np.maximum(wide, 0) if activation.kind == "relu" else 1 / (1 + np.exp(-wide))
    np.testing.assert_allclose(value_of(made, y), shown, rtol=1e-6, atol=2.0**-126)


@TARGETS
@pytest.mark.parametrize("rows", [False, True])
def test_places_are_joined_in_channel_lanes(rows: bool, target: Target) -> None:
    """Maps stand beside one another, or one below the other, and zeros around all."""
    xs = numbers([(18, 1, 4), (18, 5, 4)] if rows else [(18, 3, 2), (18, 3, 5)], 1)
    wanted = np.concatenate([x[0] for x in xs], axis=1 if rows else 2)
    layouts = tuple(blocked_of(x.shape[1:], target.lanes).with_halo(1, 0, 0, 2) for x in xs)
    y = blocked_of(wanted.shape, target.lanes).with_halo(2, 1, 1, 3)
    kernel, made = ConcatPlaces(layouts, y, rows), room(y)
    run(kernel, *(laid_out(x[0], maps) for x, maps in zip(xs, layouts, strict=True)), made, target=target)
    np.testing.assert_array_equal(value_of(made, y), wanted)


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_is_put_aside(target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    for layer, shapes in CASES:
        layouts, whole = tuple(maps_of(shape) for shape in shapes), layer.output_shape(*shapes)
        blocks = tuple(blocked_of(shape, target.lanes) for shape in shapes)
        for kernel in (
            Join(OPERATIONS[layer.kind], layouts, maps_of(whole)),
            JoinGradient(maps_of(whole), layouts[1:], layouts[0]),
            ChannelJoin(OPERATIONS[layer.kind], blocks, blocked_of(whole, target.lanes)),
        ):
            assert spills(assembly(kernel.text(target)[1], target, str(kernel))) == 0


def test_what_no_kernel_joins_falls_back() -> None:
    """Different shapes with many axes, and very many factors, are left to the definition, which says why."""
    x, y, wider = Input((2, 3, 4, 5), name="x"), Input((2, 1, 4, 1), name="y"), Input((2, 6, 4, 5), name="wider")
    plan = NativeEngine().plan(Network([x, y], Multiply()(x, y, name="here")), batch=1)
    assert plan.falls_back == {"here": "it joins inputs of different shapes with more than three axes"}
    many = [Input((3,), name=f"x{k}") for k in range(25)]
    plan = NativeEngine().plan(Network(many, Multiply()(*many, name="here")), batch=1)
    assert plan.falls_back == {"here": "it joins more than 24 inputs"}
    plan = NativeEngine().plan(Network([x, wider], Concat(1)(x, wider, name="here")), batch=1)
    assert (plan.lanes, plan.falls_back) == ("samples", {})


def test_a_gate_is_no_fallback() -> None:
    """What weighs channels is a kernel, and the network stays in channel lanes."""
    x = Input((32, 7, 7))
    gate = Sigmoid()(GlobalAvgPool2d(keepdims=True)(x))
    plan = NativeEngine().plan(Network(x, Multiply()(x, gate)), batch=1)
    assert (plan.lanes, plan.falls_back) == ("channels", {})

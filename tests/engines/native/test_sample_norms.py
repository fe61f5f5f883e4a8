"""Norms over a sample's own numbers are their layers', in sample lanes and in channel lanes, forward and backward."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from contract import values
from engines.native.whole import (
    TARGETS,
    check_near,
    check_values,
    defined_gradients,
    gradients,
    named,
    training,
)

from pellucid import Input, Network
from pellucid.engines import NativeEngine
from pellucid.engines.native.channels.packing import blocked_of
from pellucid.engines.native.channels.sample_norms import ChannelNorm, LaneGroupNorm, PlaceNorm
from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.layout import Maps, maps_of
from pellucid.engines.native.machine import Target, neon, x86
from pellucid.engines.native.samples.sample_norms import Cells, SampleNorm, SampleNormGradient
from pellucid.layers import Add, Conv2d, GroupNorm, InstanceNorm2d, Layer, LayerNorm, ReLU

MAPS = (21, 5, 6)  # a last block of channels with free lanes, whatever the vector's length
CASES: list[tuple[Layer, tuple[int, ...]]] = [
    *((LayerNorm(axes), MAPS) for axes in (None, (0,), (1,), (2,), (0, 2), (1, 2), (0, 1))),
    *((GroupNorm(groups), MAPS) for groups in (1, 3, 7, 21)),
    (InstanceNorm2d(affine=True), MAPS),
    (InstanceNorm2d(), (16, 40, 41)),  # so many places that they are summed row by row, and by several threads
    (LayerNorm(), (19,)),
    *((GroupNorm(groups), (18,)) for groups in (1, 3, 18)),
    *((LayerNorm(axes), (6, 17)) for axes in ((0,), (1,), (0, 1))),
    (GroupNorm(3), (6, 17)),
    *((LayerNorm(axes), (2, 3, 4, 5)) for axes in ((3,), (1, 2), (0, 1, 2, 3))),
    (LayerNorm((0,)), (7, 2, 3, 5)),
    (LayerNorm((0, 3), scale=False, bias=False), (2, 3, 4, 5)),
    (GroupNorm(4), (4, 3, 2, 5)),
]
IDS = [f"{layer} on {shape}" for layer, shape in CASES]


def network(layer: Layer, shape: tuple[int, ...]) -> Network:
    """A network that is one layer, whose weights are neither 0 nor 1."""
    x = Input(shape, name="x")
    net = Network(x, layer(x, name="here"))
    for key, (name, spec) in enumerate(net.weights.specs.items()):
        net.weights[name] = (values(spec.shape, key) + 0.003).astype(np.float32)
    return net


@TARGETS
@pytest.mark.parametrize("number", range(len(CASES)), ids=IDS)
def test_they_are_their_layers(number: int, target: Target) -> None:
    """Values of one image and of batches, and all gradients, in all lanes, by machine code alone."""
    layer, shape = CASES[number]
    net, engine = network(layer, shape), NativeEngine(target=target, threads=1)
    for count in (1, 17):
        images = (values((count, *shape), 2) * 3 + 1).astype(np.float32)
        assert engine.plan(net, batch=count).falls_back == {}
        check_values(engine, net, [images], tolerance=3e-6)
    gradient = values((17, *shape), 5).astype(np.float32)
    wanted = defined_gradients(net, [images], gradient, training(17))
    check_near(named(gradients(engine, net, [images], gradient)), named(wanted), 5e-6)


@TARGETS
def test_between_other_layers(target: Target) -> None:
    """Maps around which others read zeros, activations behind, and gradients that come from two sides."""
    x = Input((3, 9, 7), name="x")
    a = Conv2d(20, 3, padding=1)(x)
    b = ReLU()(Conv2d(20, 3, padding=1)(ReLU()(LayerNorm((0,))(a))))
    c = ReLU()(GroupNorm(5)(Conv2d(20, 3, padding=1)(b)))
    d = Conv2d(20, 3, padding=1, bias=False)(InstanceNorm2d()(c))  # a norm behind takes a bias away again
    net = Network(x, Add()(InstanceNorm2d(affine=True)(d), c, a), seed=3)
    engine = NativeEngine(target=target, exact=True)
    for count in (1, 17):
        images = values((count, 3, 9, 7), 2).astype(np.float32)
        check_values(engine, net, [images], tolerance=1e-5)
    gradient = values((17, 20, 9, 7), 5).astype(np.float32)
    wanted = defined_gradients(net, [images], gradient, training(17))
    check_near(named(gradients(engine, net, [images], gradient)), named(wanted), 2e-5)


def test_axes_that_lie_apart_fall_back() -> None:
    """Where axes that are normalised together are parted more than once, the definition runs, and says why."""
    plan = NativeEngine().plan(network(LayerNorm((1, 3), bias=False), (2, 3, 4, 5)), batch=20)
    why = "the axes that it normalises together lie apart, among more than three"
    assert plan.falls_back == {"here": why}
    net = network(LayerNorm((1, 3), bias=False), (2, 3, 4, 5))
    check_values(NativeEngine(), net, [values((20, 2, 3, 4, 5), 2).astype(np.float32)])


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_is_put_aside(target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    x, y = maps_of(MAPS).with_halo(1, 0, 2, 0), maps_of(MAPS)
    from_, to = blocked_of(MAPS, target.lanes).with_halo(0, 1, 2, 0), blocked_of(MAPS, target.lanes)
    kernels: list[Kernel] = [LaneGroupNorm(3, from_, to, 1e-5)]
    for groups, rows, columns in product((1, 3), (False, True), (False, True)):
        cells = Cells(groups, rows, columns)
        kernels += [SampleNorm(cells, x, y, 1e-5, keeps=True), SampleNormGradient(cells, y, x, x, add=True)]
    for cells in (Cells(1), Cells(1, rows=False, columns=False), Cells(1, rows=False)):
        kernels += [PlaceNorm(cells, None, from_, to, 1e-5), ChannelNorm(cells, None, from_, to, 1e-5)]
    assert Cells(3).size(Maps(*MAPS)) == 7 * 5 * 6
    for kernel in kernels:
        assert spills(assembly(kernel.text(target)[1], target, str(kernel))) == 0, kernel

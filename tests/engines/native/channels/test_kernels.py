"""Kernels in channel lanes beside convolutions: exact on whole numbers, right about NaN, without spills."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.engines import get
from pellucid.engines.native.channels.borders import Copy
from pellucid.engines.native.channels.elementwise import Add, Forward, ScaleShift
from pellucid.engines.native.channels.joining import Concat
from pellucid.engines.native.channels.layout import Blocked, Planar
from pellucid.engines.native.channels.linear import LinearForward
from pellucid.engines.native.channels.packing import Pack, PackPlanar
from pellucid.engines.native.channels.pooling import AvgPool, MaxPool
from pellucid.engines.native.channels.program import ChannelsKept, ChannelsProgram
from pellucid.engines.native.channels.softmax import ChannelSoftmax, PlaceSoftmax
from pellucid.engines.native.channels.telling import Activated, Added, Scaled, Tell
from pellucid.engines.native.channels.whole import Whole
from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.pool import pool
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.pooling import taps_of
from pellucid.layers import (
    AvgPool2d,
    BatchNorm2d,
    Flatten,
    GlobalMaxPool2d,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from pellucid.layers.base import Layer
from pellucid.network import Network
from pellucid.window import Window

TARGETS = [x86("avx512"), x86("avx2"), x86("sse2"), neon()]
STRANGE = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, -2.0, 3.0], np.float32)


def given(layers: list[Layer], x: np.ndarray, target: Target) -> tuple[np.ndarray, np.ndarray]:
    """What a network of these layers gives in channel lanes, and by definition; weights are whole numbers."""
    net, rng = Network(x.shape[1:], layers), np.random.default_rng(5)
    for name, spec in net.weights.specs.items():
        net.weights[name] = rng.integers(-3, 4, spec.shape).astype(np.float32)
    ours = ChannelsProgram(net, ChannelsKept(), target=target, pool=pool(1), exact=True)
    with np.errstate(all="ignore"):
        return ours.run((x,))[0], get("reference").program(net).run((x,))[0]


@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
@pytest.mark.parametrize("shape", [(5, 9, 7), (32, 8, 8)], ids=["primes", "coincidences"])
def test_whole_numbers_are_exact(shape: tuple[int, ...], target: Target) -> None:
    """Pools, activations and linear layers round nothing that has few digits, whatever the order of their sums."""
    x = np.random.default_rng(2).integers(-8, 9, (2, *shape)).astype(np.float32)
    cases: list[list[Layer]] = [
        [MaxPool2d(3, stride=2, padding=1), LeakyReLU(0.5), AvgPool2d(2)],
        [ReLU(), Flatten(), Linear(37), ReLU(), Linear(5)],
        [AvgPool2d((2, 4), stride=1), Flatten("HWC"), Linear(140)],
    ]
    for layers in cases:
        value, wanted = given(layers, x, target)
        np.testing.assert_array_equal(value, wanted)


@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
@pytest.mark.parametrize(
    "layer",
    [MaxPool2d(2), GlobalMaxPool2d(), AvgPool2d(2), ReLU(), LeakyReLU(0.5), Tanh(), Sigmoid(), Softmax(0), Softmax(2)],
    ids=lambda layer: layer.kind,
)
def test_nan_and_infinity_become_what_the_definition_makes_of_them(layer: Layer, target: Target) -> None:
    """Strange numbers stay in the lane, the window and the sum that they belong to."""
    x = np.random.default_rng(4).choice(STRANGE, (3, 5, 4, 6), p=[0.05, 0.05, 0.05, 0.15, 0.15, 0.2, 0.2, 0.15])
    value, wanted = given([layer], x, target)
    np.testing.assert_allclose(value, wanted, rtol=1e-6, atol=1e-7)


def kernels(lanes: int) -> dict[str, Kernel]:
    """A kernel of each kind, with the last block of channels partly free."""
    x, y = Blocked(40, 14, 14, 1, 1, 1, 1, lanes=lanes), Blocked(40, 14, 14, 1, 1, 1, 1, lanes=lanes)
    half, taps = Blocked(40, 7, 7, lanes=lanes), taps_of(Window(2, stride=2), 14)
    tanh, relu, vector = Activation("tanh"), Activation("relu"), Blocked(120, lanes=lanes)
    return {
        "forward": Forward(tanh, x, y),
        "add": Add((x, x), y, relu),
        "scale": ScaleShift(x, y, relu),
        "max": MaxPool(x, half, taps, taps),
        "average": AvgPool(x, half, taps, taps, (2,) * 7, (2,) * 7),
        "softmax": ChannelSoftmax(x, y),
        "places": PlaceSoftmax((14, 14), 1, x, y),
        "concat": Concat(
            (Blocked(7, 5, 5, lanes=lanes), Blocked(33, 5, 5, lanes=lanes)), Blocked(40, 5, 5, lanes=lanes)
        ),
        "copy": Copy(half, half.with_halo(1, 1, 2, 2), "reflect"),
        "linear": LinearForward(half, vector, "CHW", relu),
        "wide": LinearForward(half, vector, "CHW", relu, (half.size, vector.size)),
        "pack": Pack((196, 14, 1), y),
        "image": PackPlanar(Planar(3, 14, 14, 1, 1, 1, 1)),
        "tell": Tell(half, (49, 7, 1), half, (Scaled(), Added(half), Activated(relu))),
    }


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@pytest.mark.parametrize("name", kernels(16))
def test_vectors_stay_in_registers(name: str, target: Target) -> None:
    """No vector register meets the stack, on any instruction set."""
    _, text = Whole(kernels(target.lanes)[name]).text(target)
    assert spills(assembly(text, target, name)) == 0


@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
def test_batch_norms_that_are_alone_scale_and_shift(target: Target) -> None:
    """A batch norm that no convolution does, with an activation behind it."""
    x = np.random.default_rng(6).standard_normal((2, 5, 3, 4)).astype(np.float32)
    net = Network((5, 3, 4), [BatchNorm2d(), Sigmoid()])
    for name, spec in net.weights.specs.items():
        net.weights[name] = np.random.default_rng(7).uniform(0.5, 2, spec.shape)
    ours = ChannelsProgram(net, ChannelsKept(), target=target, pool=pool(1), exact=True)
    np.testing.assert_allclose(ours.run((x,))[0], get("reference").program(net).run((x,))[0], rtol=1e-6)

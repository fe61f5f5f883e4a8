"""Norms and lengths as exporters write them in ONNX: ONNX Runtime's numbers, or the definition's where it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_models import Step, assert_close, by_runtime, small_model

import pellucid
from pellucid import Network
from pellucid.errors import UnmappedError
from pellucid.layers import GroupNorm, InstanceNorm2d, Layer, LayerNorm, LocalResponseNorm, LpPool2d

F = np.float32
GIVEN = np.random.default_rng(4).normal(0, 2, (2, 6, 5, 7)).astype(F)


def numbers(*shape: int, key: int = 5) -> Any:
    """A weight."""
    return np.random.default_rng(key).uniform(0.5, 1.5, shape).astype(F)


def loaded(op: str, reads: str = "x", *, opset: int, shape: Any = GIVEN.shape, **given: Any) -> tuple[Any, Network]:
    """A model of one operator, and its network."""
    constants = {name: given.pop(name) for name in reads.split()[1:]}
    step: Step = (op, reads.split(), "y", given)
    made = small_model([step], opset=opset, shape=["N", *shape[1:]], constants=constants)
    return made, pellucid.load(made)


def opened(op: str, reads: str = "x", *, x: Any = GIVEN, **given: Any) -> Layer:
    """The only layer of a model whose numbers are ONNX Runtime's."""
    made, net = loaded(op, reads, shape=x.shape, **given)
    assert_close(net.predict(x, engine="reference"), by_runtime(made, [x])[0])
    (layer,) = net.layers.values()
    return layer


@pytest.mark.parametrize(("axis", "axes"), [(1, (0, 1, 2)), (2, (1, 2)), (3, (2,)), (-1, (2,)), (-3, (0, 1, 2))])
@pytest.mark.parametrize("biased", [False, True])
def test_layer_normalization(axis: int, axes: tuple[int, ...], biased: bool) -> None:
    """Its axis is the first of those that are normalised together; a shift may be left out."""
    shape = GIVEN.shape[axis:]
    found = opened(
        "LayerNormalization",
        "x w b" if biased else "x w",
        opset=17,
        axis=axis,
        epsilon=0.01,
        w=numbers(*shape),
        **({"b": numbers(*shape, key=6)} if biased else {}),
    )
    assert found == LayerNorm(axes, eps=0.01, bias=biased)


def test_layer_normalization_over_the_batch_is_told() -> None:
    """Samples that are normalised together are no network of single samples."""
    with pytest.raises(UnmappedError, match="axis 0 of 4, where one without the batch is expected"):
        loaded("LayerNormalization", "x w", opset=17, axis=0, w=numbers(*GIVEN.shape))


def test_group_normalization_by_channels() -> None:
    """From opset 21 on, scale and bias are the channels'."""
    found = opened("GroupNormalization", "x w b", opset=21, num_groups=3, w=numbers(6), b=numbers(6, key=6))
    assert found == GroupNorm(3)


def test_group_normalization_by_groups() -> None:
    """In opsets 18 to 20 they are the groups', and all of a group's channels have them."""
    w, b = numbers(3), numbers(3, key=6)
    _, net = loaded("GroupNormalization", "x w b", opset=18, num_groups=3, w=w, b=b)
    assert list(net.layers.values()) == [GroupNorm(3)]
    assert [net.weights[name].tolist() for name in net.weights] == [
        [of for of in some.tolist() for _ in range(2)] for some in (w, b)
    ]
    apart = GIVEN.reshape(2, 3, -1).astype(np.float64)
    normal = (apart - apart.mean(2, keepdims=True)) / np.sqrt(apart.var(2, keepdims=True) + 1e-5)
    wanted = (normal * w[:, None] + b[:, None]).reshape(GIVEN.shape)
    assert_close(net.predict(GIVEN, engine="reference"), wanted)
    with pytest.raises(UnmappedError, match=r"weight of shape \(6,\) for 3 groups of 6 channels"):
        loaded("GroupNormalization", "x w b", opset=20, num_groups=3, w=numbers(6), b=numbers(6))


@pytest.mark.parametrize(("rank", "layer"), [(4, InstanceNorm2d(affine=True)), (3, GroupNorm(6))], ids=str)
def test_instance_normalization(rank: int, layer: Layer) -> None:
    """Of maps, and of rows."""
    x = GIVEN if rank == 4 else GIVEN[:, :, 0]
    assert opened("InstanceNormalization", "x w b", x=x, opset=17, w=numbers(6), b=numbers(6, key=6)) == layer


@pytest.mark.parametrize("size", [1, 3, 5, 9])
def test_local_response_normalization(size: int) -> None:
    """Its bias is our k, its alpha is over the size as ours."""
    found = opened("LRN", opset=13, size=size, alpha=0.5, beta=0.25, bias=2.0)
    assert found == LocalResponseNorm(size, alpha=0.5, beta=0.25, k=2, extra="after")


def test_even_local_response_normalization() -> None:
    """ONNX Runtime refuses even sizes; by ONNX's formula the extra channel of the window comes after."""
    _, net = loaded("LRN", opset=13, size=4, alpha=0.5)
    x = GIVEN.astype(np.float64)
    squares = np.pad(x * x, ((0, 0), (1, 2), (0, 0), (0, 0)))
    sums = sum(squares[:, first : first + 6] for first in range(4))
    assert_close(net.predict(GIVEN, engine="reference"), x / (1 + 0.5 / 4 * sums) ** 0.75)


@pytest.mark.parametrize("opset", [11, 18])
@pytest.mark.parametrize("power", [1, 2, 3])
def test_length_pools(power: int, opset: int) -> None:
    """The stride is 1 unless given, whatever the window."""
    named: Any = {"kernel_shape": [3, 2], "pads": [1, 0, 2, 1], "p": power}
    assert opened("LpPool", opset=opset, **named) == LpPool2d(power, (3, 2), stride=1, padding=((1, 2), (0, 1)))
    assert opened("LpPool", opset=opset, strides=[2, 3], **named).config()["stride"] == (2, 3)
    dilated: Any = {"dilations": [2, 3], "ceil_mode": 1} if opset == 18 else {"auto_pad": "SAME_UPPER"}
    opened("LpPool", opset=opset, kernel_shape=[2, 2], strides=[2, 2], p=power, **dilated)


@pytest.mark.parametrize("power", [1, 2, 3])
def test_lengths_of_whole_maps(power: int) -> None:
    """A window that is the map."""
    assert opened("GlobalLpPool", opset=11, p=power) == LpPool2d(power, (5, 7))

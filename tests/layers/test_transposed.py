"""Transposed and separable convolutions on paper: every number placed by hand, and what goes back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from by_hand import backward, doubles, forward

from pellucid.layers import Conv2d, ConvTranspose2d, SeparableConv2d
from pellucid.layers.base import Run
from pellucid.layers.initializers import Weight

ROW = [[[1, 2, 3]]]
KERNEL = [[[[1, 10, 100]]]]  # (1, 1, 1, 3)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, [1, 12, 123, 230, 300]),  # each input puts 1, 10, 100 times itself, one place further
        ({"stride": (1, 2)}, [1, 10, 102, 20, 203, 30, 300]),
        ({"stride": (1, 3)}, [1, 10, 100, 2, 20, 200, 3, 30, 300]),
        ({"dilation": (1, 2)}, [1, 2, 13, 20, 130, 200, 300]),
        ({"padding": ((0, 0), (1, 2))}, [12, 123]),
        ({"stride": (1, 2), "padding": (0, 1)}, [10, 102, 20, 203, 30]),
        ({"stride": (1, 2), "padding": (0, 1), "output_padding": (0, 1)}, [10, 102, 20, 203, 30, 300]),
        ({"stride": (1, 2), "padding": "same"}, [1, 10, 102, 20, 203, 30]),  # 7 - 6 = 1 is cropped, at the end
        ({"stride": (1, 1), "padding": "same"}, [12, 123, 230]),
        ({"stride": (1, 4), "padding": "same"}, [1, 10, 100, 0, 2, 20, 200, 0, 3, 30, 300, 0]),
    ],
    ids=str,
)
def test_a_row_grows(options: dict[str, object], wanted: list[float]) -> None:
    """Kernels are added where inputs stand, at their strides; padding crops, and what is added at the end is bias."""
    layer = ConvTranspose2d(1, (1, 3), bias=False, **options)  # pyright: ignore[reportArgumentType]
    assert forward(layer, ROW, weight=KERNEL).tolist() == [[wanted]]


def test_bias_reaches_every_place() -> None:
    """The bias is added to what is cropped and to what is added at the end."""
    layer = ConvTranspose2d(1, (1, 3), stride=(1, 4), output_padding=(0, 1))
    found = forward(layer, ROW, weight=KERNEL, bias=[0.5]).ravel()
    assert found.tolist() == [1.5, 10.5, 100.5, 0.5, 2.5, 20.5, 200.5, 0.5, 3.5, 30.5, 300.5, 0.5]


def test_gradients_of_a_transposed_convolution() -> None:
    """The input's gradient is the convolution of the output's; a weight collects what it placed."""
    layer = ConvTranspose2d(1, (1, 3), stride=(1, 2))
    found = backward(layer, [[[1, 2, 3, 4, 5, 6, 7]]], ROW, weight=KERNEL, bias=[0])
    assert found.inputs[0].tolist() == [[[321, 543, 765]]]
    assert found.weights["weight"].tolist() == [[[[1 + 6 + 15, 2 + 8 + 18, 3 + 10 + 21]]]]
    assert found.weights["bias"].tolist() == [28]


def test_groups_and_channels() -> None:
    """Kernel (inputs, outputs a group, height, width): a group's outputs read its inputs alone."""
    x = [[[1]], [[2]], [[3]], [[4]]]
    weight = np.array([1, 10, 100, 1000, 5, 6, 7, 8]).reshape(4, 2, 1, 1)
    layer = ConvTranspose2d(4, 1, groups=2, bias=False)
    assert forward(layer, x, weight=weight).ravel().tolist() == [201, 2010, 15 + 28, 18 + 32]
    told = layer.explain((3, 0, 0), doubles([x]), w={"weight": doubles(weight)}, run=Run())
    assert (told.terms.index.tolist(), told.terms.value.tolist()) == ([[2, 0, 0], [3, 0, 0]], [3, 4])
    assert told.terms.weight is not None
    assert (told.terms.weight.tolist(), told.total) == ([6, 8], 50)


def test_a_transposed_convolution_undoes_nothing_but_the_shape() -> None:
    """It is the gradient of a convolution with the same kernel: <conv(x), y> is <x, transposed(y)>."""
    rng = np.random.default_rng(2)
    weight = rng.standard_normal((5, 3, 3, 2))
    conv, back = Conv2d(5, (3, 2), stride=2, bias=False), ConvTranspose2d(3, (3, 2), stride=2, bias=False)
    x, y = rng.standard_normal((3, 7, 8)), rng.standard_normal((5, 3, 4))
    one = (forward(conv, x, weight=weight) * y).sum()
    assert one == pytest.approx((x * forward(back, y, weight=weight)).sum(), rel=1e-12)


def test_separable_on_paper() -> None:
    """Each channel has its own kernels; then every output weighs all that they gave, at one place."""
    x = [[[1, 2, 3]], [[10, 20, 30]]]
    depthwise = np.array([1, 1, 1, -1, 2, 0, 0, 2]).reshape(4, 1, 1, 2)  # two kernels a channel
    pointwise = np.array([[1, 0, 0, 0], [0, 1, 1, 10]]).reshape(2, 4, 1, 1)
    layer = SeparableConv2d(2, (1, 2), depth_multiplier=2)
    w: dict[str, Any] = {"depthwise_weight": depthwise, "pointwise_weight": pointwise, "bias": [0, 1000]}
    # depthwise: 3 5, -1 -1, 20 40, 40 60
    assert forward(layer, x, **w).tolist() == [[[3, 5]], [[1000 - 1 + 20 + 400, 1000 - 1 + 40 + 600]]]
    found = backward(layer, [[[1, 0]], [[0, 1]]], x, **w)
    assert found.weights["bias"].tolist() == [1, 1]
    assert found.weights["pointwise_weight"].ravel().tolist() == [3, -1, 20, 40, 5, -1, 40, 60]
    assert found.inputs[0].tolist() == [[[1, 2, -1]], [[0, 2, 20]]]
    # d depthwise: kernel 0 from output 0 at place 0: x[0..1]; kernels 1, 2, 3 from output 1 at place 1, times 1, 1, 10
    assert found.weights["depthwise_weight"].ravel().tolist() == [1, 2, 2, 3, 20, 30, 200, 300]


def test_weights_of_both() -> None:
    """Shapes and fans as PyTorch's and Keras's own layers have them."""
    transposed = ConvTranspose2d(6, (3, 2), groups=2).weights((4, 9, 9))
    assert transposed["weight"] == Weight((4, 3, 3, 2), "pytorch", 3 * 6, 4 * 6)
    assert transposed["bias"].shape == (6,)
    separable = SeparableConv2d(7, 3, depth_multiplier=2).weights((5, 9, 9))
    shapes = {name: of.shape for name, of in separable.items()}
    assert shapes == {"depthwise_weight": (10, 1, 3, 3), "pointwise_weight": (7, 10, 1, 1), "bias": (7,)}

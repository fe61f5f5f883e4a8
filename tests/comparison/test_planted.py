"""Differences planted in how a network is written, or in its weights: each is found, and told by its rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from planted import DEVIATION, MEAN, Planted, called, check, lenet, mobile, resnet
from planting import lively, rebuilt, with_parameters, with_weight

from pellucid import Network
from pellucid.layers import (
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    Scale,
)


def turned(axes: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
    """Flip a weight along some axes."""
    return lambda w: np.flip(w, axes)


def hwc(maps: tuple[int, int, int]) -> Callable[[np.ndarray], np.ndarray]:
    """Put a linear weight's inputs from channels, height, width into height, width, channels."""
    return lambda w: w.reshape(len(w), *maps).transpose(0, 2, 3, 1).reshape(w.shape)


def normalizing(net: Network, first: str) -> Network:
    """The same network with ImageNet's mean and deviation in front."""
    other = rebuilt(net, before={first: ("normalize", Scale((0,)))})
    other.weights["normalize.weight"], other.weights["normalize.bias"] = 1 / DEVIATION, -MEAN / DEVIATION
    return other


def scaling(net: Network, first: str, factor: float) -> Network:
    """The same network with a factor in front."""
    other = rebuilt(net, before={first: ("rescale", Scale((), shift=False))})
    other.weights["rescale.weight"] = [factor]
    return other


WRITTEN = [  # the two networks are written differently, or have other weights
    Planted(
        "padding",
        "layer2.0.conv1",
        resnet,
        lambda net: with_parameters(net, "layer2.0.conv1", padding=((0, 1), (0, 1))),
        ("top 1, bottom 1", "top 0, bottom 1", "along the height", "give both padding="),
    ),
    Planted(
        "padding",
        "stem",
        mobile,
        lambda net: with_parameters(net, "stem", padding=((0, 2), (1, 1))),
        ("along the height B has 1 fewer at the top and 1 more at the bottom", "F.pad"),
    ),
    Planted(
        "padding",
        "pool1",
        lenet,
        lambda net: with_parameters(net, "pool1", padding=((0, 1), (0, 1))),
        ("along the width B has 1 fewer at the left", "give both padding="),
    ),
    Planted(
        "padding",
        "layer3.0.conv1",
        lambda: with_parameters(resnet(), "layer3.0.conv1", padding="same"),
        lambda net: with_parameters(net, "layer3.0.conv1", padding=((1, 0), (1, 0))),
        ("'same' (top 0, bottom 1, left 0, right 1)", "A's goes to the bottom and B's goes to the top", "give both"),
    ),
    Planted(
        "padding_mode",
        "conv1",
        resnet,
        lambda net: with_parameters(net, "conv1", padding_mode="reflect"),
        ("'zeros' in A and 'reflect' in B", "height and width", "the same way"),
    ),
    Planted(
        "count_include_pad",
        "pool2",
        lenet,
        lambda net: with_parameters(net, "pool2", count_include_pad=False),
        ("True in A and False in B", "height and width", "Keras"),
    ),
    Planted(
        "ceil_mode",
        "pool2",
        lambda: lively(
            Network(
                (1, 28, 28),
                [("conv", Conv2d(4, 5)), ("pool2", MaxPool2d(3, 2)), ("mean", GlobalAvgPool2d()), ("fc", Linear(3))],
            )
        ),
        lambda net: with_parameters(net, "pool2", ceil_mode=True),
        ("height and width", "round", "the same way"),
    ),
    Planted(
        "eps",
        "bn1",
        resnet,
        lambda net: with_parameters(net, "bn1", eps=1e-3),
        ("1e-05 in A and 0.001 in B", "epsilon in Keras"),
    ),
    Planted(
        "flatten order",
        "fc1",
        lenet,
        lambda net: rebuilt(net, layers={"flatten": Flatten("HWC")}),
        ("'CHW' in A and 'HWC' in B", "axis 1", "permute"),
    ),
    Planted(
        "flatten order",
        "fc1",
        lenet,
        lambda net: with_weight(net, "fc1.weight", hwc((16, 5, 5))),
        ("height, width, channels", "axis 1", ".transpose(0, 3, 1, 2)"),
    ),
    Planted(
        "kernel rotated",
        "conv2",
        lenet,
        lambda net: with_weight(net, "conv2.weight", turned((2, 3))),
        ("180 degrees", "axes 2 and 3", "flip"),
    ),
    Planted(
        "kernel flipped in height",
        "conv2",
        lenet,
        lambda net: with_weight(net, "conv2.weight", turned((2,))),
        ("height", "axis 2", "flip"),
    ),
    Planted(
        "kernel flipped in width",
        "conv1",
        lenet,
        lambda net: with_weight(net, "conv1.weight", turned((3,))),
        ("width", "axis 3", "flip"),
    ),
    Planted(
        "kernel transposed",
        "layer1.0.conv1",
        resnet,
        lambda net: with_weight(net, "layer1.0.conv1.weight", lambda w: w.swapaxes(2, 3)),
        ("height and width", "swap axes 2 and 3"),
    ),
    Planted(
        "channels swapped",
        "layer1.0.conv2",
        resnet,
        lambda net: with_weight(net, "layer1.0.conv2.weight", lambda w: w.swapaxes(0, 1)),
        ("outputs and inputs", "swap axes 0 and 1"),
    ),
    Planted(
        "kernel read as height, width, in, out",
        "layer2.1.conv1",
        resnet,
        lambda net: with_weight(net, "layer2.1.conv1.weight", lambda w: w.transpose(2, 3, 1, 0).reshape(w.shape)),
        ("(height, width, in, out)", "transpose its axes by [3, 2, 0, 1]"),
    ),
    Planted(
        "channel order",
        "conv1",
        resnet,
        lambda net: with_weight(net, "conv1.weight", turned((1,))),
        ("RGB taken for BGR", "axis 0", "axis 1", "flip"),
    ),
    Planted(
        "input channels reversed",
        "layer3.2.conv1",
        resnet,
        lambda net: with_weight(net, "layer3.2.conv1.weight", turned((1,))),
        ("flip axis 1",),
    ),
    Planted(
        "depthwise order",
        "depthwise",
        mobile,
        lambda net: with_weight(
            net, "depthwise.weight", lambda w: w.reshape(16, 2, 1, 3, 3).swapaxes(0, 1).reshape(w.shape)
        ),
        ("kernel by kernel", "axis 0", "transpose"),
    ),
    Planted(
        "input scaling", "stem", mobile, lambda net: scaling(net, "stem", 1 / 255), ("by 255", "same range", "all axes")
    ),
    Planted(
        "input mean", "conv1", resnet, lambda net: normalizing(net, "conv1"), ("ImageNet's mean", "axis 0", "alike")
    ),
]


@pytest.mark.parametrize("case", WRITTEN, ids=called)
def test_a_planted_difference_is_found(case: Planted) -> None:
    """It is found in its layer, its rule is named first with the axis and the fix, and no other rule is."""
    check(case)

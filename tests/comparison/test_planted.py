"""Differences planted in how a network is written, or in its weights: each is found, and told by its rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from planted import DEVIATION, MEAN, Planted, called, check, lenet, mobile, resnet
from planting import lively, rebuilt, with_parameters, with_weight

from pellucid import Network
from pellucid.layers import (
    AvgPool2d,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    Pad2d,
    ReLU,
    Scale,
    SiLU,
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


def biased(net: Network) -> Network:
    """The same network with a bias where there was none."""
    other = with_parameters(net, "layer1.0.conv1", bias=True)
    other.weights["layer1.0.conv1.bias"] = np.linspace(-1, 1, 16)
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
    Planted(
        "approximate",
        "gelu",
        lenet,
        lambda net: with_parameters(net, "gelu", approximate="tanh"),
        ("'none' in A and 'tanh' in B", "erf"),
    ),
    Planted(
        "negative_slope",
        "relu2",
        lenet,
        lambda net: with_parameters(net, "relu2", negative_slope=0.3),
        ("0.01 in A and 0.3 in B", "Keras's default is 0.3"),
    ),
    Planted(
        "alpha", "gate", mobile, lambda net: with_parameters(net, "gate", alpha=0.2), ("0.2 in B", "1/6 in PyTorch")
    ),
    Planted(
        "activation",
        "swish",
        mobile,
        lambda net: rebuilt(net, layers={"swish": SiLU()}),
        ("HardSwish()", "SiLU()", "the same activation"),
    ),
    Planted("activation", "six", mobile, lambda net: rebuilt(net, layers={"six": ReLU()}), ("ReLU6()", "B ReLU()")),
    Planted(
        "bias missing",
        "conv1",
        lenet,
        lambda net: with_parameters(net, "conv1", bias=False),
        ("B adds no bias", "axis 0", "add A's bias"),
    ),
    Planted(
        "bias missing",
        "fc2",
        lenet,
        lambda net: with_weight(net, "fc2.bias", np.zeros_like),
        ("B adds no bias", "axis 0"),
    ),
    Planted("bias missing", "layer1.0.conv1", resnet, biased, ("A adds no bias", "axis 0", "add B's bias")),
    Planted(
        "max-pool border",
        "pool1",
        lambda: lively(
            Network(
                (3, 31, 31),
                [
                    ("conv", Conv2d(8, 3)),
                    ("pool1", MaxPool2d(3, 2, padding=1)),
                    ("mean", GlobalAvgPool2d()),
                    ("fc", Linear(5)),
                ],
            )
        ),
        lambda net: rebuilt(net, before={"pool1": ("pad", Pad2d(1))}, layers={"pool1": MaxPool2d(3, 2)}),
        ("zeros", "-inf", "height and width"),
    ),
    Planted(
        "padding",
        "layer2.0.conv1",
        resnet,
        lambda net: rebuilt(
            net,
            before={"layer2.0.conv1": ("pad", Pad2d(((0, 1), (0, 1))))},
            layers={"layer2.0.conv1": Conv2d(32, 3, stride=2, bias=False)},
        ),
        ("top 0, bottom 1", "height", "F.pad"),
    ),
    Planted(
        "weight transposed",
        "fc2",
        lenet,
        lambda net: with_weight(net, "fc2.weight", np.transpose),
        ("axes 0 and 1", "transpose it"),
    ),
    Planted(
        "weight transposed",
        "fc3",
        lenet,
        lambda net: with_weight(net, "fc3.weight", lambda w: w.T.reshape(w.shape)),
        ("axes 0 and 1", "only reshaped"),
    ),
    Planted(
        "weights",
        "layer3.1.bn2",
        resnet,
        lambda net: with_weight(net, "layer3.1.bn2.running_mean", lambda w: w + 1),
        ("64 of 64", "'running_mean'"),
    ),
    Planted(
        "weights in float16",
        "conv1",
        resnet,
        lambda net: with_weight(net, "conv1.weight", lambda w: w.astype(np.float16)),
        ("float16", "float32"),
    ),
    Planted(
        "axis", "softmax", mobile, lambda net: with_parameters(net, "softmax", axis=2), ("0 in A and 2 in B", "axis")
    ),
    Planted(
        "order of inputs",
        "both",
        mobile,
        lambda net: rebuilt(net, reads={"both": ("right", "left")}),
        ("axis 0", "2, 1", "permute"),
    ),
    Planted("order of inputs", "less", mobile, lambda net: rebuilt(net, reads={"less": ("silu1", "six")}), ("2, 1",)),
    Planted(
        "order", "pixels", mobile, lambda net: with_parameters(net, "pixels", order="DCR"), ("axis 0", "CRD", "DCR")
    ),
    Planted("groups", "shuffle", mobile, lambda net: with_parameters(net, "shuffle", groups=2), ("4 in A and 2 in B",)),
    Planted(
        "align_corners",
        "up",
        mobile,
        lambda net: with_parameters(net, "up", align_corners=True),
        ("corners", "height and width"),
    ),
    Planted(
        "mode", "up", mobile, lambda net: with_parameters(net, "up", mode="nearest"), ("nearest", "height and width")
    ),
    Planted(
        "dilation",
        "dilated",
        lambda: lively(Network((2, 17, 19), [("dilated", Conv2d(4, 3, padding="same", dilation=(2, 1))), ReLU()])),
        lambda net: with_parameters(net, "dilated", dilation=(1, 2)),
        ("(2, 1) in A and (1, 2) in B", "height"),
    ),
    Planted(
        "layer missing", "pool1", lenet, lambda net: rebuilt(net, layers={"relu1": None}), ("no ReLU()", "'relu1'")
    ),
    Planted(
        "layer added",
        "pool1",
        lambda: rebuilt(lenet(), layers={"relu1": None}),
        lambda net: rebuilt(net, before={"pool1": ("relu", ReLU())}),
        ("has ReLU()", "'relu'"),
    ),
    Planted("layer missing", "softmax", lenet, lambda net: rebuilt(net, layers={"softmax": None}), ("no Softmax()",)),
    Planted(
        "kind",
        "pool1",
        lenet,
        lambda net: rebuilt(net, layers={"pool1": AvgPool2d(3, 2, padding=1)}),
        ("MaxPool2d", "AvgPool2d", "use the same"),
    ),
    Planted(
        "variance and deviation",
        "layer1.1.bn1",
        resnet,
        lambda net: with_weight(net, "layer1.1.bn1.running_var", np.sqrt),
        ("standard deviation", "square"),
    ),
    Planted(
        "scale missing",
        "layer1.1.bn2",
        resnet,
        lambda net: with_weight(net, "layer1.1.bn2.weight", np.ones_like),
        ("gamma", "axis 0"),
    ),
    Planted(
        "bias and running_mean swapped",
        "layer2.1.bn2",
        resnet,
        lambda net: rebuilt(
            net,
            weights={
                "layer2.1.bn2.bias": net.weights["layer2.1.bn2.running_mean"],
                "layer2.1.bn2.running_mean": net.weights["layer2.1.bn2.bias"],
            },
        ),
        ("swap them",),
    ),
    Planted(
        "wiring",
        "layer1.2.add",
        resnet,
        lambda net: rebuilt(net, reads={"layer1.2.add": ("layer1.2.bn2", "layer1.0.relu2")}),
        ("'layer1.0.relu2'", "where A reads 'layer1.1.relu2'", "wire both alike"),
    ),
]


@pytest.mark.parametrize("case", WRITTEN, ids=called)
def test_a_planted_difference_is_found(case: Planted) -> None:
    """It is found in its layer, its rule is named first with the axis and the fix, and no other rule is."""
    check(case)

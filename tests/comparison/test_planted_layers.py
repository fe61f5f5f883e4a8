"""Differences planted in activations, in single weights, and in which layers there are: each told by its rule."""

from __future__ import annotations

import numpy as np
import pytest
from planted import Planted, called, check, lenet, mobile, resnet
from planting import lively, rebuilt, with_parameters, with_weight

from pellucid import Network
from pellucid.layers import (
    AvgPool2d,
    Conv2d,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    Pad2d,
    ReLU,
    SiLU,
)


def biased(net: Network) -> Network:
    """The same network with a bias where there was none."""
    other = with_parameters(net, "layer1.0.conv1", bias=True)
    other.weights["layer1.0.conv1.bias"] = np.linspace(-1, 1, 16)
    return other


WRITTEN = [  # the two networks have other activations, weights or layers
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
def test_a_planted_difference_in_layers_is_found(case: Planted) -> None:
    """It is found in its layer, its rule is named first with the axis and the fix, and no other rule is."""
    check(case)

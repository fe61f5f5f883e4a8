"""One network on two engines, one of which computes a layer amiss, or was given another image: it is told how."""

from __future__ import annotations

import numpy as np
import pytest
from planted import DEVIATION, MEAN, Planted, called, check, lenet, mobile, resnet
from planting import Bent, as_layer, lively, with_parameters

from pellucid import Network
from pellucid.layers import (
    GELU,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    LeakyReLU,
    MaxPool2d,
    PixelShuffle,
    ReLU,
    Softmax,
    Upsample,
)
from pellucid.layers.base import Run


def along_width(x: np.ndarray, *, layer, w) -> np.ndarray:
    """A convolution whose bias goes along the width."""
    return layer.forward(x, w={**w, "bias": np.zeros_like(w["bias"])}, run=Run()) + w["bias"]


def square() -> Network:
    """A convolution of as many kernels as its output is high and wide."""
    return lively(
        Network((3, 20, 16), [("conv", Conv2d(16, 3, padding=(0, 1))), ("relu", ReLU()), ("last", Conv2d(4, 3))])
    )


def without_nan(x: np.ndarray, *, layer, w) -> np.ndarray:
    """A max pool that takes NaN for the smallest number."""
    return layer.forward(np.where(np.isnan(x), -np.inf, x), w=w, run=Run())


AMISS = [  # the two networks are one, and B's engine computes it amiss
    Planted(
        "bias along the width",
        "conv",
        square,
        lambda net: Bent({"conv": along_width}),
        ("width (axis 2)", "channels (axis 0)", "reshape the bias to (16, 1, 1)"),
    ),
    Planted("training mode", "bn1", resnet, lambda net: Bent(training=True), ("eval()", "axis 0", "batch's own")),
    Planted("dropout active", "dropout", lenet, lambda net: Bent(training=True), ("eval()", "axis", "2 times")),
    Planted("NaN dropped", "pool1", lenet, lambda net: Bent({"pool1": without_nan}), ("drops NaN", "axis")),
    Planted("channel order", "conv1", resnet, lambda net: Bent(prepare=lambda x: x[:, ::-1]), ("BGR", "axis 0")),
    Planted("input scaling", "conv1", lenet, lambda net: Bent(prepare=lambda x: x / 255), ("255", "same range")),
    Planted(
        "input scaling", "conv1", resnet, lambda net: Bent(prepare=lambda x: x / 127.5 - 1), ("-1..1", "same range")
    ),
    Planted(
        "input mean",
        "conv1",
        resnet,
        lambda net: Bent(prepare=lambda x: (x - MEAN[:, None, None]) / DEVIATION[:, None, None]),
        ("axis 0", "alike"),
    ),
    Planted(
        "input transposed", "stem", mobile, lambda net: Bent(prepare=lambda x: x.swapaxes(2, 3)), ("axes 1 and 2",)
    ),
    Planted("input flipped", "conv1", lenet, lambda net: Bent(prepare=lambda x: x[..., ::-1]), ("width", "axis 2")),
    Planted(
        "input layout",
        "conv1",
        resnet,
        lambda net: Bent(prepare=lambda x: x.transpose(0, 2, 3, 1).reshape(x.shape)),
        ("(2, 0, 1)", "channels_last"),
    ),
    Planted(
        "padding",
        "layer2.0.conv1",
        lambda: with_parameters(resnet(), "layer2.0.conv1", padding="same"),
        lambda net: Bent({"layer2.0.conv1": as_layer(Conv2d(32, 3, stride=2, padding=((1, 0), (1, 0)), bias=False))}),
        ("the engine's goes to the top", "along the width", "F.pad"),
    ),
    Planted(
        "count_include_pad",
        "pool2",
        lenet,
        lambda net: Bent({"pool2": as_layer(AvgPool2d(3, stride=2, padding=1, count_include_pad=False))}),
        ("divide each window",),
    ),
    Planted(
        "max-pool border",
        "pool1",
        lambda: lively(Network((3, 31, 31), [("conv", Conv2d(8, 3)), ("pool1", MaxPool2d(3, 2, padding=1))])),
        lambda net: Bent(
            {
                "pool1": lambda x, *, layer, w: MaxPool2d(3, 2).forward(
                    np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), w={}, run=Run()
                )
            }
        ),
        ("-inf", "height and width"),
    ),
    Planted(
        "eps", "bn1", resnet, lambda net: Bent({"bn1": as_layer(BatchNorm2d(eps=1e-3))}), ("0.001", "epsilon in Keras")
    ),
    Planted("negative_slope", "relu2", lenet, lambda net: Bent({"relu2": as_layer(LeakyReLU(0.2))}), ("0.2", "tf.nn")),
    Planted("approximate", "gelu", lenet, lambda net: Bent({"gelu": as_layer(GELU("tanh"))}), ("erf",)),
    Planted(
        "activation",
        "gelu",
        lenet,
        lambda net: Bent({"gelu": lambda x, *, layer, w: x / (1 + np.exp(-1.702 * x))}),
        ("quick GELU",),
    ),
    Planted(
        "softmax axis",
        "softmax",
        mobile,
        lambda net: Bent(
            {
                "softmax": lambda x, *, layer, w: (
                    Softmax().forward(x.reshape(len(x), -1), w={}, run=Run()).reshape(x.shape)
                )
            }
        ),
        ("all axes", "opset 13"),
    ),
    Planted(
        "kernel rotated",
        "conv2",
        lenet,
        lambda net: Bent(
            {
                "conv2": lambda x, *, layer, w: layer.forward(
                    x, w={**w, "weight": w["weight"][..., ::-1, ::-1]}, run=Run()
                )
            }
        ),
        ("axes 2 and 3",),
    ),
    Planted(
        "flatten order", "flatten", lenet, lambda net: Bent({"flatten": as_layer(Flatten("HWC"))}), ("HWC", "axis 1")
    ),
    Planted(
        "order", "pixels", mobile, lambda net: Bent({"pixels": as_layer(PixelShuffle(2, order="DCR"))}), ("axis 0",)
    ),
    Planted(
        "mode", "up", mobile, lambda net: Bent({"up": as_layer(Upsample(2, mode="nearest"))}), ("height and width",)
    ),
    Planted(
        "kind", "pool1", lenet, lambda net: Bent({"pool1": as_layer(AvgPool2d(3, 2, padding=1))}), ("the same pool",)
    ),
]


@pytest.mark.parametrize("case", AMISS, ids=called)
def test_an_engine_that_computes_amiss_is_found(case: Planted) -> None:
    """It is found in its layer, its rule is named first with the axis and the fix, and no other rule is."""
    check(case)

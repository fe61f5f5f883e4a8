"""A network with every kind of layer in it, with branches, and images for it: what the explorer's tests look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid import Input, Network
from pellucid.layers import (
    CELU,
    ELU,
    GELU,
    SELU,
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Clip,
    Concat,
    Conv2d,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    HardSigmoid,
    HardSwish,
    LeakyReLU,
    Linear,
    MaxPool2d,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)

CURVES = (
    *(CELU(), ELU(), GELU(), SELU(), SiLU(), Mish(), Softsign(), Softplus(), HardSwish(), ReLU6(), HardSigmoid()),
    Clip(0.1, 0.9),
)
# Kinds whose numbers are taken apart by `explain`, and whose pictures in the page are still to be drawn.
WITHOUT_PICTURES = {
    *("ChannelShuffle", "ConvTranspose2d", "Pad2d", "Permute", "PixelShuffle", "Reshape", "SeparableConv2d", "Slice"),
    *("Upsample", "ZeroPad2d"),
}


def every_kind() -> Network:
    """Return the network: a stem, a residual block, an inception block, three pools, and a decision."""
    image = Input((3, 12, 11), name="photo")
    stem = ReLU()(BatchNorm2d()(Conv2d(6, 3, padding=1)(image, name="stem")))
    pooled = MaxPool2d(3, stride=2, padding=1)(stem)
    left = LeakyReLU(0.1)(BatchNorm2d(affine=False)(Conv2d(6, 3, padding="same", groups=2, bias=False)(pooled)))
    right = Tanh()(Conv2d(6, 1)(pooled))
    block = Add()(left, right)
    mean = AvgPool2d(3, stride=1, padding=1)(block)
    wide = Sigmoid()(Conv2d(4, 3, padding=2, dilation=2, padding_mode="reflect")(block))
    joined = Dropout2d(0.2)(Concat()(mean, wide))
    parts = Flatten("HWC")(AdaptiveAvgPool2d((2, 3))(joined))
    vector = Dropout(0.5)(Concat()(parts, GlobalMaxPool2d()(joined), GlobalAvgPool2d()(joined)))
    scores = BatchNorm1d()(Linear(7)(vector))
    for curve in CURVES:
        scores = curve(scores)
    net = Network(image, Softmax()(scores), seed=3, classes=list("abcdefg"), name="every kind")
    random = np.random.default_rng(1)
    for name in net.weights:
        if "running" in name or name.startswith("norm"):
            net.weights[name] = random.uniform(0.5, 1.5, net.weights[name].shape)
    return net


def photos(count: int = 3) -> NDArray[np.float32]:
    """Return images of noise, (count, 3, 12, 11), from -1 to 1."""
    return np.random.default_rng(2).uniform(-1, 1, (count, 3, 12, 11)).astype(np.float32)

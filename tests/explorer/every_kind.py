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
    AdaptiveMaxPool2d,
    Add,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    ChannelShuffle,
    Clip,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    GroupNorm,
    HardSigmoid,
    HardSwish,
    InstanceNorm2d,
    LayerNorm,
    LeakyReLU,
    Linear,
    LocalResponseNorm,
    LogSoftmax,
    LpPool2d,
    MaxPool2d,
    Mish,
    Multiply,
    Node,
    Pad2d,
    Permute,
    PixelShuffle,
    PReLU,
    ReLU,
    ReLU6,
    Reshape,
    Scale,
    SeparableConv2d,
    Sigmoid,
    SiLU,
    Slice,
    Softmax,
    Softplus,
    Softsign,
    Subtract,
    Tanh,
    Upsample,
    ZeroPad2d,
)

CURVES = (
    *(CELU(), ELU(), GELU(), SELU(), SiLU(), Mish(), Softsign(), Softplus(), HardSwish(), ReLU6(), HardSigmoid()),
    Clip(0.1, 0.9),
)


def every_kind() -> Network:
    """Return the network: a stem, a residual block, an inception block, three pools, and a decision."""
    image = Input((3, 12, 11), name="photo")
    stem = ReLU()(BatchNorm2d()(Conv2d(6, 3, padding=1)(image, name="stem")))
    pooled = MaxPool2d(3, stride=2, padding=1)(stem)
    left = LeakyReLU(0.1)(BatchNorm2d(affine=False)(Conv2d(6, 3, padding="same", groups=2, bias=False)(pooled)))
    right = Tanh()(Conv2d(6, 1)(pooled))
    block = Add()(left, right)
    block = Add()(block, moved(measured(block)), name="both")
    block = Scale()(PReLU()(block, name="slopes"), name="scaled")
    mean = AvgPool2d(3, stride=1, padding=1)(block)
    wide = Sigmoid()(Conv2d(4, 3, padding=2, dilation=2, padding_mode="reflect")(block))
    joined = Dropout2d(0.2)(Concat()(mean, wide))
    parts = Flatten("HWC")(AdaptiveAvgPool2d((2, 3))(joined))
    vector = Dropout(0.5)(Concat()(parts, GlobalMaxPool2d()(joined), GlobalAvgPool2d()(joined)))
    scores = BatchNorm1d()(Linear(7)(vector))
    for curve in CURVES:
        scores = curve(scores)
    logs = LogSoftmax()(scores, name="logs")
    net = Network(image, [Softmax()(scores), logs], seed=3, classes=list("abcdefg"), name="every kind")
    random = np.random.default_rng(1)
    for name in net.weights:
        if "running" in name or name.startswith(("norm", "slopes", "scaled")):
            net.weights[name] = random.uniform(0.5, 1.5, net.weights[name].shape)
    return net


def measured(block: Node) -> Node:
    """Return maps of the same shape, after every layer that measures numbers by others of the same image."""
    x = GroupNorm(3)(block, name="norm of groups")
    x = LayerNorm((0,))(x, name="norm of channels")
    x = InstanceNorm2d(affine=True)(x, name="norm of maps")
    x = LocalResponseNorm(4, alpha=1.5)(x, name="norm of neighbours")
    x = LpPool2d(3, 3, stride=2, padding=1)(x, name="lengths")
    return AdaptiveMaxPool2d(6)(x, name="parts")


def moved(block: Node) -> Node:
    """Return maps of the same shape, after every layer that grows, pads, resizes or moves maps."""
    x = ChannelShuffle(2)(block, name="shuffle")
    x = ZeroPad2d(1)(x, name="zeros")
    x = Slice(1, -1, axis=1)(x, name="rows")
    x = Slice(1, -1, axis=2)(x, name="columns")
    x = Pad2d(1, channels=(1, 1), mode="reflect")(x, name="mirror")
    x = SeparableConv2d(8, 3)(x, name="separable")
    x = PixelShuffle(2)(x, name="pixels")
    x = Upsample(0.5, mode="bilinear")(x, name="smaller")
    x = ConvTranspose2d(6, 3, stride=2, padding=1)(x, name="larger")
    x = Upsample(size=(6, 6))(x, name="nearest")
    x = Permute((0, 2, 1))(x, name="turned")
    x = Concat(axis=1)(Slice(3, axis=1)(x, name="below"), Slice(0, 3, axis=1)(x, name="above"), name="halves")
    gate = GlobalAvgPool2d(keepdims=True)(x, name="means")
    x = Subtract()(Multiply()(x, gate, name="gated"), gate, name="less")
    x = Add()(x, gate, name="more")
    return Reshape(block.shape)(x, name="laid out")


def photos(count: int = 3) -> NDArray[np.float32]:
    """Return images of noise, (count, 3, 12, 11), from -1 to 1."""
    return np.random.default_rng(2).uniform(-1, 1, (count, 3, 12, 11)).astype(np.float32)

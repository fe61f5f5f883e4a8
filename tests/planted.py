"""Networks of real size in which differences are planted, and what must be found of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from planting import lively

from pellucid import Input, Network, compare
from pellucid.comparison import Comparison
from pellucid.engines import Engine
from pellucid.layers import (
    GELU,
    AvgPool2d,
    BatchNorm2d,
    ChannelShuffle,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    HardSigmoid,
    HardSwish,
    LeakyReLU,
    Linear,
    MaxPool2d,
    Multiply,
    PixelShuffle,
    ReLU,
    ReLU6,
    SiLU,
    Softmax,
    Subtract,
    Upsample,
)
from pellucid.zoo import NETWORKS

MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
ALSO = {"weights", "layer added"}  # what is true besides: the numbers of a weight that was moved, a layer in front


@cache
def resnet() -> Network:
    """ResNet-20 for pictures of 32 x 32."""
    return lively(NETWORKS["resnet20"]())


@cache
def lenet() -> Network:
    """LeNet-5 as people write it now: ReLU, padded, with max pools, and dropout."""
    layers = [
        ("conv1", Conv2d(6, 5, padding=2)),
        ("relu1", ReLU()),
        ("pool1", MaxPool2d(3, stride=2, padding=1)),
        ("conv2", Conv2d(16, 5)),
        ("relu2", LeakyReLU(0.01)),
        ("pool2", AvgPool2d(3, stride=2, padding=1)),
        ("flatten", Flatten()),
        ("fc1", Linear(84)),
        ("gelu", GELU()),
        ("dropout", Dropout(0.5)),
        ("fc2", Linear(84)),
        ("hard", HardSigmoid()),
        ("fc3", Linear(10)),
        ("softmax", Softmax()),
    ]
    return lively(Network((1, 28, 28), layers, name="lenet"))


@cache
def mobile() -> Network:
    """Inverted bottlenecks with gates, as in MobileNet v3, and a kernel of several outputs to a channel."""
    x = Input((3, 37, 37))
    y = SiLU()(BatchNorm2d()(Conv2d(16, 3, stride=2, padding="same", bias=False)(x, name="stem"), name="bn"))
    z = Conv2d(32, 3, padding=1, groups=16)(y, name="depthwise")
    z = HardSwish()(BatchNorm2d(eps=1e-3)(z, name="bn1"), name="swish")
    gate = HardSigmoid()(Conv2d(32, 1)(GlobalAvgPool2d(keepdims=True)(z, name="squeeze"), name="fc"), name="gate")
    z = ReLU6()(Conv2d(16, 1)(Multiply()(z, gate, name="scaled"), name="project"), name="six")
    y = Subtract()(z, y, name="less")
    y = Concat()(Conv2d(8, 3, padding=1)(y, name="left"), Conv2d(8, 1)(y, name="right"), name="both")
    y = ChannelShuffle(4)(y, name="shuffle")
    y = Upsample(2, mode="bilinear")(PixelShuffle(2)(y, name="pixels"), name="up")
    return lively(Network(x, Softmax(0)(Conv2d(5, 3, padding=1)(y, name="head"), name="softmax"), name="mobile"))


@dataclass(frozen=True)
class Planted:
    """A difference: in which network, what is done to it, and how it must be told.

    Args:
        rule: the rule that must be named first.
        at: A's layer in which the difference is made.
        net: makes A.
        change: makes B of it: a network, or an engine that computes the same network amiss.
        words: what the words must hold: the axis, and the fix.
    """

    rule: str
    at: str
    net: Callable[[], Network]
    change: Callable[[Network], Network | Engine]
    words: tuple[str, ...]


def called(case: Planted) -> str:
    """What a case is called in reports."""
    return f"{case.rule} at {case.at}"


def compared(case: Planted) -> Comparison:
    """Both sides of a case, on the inputs that are chosen where nobody gives one."""
    net = case.net()
    other = case.change(net)
    if isinstance(other, Engine):
        return compare(net, net, engines=("reference", other))
    return compare(net, other)


def check(case: Planted) -> None:
    """Assert that a difference is found in its layer, its rule named first with axis and fix, and no other rule."""
    first = compared(case).differences[0]
    assert first.layer.a == case.at
    assert first.findings, "no rule explains it"
    assert first.findings[0].rule == case.rule
    for words in case.words:
        assert words in first.findings[0].words
    assert {finding.rule for finding in first.findings[1:]} <= ALSO

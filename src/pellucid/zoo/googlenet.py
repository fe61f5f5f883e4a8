"""GoogLeNet: blocks that look at the same maps through several kernels at once, and join what they see."""

from __future__ import annotations

from ..layers import (
    AdaptiveAvgPool2d,
    Concat,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Input,
    Linear,
    MaxPool2d,
    Node,
    ReLU,
)
from ..layers.node import Shape
from ..network import Network
from .blocks import conv_norm, kernels
from .builder import IMAGENET, Classes, counted

# For each block: kernels of the 1x1 branch, of the 3x3 branch before and in it, of the second 3x3 branch before and in
# it, and of the pooled branch (Table 1 of the paper); behind a block may stand a pool of (kernel, stride).
BLOCKS: dict[str, tuple[int, int, int, int, int, int]] = {
    "inception3a": (64, 96, 128, 16, 32, 32),
    "inception3b": (128, 128, 192, 32, 96, 64),
    "inception4a": (192, 96, 208, 16, 48, 64),
    "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64),
    "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128),
    "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}
POOLS = {"inception3b": ("maxpool3", 3), "inception4e": ("maxpool4", 2)}
AUXILIARY = {"inception4a": "aux1", "inception4d": "aux2"}


def googlenet(
    classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0, auxiliary: bool = False
) -> Network:
    """Build GoogLeNet (Inception v1) with batch norms; nodes are named as torchvision's modules.

    Source: C. Szegedy et al., "Going deeper with convolutions", CVPR 2015. As in torchvision the norms are later
    ones' and the "5x5" branch has a 3x3 kernel, which the published weights were trained with.

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width).
        seed: the seed of the weights' first values.
        auxiliary: add the two classifiers at half depth as second and third output; they help in training only.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> googlenet().params
    6624904
    """
    outputs, names = counted(classes)
    image = Input(input_shape)
    x = _conv(image, 64, 7, "conv1", stride=2)
    x = MaxPool2d(3, stride=2, ceil_mode=True)(x, name="maxpool1")
    x = _conv(x, 64, 1, "conv2")
    x = _conv(x, 192, 3, "conv3")
    x = MaxPool2d(3, stride=2, ceil_mode=True)(x, name="maxpool2")
    sides: list[Node] = []
    for name, widths in BLOCKS.items():
        x = _inception(x, widths, name)
        if auxiliary and name in AUXILIARY:
            sides.append(_auxiliary(x, outputs, AUXILIARY[name]))
        if name in POOLS:
            pool, kernel = POOLS[name]
            x = MaxPool2d(kernel, stride=2, ceil_mode=True)(x, name=pool)
    x = GlobalAvgPool2d()(x, name="avgpool")
    x = Dropout(0.2)(x, name="dropout")
    x = Linear(outputs)(x, name="fc")
    return Network(image, [x, *sides], seed=seed, classes=names, name="googlenet")


def _inception(x: Node, widths: tuple[int, int, int, int, int, int], name: str) -> Node:
    """Wire four branches and join them."""
    one, before_three, three, before_five, five, pooled = widths
    branches = [
        _conv(x, one, 1, f"{name}.branch1"),
        _conv(_conv(x, before_three, 1, f"{name}.branch2.0"), three, 3, f"{name}.branch2.1"),
        _conv(_conv(x, before_five, 1, f"{name}.branch3.0"), five, 3, f"{name}.branch3.1"),
        _conv(
            MaxPool2d(3, stride=1, padding=1, ceil_mode=True)(x, name=f"{name}.branch4.0"),
            pooled,
            1,
            f"{name}.branch4.1",
        ),
    ]
    return Concat()(*branches, name=f"{name}.concat")


def _auxiliary(x: Node, outputs: int, name: str) -> Node:
    """Wire a classifier at half depth."""
    x = AdaptiveAvgPool2d(4)(x, name=f"{name}.avgpool")
    x = Flatten()(_conv(x, 128, 1, f"{name}.conv"), name=f"{name}.flatten")
    x = ReLU()(Linear(1024)(x, name=f"{name}.fc1"), name=f"{name}.relu")
    return Linear(outputs)(Dropout(0.7)(x, name=f"{name}.dropout"), name=f"{name}.fc2")


def _conv(x: Node, width: int, kernel: int, name: str, stride: int = 1) -> Node:
    """Wire a convolution with its norm and rectifier."""
    names = (f"{name}.conv", f"{name}.bn", f"{name}.relu")
    return conv_norm(x, kernels(width, kernel, stride), names, eps=1e-3, activation=ReLU())

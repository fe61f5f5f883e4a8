"""DenseNet: every layer reads all that the layers before it have found."""

from __future__ import annotations

from ..layers import AvgPool2d, BatchNorm2d, Concat, GlobalAvgPool2d, Input, Linear, MaxPool2d, Node, ReLU
from ..layers.node import Shape
from ..network import Network
from .blocks import kernels
from .builder import IMAGENET, Classes, counted

GROWTH = 32  # channels that every layer adds
DEPTHS = (6, 12, 24, 16)


def densenet121(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build DenseNet-121; nodes are named as torchvision's modules.

    Source: G. Huang, Z. Liu, L. van der Maaten, K. Weinberger, "Densely connected convolutional networks", CVPR 2017,
    Table 1.

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width).
        seed: the seed of the weights' first values.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> densenet121().params
    7978856
    """
    outputs, names = counted(classes)
    image = Input(input_shape)
    x = kernels(64, 7, 2)(image, name="features.conv0")
    x = _normed(x, "features.norm0", "features.relu0")
    x = MaxPool2d(3, stride=2, padding=1)(x, name="features.pool0")
    for stage, depth in enumerate(DEPTHS, start=1):
        for number in range(1, depth + 1):
            x = _layer(x, f"features.denseblock{stage}.denselayer{number}")
        if stage < len(DEPTHS):
            x = _transition(x, f"features.transition{stage}")
    x = _normed(x, "features.norm5", "relu")
    x = GlobalAvgPool2d()(x, name="avgpool")
    return Network(image, Linear(outputs)(x, name="classifier"), seed=seed, classes=names, name="densenet121")


def _layer(x: Node, name: str) -> Node:
    """Wire a 1x1 and a 3x3 convolution, and join what they find to what was there."""
    y = kernels(4 * GROWTH, 1)(_normed(x, f"{name}.norm1", f"{name}.relu1"), name=f"{name}.conv1")
    y = kernels(GROWTH, 3)(_normed(y, f"{name}.norm2", f"{name}.relu2"), name=f"{name}.conv2")
    return Concat()(x, y, name=f"{name}.concat")


def _transition(x: Node, name: str) -> Node:
    """Halve the channels and the maps."""
    x = kernels(x.shape[0] // 2, 1)(_normed(x, f"{name}.norm", f"{name}.relu"), name=f"{name}.conv")
    return AvgPool2d(2, stride=2)(x, name=f"{name}.pool")


def _normed(x: Node, norm: str, relu: str) -> Node:
    """Wire a batch norm and a rectifier."""
    return ReLU()(BatchNorm2d()(x, name=norm), name=relu)

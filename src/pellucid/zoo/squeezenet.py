"""SqueezeNet: AlexNet's accuracy with fifty times fewer weights, by squeezing channels before they are read."""

from __future__ import annotations

from ..layers import Concat, Conv2d, Dropout, GlobalAvgPool2d, Input, MaxPool2d, Node, ReLU
from ..layers.node import Shape
from ..network import Network
from .builder import IMAGENET, Classes, counted

# Place in torchvision's list, channels squeezed to, and channels of each of the two expansions.
FIRES = {
    3: (16, 64),
    4: (16, 64),
    6: (32, 128),
    7: (32, 128),
    9: (48, 192),
    10: (48, 192),
    11: (64, 256),
    12: (64, 256),
}
POOLS = (2, 5, 8)


def squeezenet1_1(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build SqueezeNet 1.1; nodes are named as torchvision's modules.

    Source: F. Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
    2016; version 1.1 from the authors' repository.

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width).
        seed: the seed of the weights' first values.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> squeezenet1_1().params
    1235496
    """
    outputs, names = counted(classes)
    image = Input(input_shape)
    x = Conv2d(64, 3, stride=2, weight_init="he_uniform", bias_init="zeros")(image, name="features.0")
    x = ReLU()(x, name="features.1")
    for place in range(2, 13):
        name = f"features.{place}"
        x = MaxPool2d(3, stride=2, ceil_mode=True)(x, name=name) if place in POOLS else _fire(x, *FIRES[place], name)
    x = Dropout(0.5)(x, name="classifier.0")
    x = Conv2d(outputs, 1, weight_init="he_normal", bias_init="zeros")(x, name="classifier.1")
    x = ReLU()(x, name="classifier.2")
    x = GlobalAvgPool2d()(x, name="classifier.3")
    return Network(image, x, seed=seed, classes=names, name="squeezenet1_1")


def _fire(x: Node, squeezed: int, expanded: int, name: str) -> Node:
    """Wire a squeeze to few channels, and two expansions of them side by side."""
    x = _conv(x, squeezed, 1, f"{name}.squeeze")
    one, three = (_conv(x, expanded, kernel, f"{name}.expand{kernel}x{kernel}") for kernel in (1, 3))
    return Concat()(one, three, name=f"{name}.concat")


def _conv(x: Node, width: int, kernel: int, name: str) -> Node:
    """Wire a convolution and its rectifier."""
    conv = Conv2d(width, kernel, padding=kernel // 2, weight_init="he_uniform", bias_init="zeros")
    return ReLU()(conv(x, name=name), name=f"{name}_activation")

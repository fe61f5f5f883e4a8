"""EfficientNet: depth, width and picture size grown together."""

from __future__ import annotations

from ..layers import Add, Dropout, GlobalAvgPool2d, Input, Layer, Linear, Node, Sigmoid, SiLU
from ..layers.node import Shape
from ..network import Network
from .blocks import conv_norm, kernels, squeeze_excite
from .builder import IMAGENET, Classes, counted

STAGES = (  # how many times wider a block is inside, kernel, stride of the first, channels, blocks
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)


def efficientnet_b0(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build EfficientNet-B0; nodes are named as torchvision's modules.

    Source: M. Tan, Q. Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019,
    Table 1. The stochastic depth that it was trained with is left out: it is the identity when the network runs.

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width).
        seed: the seed of the weights' first values.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> efficientnet_b0().params
    5288548
    """
    outputs, names = counted(classes)
    image = Input(input_shape)
    x = _conv(image, 32, 3, "features.0", activation=SiLU(), stride=2)
    for stage, (wider, kernel, stride, width, depth) in enumerate(STAGES, start=1):
        for number in range(depth):
            step = stride if number == 0 else 1
            x = _block(x, wider, kernel, step, width, f"features.{stage}.{number}.block")
    x = _conv(x, 1280, 1, "features.8", activation=SiLU())
    x = GlobalAvgPool2d()(x, name="avgpool")
    x = Dropout(0.2)(x, name="classifier.0")
    return Network(image, Linear(outputs)(x, name="classifier.1"), seed=seed, classes=names, name="efficientnet_b0")


def _block(x: Node, wider: int, kernel: int, stride: int, width: int, name: str) -> Node:
    """Wire an expansion, a depthwise convolution, squeeze-and-excite, and a projection."""
    inside, y, place = x.shape[0] * wider, x, 0
    if wider != 1:
        y = _conv(y, inside, 1, f"{name}.0", activation=SiLU())
        place = 1
    y = _conv(y, inside, kernel, f"{name}.{place}", activation=SiLU(), stride=stride, groups=inside)
    y = squeeze_excite(y, max(1, x.shape[0] // 4), SiLU(), Sigmoid(), f"{name}.{place + 1}")
    y = _conv(y, width, 1, f"{name}.{place + 2}")
    return Add()(x, y, name=f"{name}.add") if stride == 1 and x.shape == y.shape else y


def _conv(
    x: Node, width: int, kernel: int, name: str, *, activation: Layer | None = None, stride: int = 1, groups: int = 1
) -> Node:
    """Wire a convolution with its norm and activation."""
    names = (f"{name}.0", f"{name}.1", f"{name}.2")
    return conv_norm(x, kernels(width, kernel, stride, groups=groups), names, activation=activation)

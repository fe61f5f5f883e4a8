"""ResNets for pictures of 32x32 pixels: the paper's own small ones, with shortcuts that have no weights."""

from __future__ import annotations

from ..layers import Add, GlobalAvgPool2d, Input, Linear, Node, Pad2d, ReLU, Slice
from ..layers.node import Shape
from ..network import Network
from .blocks import conv_norm, kernels
from .builder import Classes, counted

CIFAR: Shape = (3, 32, 32)
WIDTHS = (16, 32, 64)


def resnet20(classes: Classes = 10, *, input_shape: Shape = CIFAR, seed: int = 0) -> Network:
    """Build ResNet-20 for CIFAR-10; nodes are named as the modules of the best known PyTorch code.

    Source: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016, section 4.2;
    shortcuts of kind A: every second place, and zeros for the channels that are new. Names: akamaster's
    pytorch_resnet_cifar10.

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width).
        seed: the seed of the weights' first values.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> resnet20().params
    269722
    """
    return _resnet("resnet20", 3, classes, input_shape, seed)


def resnet32(classes: Classes = 10, *, input_shape: Shape = CIFAR, seed: int = 0) -> Network:
    """Build ResNet-32 for CIFAR-10; see `resnet20`.

    >>> resnet32().params
    464154
    """
    return _resnet("resnet32", 5, classes, input_shape, seed)


def resnet44(classes: Classes = 10, *, input_shape: Shape = CIFAR, seed: int = 0) -> Network:
    """Build ResNet-44 for CIFAR-10; see `resnet20`.

    >>> resnet44().params
    658586
    """
    return _resnet("resnet44", 7, classes, input_shape, seed)


def resnet56(classes: Classes = 10, *, input_shape: Shape = CIFAR, seed: int = 0) -> Network:
    """Build ResNet-56 for CIFAR-10; see `resnet20`.

    >>> resnet56().params
    853018
    """
    return _resnet("resnet56", 9, classes, input_shape, seed)


def _resnet(name: str, depth: int, classes: Classes, input_shape: Shape, seed: int) -> Network:
    """Build the network of three stages of so many blocks."""
    outputs, names = counted(classes)
    image = Input(input_shape)
    x = conv_norm(image, kernels(WIDTHS[0], 3), ("conv1", "bn1", "relu"), activation=ReLU())
    for stage, width in enumerate(WIDTHS, start=1):
        for number in range(depth):
            x = _block(x, width, 2 if stage > 1 and number == 0 else 1, f"layer{stage}.{number}")
    x = GlobalAvgPool2d()(x, name="avgpool")
    return Network(image, Linear(outputs)(x, name="linear"), seed=seed, classes=names, name=name)


def _block(x: Node, width: int, stride: int, name: str) -> Node:
    """Wire two 3x3 convolutions around a shortcut."""
    names = (f"{name}.conv1", f"{name}.bn1", f"{name}.relu1")
    y = conv_norm(x, kernels(width, 3, stride), names, activation=ReLU())
    y = conv_norm(y, kernels(width, 3), (f"{name}.conv2", f"{name}.bn2", ""))
    y = Add()(y, _shortcut(x, width, name) if stride > 1 else x, name=f"{name}.add")
    return ReLU()(y, name=f"{name}.relu2")


def _shortcut(x: Node, width: int, name: str) -> Node:
    """Take every second place, and put the channels amid zeros."""
    x = Slice(0, None, 2, axis=1)(x, name=f"{name}.shortcut.rows")
    x = Slice(0, None, 2, axis=2)(x, name=f"{name}.shortcut.columns")
    new = width - x.shape[0]
    return Pad2d(0, channels=(new // 2, new - new // 2))(x, name=f"{name}.shortcut.zeros")

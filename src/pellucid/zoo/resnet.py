"""ResNet: layers learn what to add to their input, so that a hundred of them can be trained."""

from __future__ import annotations

from collections.abc import Callable

from ..layers import Add, BatchNorm2d, Conv2d, GlobalAvgPool2d, Input, Linear, MaxPool2d, Node, ReLU
from ..layers.node import Shape
from ..network import Network
from .builder import IMAGENET, Classes, counted

WIDTHS = (64, 128, 256, 512)  # kernels of each stage's blocks; every stage but the first halves the maps

Block = Callable[[Node, int, int, str], Node]  # (input, kernels, stride, name) -> output


def resnet18(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build ResNet-18; see `resnet50` for the arguments.

    >>> resnet18().params
    11689512
    """
    return _resnet("resnet18", _basic, (2, 2, 2, 2), classes, input_shape, seed)


def resnet34(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build ResNet-34; see `resnet50` for the arguments.

    >>> resnet34().params
    21797672
    """
    return _resnet("resnet34", _basic, (3, 4, 6, 3), classes, input_shape, seed)


def resnet50(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build ResNet-50 with the stride in the 3x3 convolutions ("v1.5"); nodes are named as torchvision's modules.

    Source: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016, Table 1; there
    the stride is in the first 1x1 convolution of a block, which leaves three of four pixels unread.

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width).
        seed: the seed of the weights' first values.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> resnet50().params
    25557032
    """
    return _resnet("resnet50", _bottleneck, (3, 4, 6, 3), classes, input_shape, seed)


def resnet101(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build ResNet-101; see `resnet50` for the arguments.

    >>> resnet101().params
    44549160
    """
    return _resnet("resnet101", _bottleneck, (3, 4, 23, 3), classes, input_shape, seed)


def resnet152(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build ResNet-152; see `resnet50` for the arguments.

    >>> resnet152().params
    60192808
    """
    return _resnet("resnet152", _bottleneck, (3, 8, 36, 3), classes, input_shape, seed)


def _resnet(
    name: str, block: Block, depths: tuple[int, ...], classes: Classes, input_shape: Shape, seed: int
) -> Network:
    """Build the network with so many blocks in each stage."""
    outputs, names = counted(classes)
    image = Input(input_shape)
    x = _conv(64, 7, stride=2)(image, name="conv1")
    x = BatchNorm2d()(x, name="bn1")
    x = ReLU()(x, name="relu")
    x = MaxPool2d(3, stride=2, padding=1)(x, name="maxpool")
    for stage, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True), start=1):
        for number in range(depth):
            x = block(x, width, 2 if stage > 1 and number == 0 else 1, f"layer{stage}.{number}")
    x = GlobalAvgPool2d()(x, name="avgpool")
    return Network(image, Linear(outputs)(x, name="fc"), seed=seed, classes=names, name=name)


def _basic(x: Node, width: int, stride: int, name: str) -> Node:
    """Wire two 3x3 convolutions around a shortcut."""
    y = _conv(width, 3, stride)(x, name=f"{name}.conv1")
    y = BatchNorm2d()(y, name=f"{name}.bn1")
    y = ReLU()(y, name=f"{name}.relu1")
    y = _conv(width, 3)(y, name=f"{name}.conv2")
    y = BatchNorm2d()(y, name=f"{name}.bn2")
    y = Add()(y, _shortcut(x, y.shape, stride, name), name=f"{name}.add")
    return ReLU()(y, name=f"{name}.relu2")


def _bottleneck(x: Node, width: int, stride: int, name: str) -> Node:
    """Wire a 3x3 convolution between two 1x1, down to `width` channels and up to four times as many."""
    y = _conv(width, 1)(x, name=f"{name}.conv1")
    y = BatchNorm2d()(y, name=f"{name}.bn1")
    y = ReLU()(y, name=f"{name}.relu1")
    y = _conv(width, 3, stride)(y, name=f"{name}.conv2")
    y = BatchNorm2d()(y, name=f"{name}.bn2")
    y = ReLU()(y, name=f"{name}.relu2")
    y = _conv(4 * width, 1)(y, name=f"{name}.conv3")
    y = BatchNorm2d()(y, name=f"{name}.bn3")
    y = Add()(y, _shortcut(x, y.shape, stride, name), name=f"{name}.add")
    return ReLU()(y, name=f"{name}.relu3")


def _shortcut(x: Node, shape: Shape, stride: int, name: str) -> Node:
    """Return the block's input, brought to `shape` by a 1x1 convolution where it has another."""
    if x.shape == shape:
        return x
    x = _conv(shape[0], 1, stride)(x, name=f"{name}.downsample.0")
    return BatchNorm2d()(x, name=f"{name}.downsample.1")


def _conv(width: int, kernel: int, stride: int = 1) -> Conv2d:
    """Return a convolution that keeps the maps' size at stride 1; the batch norm behind it has the bias."""
    return Conv2d(width, kernel, stride=stride, padding=kernel // 2, bias=False, weight_init="he_normal")

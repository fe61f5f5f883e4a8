"""MobileNet, first and second: a convolution taken apart into one a channel, and one a place."""

from __future__ import annotations

from ..layers import Add, Dropout, GlobalAvgPool2d, Input, Linear, Node, ReLU6
from ..layers.node import Shape
from ..network import Network
from .blocks import conv_norm, kernels
from .builder import IMAGENET, Classes, counted

BLOCKS_V1 = (  # kernels and stride of each pair of convolutions
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1)
)  # fmt: skip
STAGES_V2 = (  # how many times wider a block is inside, kernels, blocks, stride of the first
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)
)  # fmt: skip


def mobilenet_v1(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build MobileNet v1 of width 1; rectified at 6 as in the authors' code and in Keras.

    Source: A. Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision applications",
    2017, Table 1.

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width).
        seed: the seed of the weights' first values.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> mobilenet_v1().params
    4231976
    """
    outputs, names = counted(classes)
    image = Input(input_shape)
    x = _conv(image, 32, 3, ("conv1", "conv1_bn", "conv1_relu"), stride=2)
    for number, (width, stride) in enumerate(BLOCKS_V1, start=1):
        depthwise, pointwise = f"conv_dw_{number}", f"conv_pw_{number}"
        depthwise_names = (depthwise, f"{depthwise}_bn", f"{depthwise}_relu")
        x = _conv(x, x.shape[0], 3, depthwise_names, stride=stride, groups=x.shape[0])
        x = _conv(x, width, 1, (pointwise, f"{pointwise}_bn", f"{pointwise}_relu"))
    x = GlobalAvgPool2d()(x, name="avgpool")
    x = Dropout(1e-3)(x, name="dropout")
    return Network(image, Linear(outputs)(x, name="fc"), seed=seed, classes=names, name="mobilenet_v1")


def mobilenet_v2(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build MobileNetV2 of width 1; nodes are named as torchvision's modules.

    Source: M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen, "MobileNetV2: inverted residuals and linear
    bottlenecks", CVPR 2018, Table 2. Arguments and errors: `mobilenet_v1`.

    >>> mobilenet_v2().params
    3504872
    """
    outputs, names = counted(classes)
    image = Input(input_shape)
    x = _named(image, 32, 3, "features.0", stride=2)
    place = 1
    for wider, width, depth, stride in STAGES_V2:
        for number in range(depth):
            x = _inverted(x, wider, width, stride if number == 0 else 1, f"features.{place}")
            place += 1
    x = _named(x, 1280, 1, f"features.{place}")
    x = GlobalAvgPool2d()(x, name="avgpool")
    x = Dropout(0.2)(x, name="classifier.0")
    return Network(image, Linear(outputs)(x, name="classifier.1"), seed=seed, classes=names, name="mobilenet_v2")


def _inverted(x: Node, wider: int, width: int, stride: int, name: str) -> Node:
    """Wire a block that is wide inside and narrow at its ends, which the shortcut joins."""
    inside, y, place = x.shape[0] * wider, x, 0
    if wider != 1:
        y = _named(y, inside, 1, f"{name}.conv.0")
        place = 1
    y = _named(y, inside, 3, f"{name}.conv.{place}", stride=stride, groups=inside)
    y = conv_norm(y, kernels(width), (f"{name}.conv.{place + 1}", f"{name}.conv.{place + 2}", ""))
    return Add()(x, y, name=f"{name}.add") if x.shape == y.shape else y


def _named(x: Node, width: int, kernel: int, name: str, *, stride: int = 1, groups: int = 1) -> Node:
    """Wire a convolution with its norm and rectifier, named by their places in torchvision's list."""
    return _conv(x, width, kernel, (f"{name}.0", f"{name}.1", f"{name}.2"), stride=stride, groups=groups)


def _conv(x: Node, width: int, kernel: int, names: tuple[str, str, str], *, stride: int = 1, groups: int = 1) -> Node:
    """Wire a convolution with its norm and rectifier."""
    return conv_norm(x, kernels(width, kernel, stride, groups=groups), names, activation=ReLU6())

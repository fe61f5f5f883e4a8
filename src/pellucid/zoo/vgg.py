"""VGG: nothing but 3x3 convolutions, deeper and deeper."""

from __future__ import annotations

from ..layers import AdaptiveAvgPool2d, Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU
from ..layers.node import Shape
from ..network import Network
from .builder import IMAGENET, Classes, counted

WIDTHS = (64, 128, 256, 512, 512)  # kernels of each stage; a stage ends in a pool that halves the maps


def vgg11(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build VGG-11, configuration A of the paper; see `vgg16` for the arguments.

    >>> vgg11().params
    132863336
    """
    return _vgg("vgg11", (1, 1, 2, 2, 2), classes, input_shape, seed)


def vgg13(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build VGG-13, configuration B of the paper; see `vgg16` for the arguments.

    >>> vgg13().params
    133047848
    """
    return _vgg("vgg13", (2, 2, 2, 2, 2), classes, input_shape, seed)


def vgg16(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build VGG-16, configuration D of the paper; nodes are named as torchvision's modules.

    Source: K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015.
    First values follow K. He et al., ICCV 2015: with smaller ones so deep a network does not start to learn.

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width); at least 32 x 32 pixels.
        seed: the seed of the weights' first values.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> vgg16().params
    138357544
    """
    return _vgg("vgg16", (2, 2, 3, 3, 3), classes, input_shape, seed)


def vgg19(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build VGG-19, configuration E of the paper; see `vgg16` for the arguments.

    >>> vgg19().params
    143667240
    """
    return _vgg("vgg19", (2, 2, 4, 4, 4), classes, input_shape, seed)


def _vgg(name: str, depths: tuple[int, ...], classes: Classes, input_shape: Shape, seed: int) -> Network:
    """Build the configuration with so many convolutions in each stage."""
    outputs, names = counted(classes)
    features: list[Layer] = []
    for width, depth in zip(WIDTHS, depths, strict=True):
        for _ in range(depth):
            features += [Conv2d(width, 3, padding=1, weight_init="he_normal", bias_init="zeros"), ReLU()]
        features.append(MaxPool2d(2))
    return Network(
        input_shape,
        [
            *((f"features.{number}", layer) for number, layer in enumerate(features)),
            ("avgpool", AdaptiveAvgPool2d(7)),
            ("flatten", Flatten()),
            ("classifier.0", _linear(4096)),
            ("classifier.1", ReLU()),
            ("classifier.2", Dropout(0.5)),
            ("classifier.3", _linear(4096)),
            ("classifier.4", ReLU()),
            ("classifier.5", Dropout(0.5)),
            ("classifier.6", _linear(outputs)),
        ],
        seed=seed,
        classes=names,
        name=name,
    )


def _linear(outputs: int) -> Linear:
    return Linear(outputs, weight_init="he_normal", bias_init="zeros")

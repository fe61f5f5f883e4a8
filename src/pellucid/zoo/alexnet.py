"""AlexNet, the network whose victory of 2012 made everyone look at convolutions again."""

from __future__ import annotations

from ..layers import AdaptiveAvgPool2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from ..layers.node import Shape
from ..network import Network
from .builder import IMAGENET, Classes, counted


def alexnet(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build AlexNet in its one-GPU form; nodes are named as torchvision's modules.

    Source: A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", arXiv:1404.5997 (2014).

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width); at least 63 x 63 pixels.
        seed: the seed of the weights' first values.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> alexnet().params
    61100840
    """
    outputs, names = counted(classes)
    return Network(
        input_shape,
        [
            ("features.0", Conv2d(64, 11, stride=4, padding=2)),
            ("features.1", ReLU()),
            ("features.2", MaxPool2d(3, stride=2)),
            ("features.3", Conv2d(192, 5, padding=2)),
            ("features.4", ReLU()),
            ("features.5", MaxPool2d(3, stride=2)),
            ("features.6", Conv2d(384, 3, padding=1)),
            ("features.7", ReLU()),
            ("features.8", Conv2d(256, 3, padding=1)),
            ("features.9", ReLU()),
            ("features.10", Conv2d(256, 3, padding=1)),
            ("features.11", ReLU()),
            ("features.12", MaxPool2d(3, stride=2)),
            ("avgpool", AdaptiveAvgPool2d(6)),
            ("flatten", Flatten()),
            ("classifier.0", Dropout(0.5)),
            ("classifier.1", Linear(4096)),
            ("classifier.2", ReLU()),
            ("classifier.3", Dropout(0.5)),
            ("classifier.4", Linear(4096)),
            ("classifier.5", ReLU()),
            ("classifier.6", Linear(outputs)),
        ],
        seed=seed,
        classes=names,
        name="alexnet",
    )

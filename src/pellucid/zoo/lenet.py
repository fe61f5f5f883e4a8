"""LeNet-5, the network that read the digits on cheques."""

from __future__ import annotations

from ..layers import AvgPool2d, Conv2d, Flatten, Linear, Tanh
from ..layers.node import Shape
from ..network import Network
from .builder import Classes, counted


def lenet5(classes: Classes = 10, *, input_shape: Shape = (1, 28, 28), seed: int = 0) -> Network:
    """Build LeNet-5 in the form that is taught: tanh, average pooling, every map of conv1 read by every map of conv2.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86 (1998). The original reads 32 x 32 pixels: padding 2 stands for their empty border.

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width).
        seed: the seed of the weights' first values.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> lenet5().params
    61706
    """
    outputs, names = counted(classes)
    return Network(
        input_shape,
        [
            Conv2d(6, 5, padding=2, weight_init="glorot_uniform", bias_init="zeros"),
            Tanh(),
            AvgPool2d(2),
            Conv2d(16, 5, weight_init="glorot_uniform", bias_init="zeros"),
            Tanh(),
            AvgPool2d(2),
            Flatten(),
            Linear(120, weight_init="glorot_uniform", bias_init="zeros"),
            Tanh(),
            Linear(84, weight_init="glorot_uniform", bias_init="zeros"),
            Tanh(),
            Linear(outputs, weight_init="glorot_uniform", bias_init="zeros"),
        ],
        seed=seed,
        classes=names,
        name="lenet5",
    )

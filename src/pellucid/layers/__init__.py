"""The layers: what each one is. One family a file; `base.py` holds the contract.

`REGISTRY` is the closed set of layers by kind: files are read, and tests take their cases, from nowhere else.
"""

from .activations import LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from .base import Layer
from .convolution import Conv2d
from .dense import Flatten, Linear
from .global_pooling import AdaptiveAvgPool2d, GlobalAvgPool2d, GlobalMaxPool2d
from .merging import Add, Concat
from .node import Input, Node
from .normalization import BatchNorm2d
from .params import Pair
from .pooling import AvgPool2d, MaxPool2d
from .regularization import Dropout, Dropout2d

__all__ = [
    "REGISTRY",
    "AdaptiveAvgPool2d",
    "Add",
    "AvgPool2d",
    "BatchNorm2d",
    "Concat",
    "Conv2d",
    "Dropout",
    "Dropout2d",
    "Flatten",
    "GlobalAvgPool2d",
    "GlobalMaxPool2d",
    "Input",
    "Layer",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "Node",
    "Pair",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
]

REGISTRY: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        AdaptiveAvgPool2d,
        Add,
        AvgPool2d,
        BatchNorm2d,
        Concat,
        Conv2d,
        Dropout,
        Dropout2d,
        Flatten,
        GlobalAvgPool2d,
        GlobalMaxPool2d,
        LeakyReLU,
        Linear,
        MaxPool2d,
        ReLU,
        Sigmoid,
        Softmax,
        Tanh,
    )
}

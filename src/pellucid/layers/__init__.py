"""The layers: what each one is. One family a file; `base.py` holds the contract.

`REGISTRY` is the closed set of layers by kind: files are read, and tests take their cases, from nowhere else.
"""

from .activations import LeakyReLU, ReLU, Sigmoid, Tanh
from .adaptive_pooling import AdaptiveAvgPool2d, AdaptiveMaxPool2d
from .base import Layer
from .convolution import Conv2d
from .curves import CELU, ELU, GELU, SELU, Clip, ReLU6
from .dense import Flatten, Linear
from .gates import HardSigmoid, HardSwish, Mish, SiLU, Softplus, Softsign
from .global_pooling import GlobalAvgPool2d, GlobalMaxPool2d
from .joining import Concat
from .local_response import LocalResponseNorm
from .merging import Add, Multiply, Subtract
from .node import Input, Node
from .normalization import BatchNorm1d, BatchNorm2d
from .padding import Pad2d, ZeroPad2d
from .params import Pair
from .pooling import AvgPool2d, MaxPool2d
from .power_pooling import LpPool2d
from .regularization import Dropout, Dropout2d
from .resampling import Upsample
from .reshaping import Permute, Reshape, Slice
from .sample_norms import GroupNorm, InstanceNorm2d, LayerNorm
from .scaling import PReLU, Scale
from .separable import SeparableConv2d
from .shuffling import ChannelShuffle, PixelShuffle
from .softmax import LogSoftmax, Softmax
from .transposed import ConvTranspose2d

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "REGISTRY",
    "SELU",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "Add",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "ChannelShuffle",
    "Clip",
    "Concat",
    "Conv2d",
    "ConvTranspose2d",
    "Dropout",
    "Dropout2d",
    "Flatten",
    "GlobalAvgPool2d",
    "GlobalMaxPool2d",
    "GroupNorm",
    "HardSigmoid",
    "HardSwish",
    "Input",
    "InstanceNorm2d",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LocalResponseNorm",
    "LogSoftmax",
    "LpPool2d",
    "MaxPool2d",
    "Mish",
    "Multiply",
    "Node",
    "PReLU",
    "Pad2d",
    "Pair",
    "Permute",
    "PixelShuffle",
    "ReLU",
    "ReLU6",
    "Reshape",
    "Scale",
    "SeparableConv2d",
    "SiLU",
    "Sigmoid",
    "Slice",
    "Softmax",
    "Softplus",
    "Softsign",
    "Subtract",
    "Tanh",
    "Upsample",
    "ZeroPad2d",
]

REGISTRY: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        AdaptiveAvgPool2d,
        AdaptiveMaxPool2d,
        Add,
        AvgPool2d,
        BatchNorm1d,
        BatchNorm2d,
        CELU,
        ChannelShuffle,
        Clip,
        Concat,
        Conv2d,
        ConvTranspose2d,
        Dropout,
        Dropout2d,
        ELU,
        Flatten,
        GELU,
        GlobalAvgPool2d,
        GlobalMaxPool2d,
        GroupNorm,
        HardSigmoid,
        HardSwish,
        InstanceNorm2d,
        LayerNorm,
        LeakyReLU,
        Linear,
        LocalResponseNorm,
        LogSoftmax,
        LpPool2d,
        MaxPool2d,
        Mish,
        Multiply,
        PReLU,
        Pad2d,
        Permute,
        PixelShuffle,
        ReLU,
        ReLU6,
        Reshape,
        SELU,
        Scale,
        SeparableConv2d,
        SiLU,
        Sigmoid,
        Slice,
        Softmax,
        Softplus,
        Softsign,
        Subtract,
        Tanh,
        Upsample,
        ZeroPad2d,
    )
}

"""ShuffleNetV2: half of the channels go straight on, and a shuffle mixes the halves."""

from __future__ import annotations

from ..layers import ChannelShuffle, Concat, GlobalAvgPool2d, Input, Linear, MaxPool2d, Node, ReLU, Slice
from ..layers.node import Shape
from ..network import Network
from .blocks import conv_norm, kernels
from .builder import IMAGENET, Classes, counted

STAGES = ((4, 116), (8, 232), (4, 464))  # units, and channels


def shufflenet_v2_x1_0(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build ShuffleNetV2 of width 1; nodes are named as torchvision's modules.

    Source: N. Ma, X. Zhang, H.-T. Zheng, J. Sun, "ShuffleNet V2: practical guidelines for efficient CNN architecture
    design", ECCV 2018, Table 5.

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width).
        seed: the seed of the weights' first values.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> shufflenet_v2_x1_0().params
    2278604
    """
    outputs, names = counted(classes)
    image = Input(input_shape)
    x = conv_norm(image, kernels(24, 3, 2), ("conv1.0", "conv1.1", "conv1.2"), activation=ReLU())
    x = MaxPool2d(3, stride=2, padding=1)(x, name="maxpool")
    for stage, (units, width) in enumerate(STAGES, start=2):
        x = _halving(x, width // 2, f"stage{stage}.0")
        for number in range(1, units):
            x = _unit(x, width // 2, f"stage{stage}.{number}")
    x = conv_norm(x, kernels(1024), ("conv5.0", "conv5.1", "conv5.2"), activation=ReLU())
    x = GlobalAvgPool2d()(x, name="avgpool")
    return Network(image, Linear(outputs)(x, name="fc"), seed=seed, classes=names, name="shufflenet_v2_x1_0")


def _halving(x: Node, width: int, name: str) -> Node:
    """Wire the unit that halves the maps: both branches read all channels."""
    side = f"{name}.branch1"
    y = conv_norm(x, kernels(x.shape[0], 3, 2, groups=x.shape[0]), (f"{side}.0", f"{side}.1", ""))
    y = conv_norm(y, kernels(width), (f"{side}.2", f"{side}.3", f"{side}.4"), activation=ReLU())
    return _joined(y, _branch(x, width, 2, name), name)


def _unit(x: Node, width: int, name: str) -> Node:
    """Wire the unit that changes one half of the channels."""
    kept = Slice(0, width)(x, name=f"{name}.kept")
    changed = Slice(width, 2 * width)(x, name=f"{name}.changed")
    return _joined(kept, _branch(changed, width, 1, name), name)


def _branch(x: Node, width: int, stride: int, name: str) -> Node:
    """Wire a 1x1, a depthwise 3x3 and a 1x1 convolution."""
    at = f"{name}.branch2"
    y = conv_norm(x, kernels(width), (f"{at}.0", f"{at}.1", f"{at}.2"), activation=ReLU())
    y = conv_norm(y, kernels(width, 3, stride, groups=width), (f"{at}.3", f"{at}.4", ""))
    return conv_norm(y, kernels(width), (f"{at}.5", f"{at}.6", f"{at}.7"), activation=ReLU())


def _joined(one: Node, two: Node, name: str) -> Node:
    """Join two halves, and mix their channels."""
    return ChannelShuffle(2)(Concat()(one, two, name=f"{name}.concat"), name=f"{name}.shuffle")

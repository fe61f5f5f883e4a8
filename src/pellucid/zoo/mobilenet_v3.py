"""MobileNetV3: MobileNetV2's blocks, chosen by a search, with squeeze-and-excite and cheaper curves."""

from __future__ import annotations

from ..layers import Add, Dropout, GlobalAvgPool2d, HardSigmoid, HardSwish, Input, Layer, Linear, Node, ReLU
from ..layers.node import Shape
from ..network import Network
from .blocks import conv_norm, kernels, rounded, squeeze_excite
from .builder import IMAGENET, Classes, counted

# Kernel, channels inside, channels out, squeeze-and-excite, "HS" (hard swish) or "RE" (ReLU), stride.
Block = tuple[int, int, int, bool, str, int]
LARGE: tuple[Block, ...] = (
    (3, 16, 16, False, "RE", 1),
    (3, 64, 24, False, "RE", 2),
    (3, 72, 24, False, "RE", 1),
    (5, 72, 40, True, "RE", 2),
    (5, 120, 40, True, "RE", 1),
    (5, 120, 40, True, "RE", 1),
    (3, 240, 80, False, "HS", 2),
    (3, 200, 80, False, "HS", 1),
    (3, 184, 80, False, "HS", 1),
    (3, 184, 80, False, "HS", 1),
    (3, 480, 112, True, "HS", 1),
    (3, 672, 112, True, "HS", 1),
    (5, 672, 160, True, "HS", 2),
    (5, 960, 160, True, "HS", 1),
    (5, 960, 160, True, "HS", 1),
)
SMALL: tuple[Block, ...] = (
    (3, 16, 16, True, "RE", 2),
    (3, 72, 24, False, "RE", 2),
    (3, 88, 24, False, "RE", 1),
    (5, 96, 40, True, "HS", 2),
    (5, 240, 40, True, "HS", 1),
    (5, 240, 40, True, "HS", 1),
    (5, 120, 48, True, "HS", 1),
    (5, 144, 48, True, "HS", 1),
    (5, 288, 96, True, "HS", 2),
    (5, 576, 96, True, "HS", 1),
    (5, 576, 96, True, "HS", 1),
)


def mobilenet_v3_large(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build MobileNetV3-Large; nodes are named as torchvision's modules.

    Source: A. Howard et al., "Searching for MobileNetV3", ICCV 2019, Table 1.

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width).
        seed: the seed of the weights' first values.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> mobilenet_v3_large().params
    5483032
    """
    return _mobilenet("mobilenet_v3_large", LARGE, 1280, classes, input_shape, seed)


def mobilenet_v3_small(classes: Classes = 1000, *, input_shape: Shape = IMAGENET, seed: int = 0) -> Network:
    """Build MobileNetV3-Small (Table 2); see `mobilenet_v3_large` for the arguments.

    >>> mobilenet_v3_small().params
    2542856
    """
    return _mobilenet("mobilenet_v3_small", SMALL, 1024, classes, input_shape, seed)


def _mobilenet(
    name: str, blocks: tuple[Block, ...], width: int, classes: Classes, input_shape: Shape, seed: int
) -> Network:
    """Build the network of so many blocks, with `width` units before the last layer."""
    outputs, names = counted(classes)
    image = Input(input_shape)
    x = _conv(image, 16, 3, "features.0", activation=HardSwish(), stride=2)
    for place, block in enumerate(blocks, start=1):
        x = _block(x, block, f"features.{place}.block")
    x = _conv(x, 6 * x.shape[0], 1, f"features.{len(blocks) + 1}", activation=HardSwish())
    x = GlobalAvgPool2d()(x, name="avgpool")
    x = HardSwish()(Linear(width)(x, name="classifier.0"), name="classifier.1")
    x = Dropout(0.2)(x, name="classifier.2")
    return Network(image, Linear(outputs)(x, name="classifier.3"), seed=seed, classes=names, name=name)


def _block(x: Node, block: Block, name: str) -> Node:
    """Wire an expansion, a depthwise convolution, squeeze-and-excite, and a projection."""
    kernel, inside, width, excited, curve, stride = block
    y, place = x, 0

    def activation() -> Layer:
        return HardSwish() if curve == "HS" else ReLU()

    if inside != x.shape[0]:
        y = _conv(y, inside, 1, f"{name}.{place}", activation=activation())
        place += 1
    y = _conv(y, inside, kernel, f"{name}.{place}", activation=activation(), stride=stride, groups=inside)
    place += 1
    if excited:
        y = squeeze_excite(y, rounded(inside / 4), ReLU(), HardSigmoid(), f"{name}.{place}")
        place += 1
    y = _conv(y, width, 1, f"{name}.{place}")
    return Add()(x, y, name=f"{name}.add") if stride == 1 and x.shape == y.shape else y


def _conv(
    x: Node, width: int, kernel: int, name: str, *, activation: Layer | None = None, stride: int = 1, groups: int = 1
) -> Node:
    """Wire a convolution with its norm and activation."""
    conv = kernels(width, kernel, stride, groups=groups)
    names = (f"{name}.0", f"{name}.1", f"{name}.2")
    return conv_norm(x, conv, names, eps=1e-3, momentum=0.01, activation=activation)

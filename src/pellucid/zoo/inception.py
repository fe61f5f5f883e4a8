"""Inception-v3: large kernels taken apart into small ones, even into a row and a column."""

from __future__ import annotations

from ..layers import AvgPool2d, Concat, Conv2d, Dropout, GlobalAvgPool2d, Input, Linear, MaxPool2d, Node, ReLU
from ..layers.node import Shape
from ..network import Network
from .blocks import conv_norm
from .builder import Classes, counted

SIDE: Shape = (3, 299, 299)
Kernel = int | tuple[int, int]


def inception_v3(
    classes: Classes = 1000, *, input_shape: Shape = SIDE, seed: int = 0, auxiliary: bool = False
) -> Network:
    """Build Inception-v3; nodes are named as torchvision's modules.

    Source: C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna, "Rethinking the Inception architecture for
    computer vision", CVPR 2016; block widths as in torchvision.

    Args:
        classes: how many outputs, or their names.
        input_shape: (channels, height, width).
        seed: the seed of the weights' first values.
        auxiliary: add the classifier before the last stage as a second output; it helps in training only.

    Returns:
        The network: (channels, height, width) -> logits (classes,).

    Raises:
        ShapeError: the input is too small for the layers.

    >>> inception_v3().params, inception_v3(auxiliary=True).params
    (23834568, 27161264)
    """
    outputs, names = counted(classes)
    image = Input(input_shape)
    x = _conv(image, 32, 3, "Conv2d_1a_3x3", stride=2)
    x = _conv(x, 32, 3, "Conv2d_2a_3x3")
    x = _conv(x, 64, 3, "Conv2d_2b_3x3", padding=1)
    x = MaxPool2d(3, stride=2)(x, name="maxpool1")
    x = _conv(x, 80, 1, "Conv2d_3b_1x1")
    x = _conv(x, 192, 3, "Conv2d_4a_3x3")
    x = MaxPool2d(3, stride=2)(x, name="maxpool2")
    for name, pooled in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
        x = _block_a(x, pooled, name)
    x = _block_b(x, "Mixed_6a")
    for name, width in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
        x = _block_c(x, width, name)
    sides = [_auxiliary(x, outputs, "AuxLogits")] if auxiliary else []
    x = _block_d(x, "Mixed_7a")
    for name in ("Mixed_7b", "Mixed_7c"):
        x = _block_e(x, name)
    x = GlobalAvgPool2d()(x, name="avgpool")
    x = Dropout(0.5)(x, name="dropout")
    x = Linear(outputs)(x, name="fc")
    return Network(image, [x, *sides], seed=seed, classes=names, name="inception_v3")


def _block_a(x: Node, pooled: int, name: str) -> Node:
    """Wire branches of 1x1, 5x5, twice 3x3, and a pool."""
    five = _conv(_conv(x, 48, 1, f"{name}.branch5x5_1"), 64, 5, f"{name}.branch5x5_2", padding=2)
    three = _conv(_conv(x, 64, 1, f"{name}.branch3x3dbl_1"), 96, 3, f"{name}.branch3x3dbl_2", padding=1)
    three = _conv(three, 96, 3, f"{name}.branch3x3dbl_3", padding=1)
    return Concat()(_conv(x, 64, 1, f"{name}.branch1x1"), five, three, _pooled(x, pooled, name), name=f"{name}.concat")


def _block_b(x: Node, name: str) -> Node:
    """Wire branches that halve the maps."""
    one = _conv(x, 384, 3, f"{name}.branch3x3", stride=2)
    two = _conv(_conv(x, 64, 1, f"{name}.branch3x3dbl_1"), 96, 3, f"{name}.branch3x3dbl_2", padding=1)
    two = _conv(two, 96, 3, f"{name}.branch3x3dbl_3", stride=2)
    return Concat()(one, two, MaxPool2d(3, stride=2)(x, name=f"{name}.branch_pool"), name=f"{name}.concat")


def _block_c(x: Node, width: int, name: str) -> Node:
    """Wire branches whose 7x7 kernels are rows and columns."""
    row, column = ((1, 7), (0, 3)), ((7, 1), (3, 0))
    once = _conv(x, width, 1, f"{name}.branch7x7_1")
    for number, (kernel, padding), outputs in ((2, row, width), (3, column, 192)):
        once = _conv(once, outputs, kernel, f"{name}.branch7x7_{number}", padding=padding)
    twice = _conv(x, width, 1, f"{name}.branch7x7dbl_1")
    for number, (kernel, padding), outputs in ((2, column, width), (3, row, width), (4, column, width), (5, row, 192)):
        twice = _conv(twice, outputs, kernel, f"{name}.branch7x7dbl_{number}", padding=padding)
    return Concat()(_conv(x, 192, 1, f"{name}.branch1x1"), once, twice, _pooled(x, 192, name), name=f"{name}.concat")


def _block_d(x: Node, name: str) -> Node:
    """Wire branches that halve the maps, one of them through a row and a column."""
    three = _conv(_conv(x, 192, 1, f"{name}.branch3x3_1"), 320, 3, f"{name}.branch3x3_2", stride=2)
    seven = _conv(x, 192, 1, f"{name}.branch7x7x3_1")
    seven = _conv(seven, 192, (1, 7), f"{name}.branch7x7x3_2", padding=(0, 3))
    seven = _conv(seven, 192, (7, 1), f"{name}.branch7x7x3_3", padding=(3, 0))
    seven = _conv(seven, 192, 3, f"{name}.branch7x7x3_4", stride=2)
    return Concat()(three, seven, MaxPool2d(3, stride=2)(x, name=f"{name}.branch_pool"), name=f"{name}.concat")


def _block_e(x: Node, name: str) -> Node:
    """Wire branches that fan out into a row and a column."""
    three = _fan(_conv(x, 384, 1, f"{name}.branch3x3_1"), f"{name}.branch3x3_2")
    twice = _conv(_conv(x, 448, 1, f"{name}.branch3x3dbl_1"), 384, 3, f"{name}.branch3x3dbl_2", padding=1)
    twice = _fan(twice, f"{name}.branch3x3dbl_3")
    return Concat()(_conv(x, 320, 1, f"{name}.branch1x1"), three, twice, _pooled(x, 192, name), name=f"{name}.concat")


def _fan(x: Node, name: str) -> Node:
    """Wire a row and a column side by side."""
    row = _conv(x, 384, (1, 3), f"{name}a", padding=(0, 1))
    column = _conv(x, 384, (3, 1), f"{name}b", padding=(1, 0))
    return Concat()(row, column, name=f"{name}.concat")


def _pooled(x: Node, width: int, name: str) -> Node:
    """Wire an average pool and a 1x1 convolution."""
    return _conv(AvgPool2d(3, stride=1, padding=1)(x, name=f"{name}.pool"), width, 1, f"{name}.branch_pool")


def _auxiliary(x: Node, outputs: int, name: str) -> Node:
    """Wire the classifier before the last stage."""
    x = _conv(AvgPool2d(5, stride=3)(x, name=f"{name}.pool"), 128, 1, f"{name}.conv0")
    x = GlobalAvgPool2d()(_conv(x, 768, 5, f"{name}.conv1"), name=f"{name}.avgpool")
    return Linear(outputs)(x, name=f"{name}.fc")


def _conv(
    x: Node, width: int, kernel: Kernel, name: str, *, stride: int = 1, padding: int | tuple[int, int] = 0
) -> Node:
    """Wire a convolution with its norm and rectifier."""
    conv = Conv2d(width, kernel, stride=stride, padding=padding, bias=False, weight_init="he_normal")
    return conv_norm(x, conv, (f"{name}.conv", f"{name}.bn", f"{name}.relu"), eps=1e-3, activation=ReLU())

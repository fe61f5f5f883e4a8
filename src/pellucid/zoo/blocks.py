"""Pieces of many networks of the zoo: a convolution with its norm and activation, and squeeze-and-excite."""

from __future__ import annotations

from ..layers import BatchNorm2d, Conv2d, GlobalAvgPool2d, Layer, Multiply, Node


def conv_norm(
    x: Node,
    conv: Conv2d,
    names: tuple[str, str, str],
    *,
    eps: float = 1e-5,
    momentum: float = 0.1,
    activation: Layer | None = None,
) -> Node:
    """Wire a convolution, a batch norm and, if there is one, an activation.

    Args:
        x: what it reads.
        conv: the convolution; the batch norm behind it has the bias.
        names: of convolution, norm and activation.
        eps: what the batch norm adds to the variance.
        momentum: the share of a batch in its running averages.
        activation: for instance ReLU().
    """
    y = conv(x, name=names[0])
    y = BatchNorm2d(eps=eps, momentum=momentum)(y, name=names[1])
    return y if activation is None else activation(y, name=names[2])


def kernels(width: int, size: int | tuple[int, int] = 1, stride: int = 1, *, groups: int = 1) -> Conv2d:
    """Return a convolution without bias that keeps the maps' size at stride 1."""
    sizes = size if isinstance(size, tuple) else (size, size)
    padding = (sizes[0] // 2, sizes[1] // 2)
    return Conv2d(width, size, stride=stride, padding=padding, groups=groups, bias=False, weight_init="he_normal")


def squeeze_excite(x: Node, squeezed: int, activation: Layer, gate: Layer, name: str) -> Node:
    """Weigh every channel by what all channels' means say of it.

    Source: J. Hu, L. Shen, G. Sun, "Squeeze-and-excitation networks", CVPR 2018.

    Args:
        x: maps.
        squeezed: channels between the two 1x1 convolutions.
        activation: between them.
        gate: makes weights of what they give.
        name: what the names begin with; torchvision's modules fc1 and fc2 are the convolutions.
    """
    y = GlobalAvgPool2d(keepdims=True)(x, name=f"{name}.avgpool")
    y = Conv2d(squeezed, 1)(y, name=f"{name}.fc1")
    y = activation(y, name=f"{name}.activation")
    y = Conv2d(x.shape[0], 1)(y, name=f"{name}.fc2")
    y = gate(y, name=f"{name}.scale_activation")
    return Multiply()(x, y, name=f"{name}.multiply")


def rounded(width: float, divisor: int = 8) -> int:
    """Return the nearest multiple of `divisor` that is not more than 10 % below `width`.

    Source: the MobileNet papers' code.

    >>> rounded(22), rounded(76)
    (24, 80)
    """
    nearest = max(divisor, int(width + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * width else nearest

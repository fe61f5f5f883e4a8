"""Pieces of many networks of the zoo: a convolution with its norm and activation."""

from __future__ import annotations

from ..layers import BatchNorm2d, Conv2d, Layer, Node


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

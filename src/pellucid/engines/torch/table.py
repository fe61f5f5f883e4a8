"""The one table: what each kind of layer is in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from ...layers import (
    CELU,
    ELU,
    GELU,
    SELU,
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    Add,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    ChannelShuffle,
    Clip,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    GroupNorm,
    HardSigmoid,
    HardSwish,
    InstanceNorm2d,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    LocalResponseNorm,
    LogSoftmax,
    LpPool2d,
    MaxPool2d,
    Mish,
    Multiply,
    Pad2d,
    Permute,
    PixelShuffle,
    PReLU,
    ReLU,
    ReLU6,
    Reshape,
    Scale,
    SeparableConv2d,
    Sigmoid,
    SiLU,
    Slice,
    Softmax,
    Softplus,
    Softsign,
    Subtract,
    Tanh,
    Upsample,
    ZeroPad2d,
)
from ...layers.node import Shape
from ...window import Window
from . import moving, norming, pieces, varying

Entry = Callable[[Any, tuple[Shape, ...]], nn.Module]
Windows = tuple[Window, Window]


def conv(layer: Conv2d, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return a convolution, which pads by itself where both ends are alike."""
    given = (shapes[0][0], layer.out_channels, layer.kernel_size)
    named: dict[str, Any] = {name: getattr(layer, name) for name in ("stride", "dilation", "groups", "bias")}
    pads = [window.pads(size) for window, size in zip(layer.windows(), shapes[0][1:], strict=True)]
    even, mode = all(before == after for before, after in pads), layer.padding_mode
    worded = isinstance(layer.padding, str) and (layer.padding == "valid" or layer.stride == (1, 1))
    if even or worded:
        padding = layer.padding if worded else (pads[0][0], pads[1][0])
        named |= {"padding": padding, "padding_mode": mode}
        return nn.Conv2d(*given, **named)
    return pieces.PaddedConv2d(*given, edges=(*pads[1], *pads[0]), mode=mode, **named)


def conv_transpose(layer: ConvTranspose2d, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return a transposed convolution; where its sides differ the whole result is cropped, or has zeros added."""
    named: dict[str, Any] = {name: getattr(layer, name) for name in ("stride", "dilation", "groups", "bias")}
    given = (shapes[0][0], layer.out_channels, layer.kernel_size)
    (top, bottom), (left, right) = ((0, 0), (0, 0)) if isinstance(layer.padding, str) else layer.padding
    steps = zip(layer.output_padding, layer.stride, layer.dilation, strict=True)
    if layer.padding != "same" and top == bottom and left == right and all(o < max(s, d) for o, s, d in steps):
        named |= {"padding": (top, left), "output_padding": layer.output_padding}
        return nn.ConvTranspose2d(*given, **named)
    sizes = [(window, size) for window, size in zip(layer.windows(), shapes[0][1:], strict=True)]
    cut: list[int] = []
    for window, size in reversed(sizes):
        before = window.crops(size)[0]
        cut += [-before, before + window.out(size) - window.full(size)]
    left, right, top, bottom = cut
    return moving.CroppedConvTranspose2d(*given, edges=(left, right, top, bottom), **named)


def separable(layer: SeparableConv2d, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return a convolution a channel, then one a place."""
    pads = [window.pads(size) for window, size in zip(layer.windows(), shapes[0][1:], strict=True)]
    sizes = {name: weight.shape for name, weight in layer.weights(*shapes).items()}
    return moving.SeparableConv2d(sizes, layer.stride, layer.dilation, (*pads[1], *pads[0]))


def pad(layer: Pad2d, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return padding of rows and columns, and of channels."""
    (top, bottom), (left, right) = layer.padding
    return moving.Pad2d((left, right, top, bottom), layer.channels, layer.mode, layer.value)


def zero_pad(layer: ZeroPad2d, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return PyTorch's own zero padding."""
    (top, bottom), (left, right) = layer.padding
    return nn.ZeroPad2d((left, right, top, bottom))


def upsample(layer: Upsample, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return PyTorch's own resizing, which goes by the scale where one is given."""
    corners = layer.align_corners if layer.mode == "bilinear" else None
    return nn.Upsample(layer.size, layer.scale_factor, layer.mode, corners)


def pixel_shuffle(layer: PixelShuffle, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return PyTorch's own shuffle, or the one whose blocks come first."""
    factor = layer.upscale_factor
    return nn.PixelShuffle(factor) if layer.order == "CRD" else moving.DepthToSpace(factor)


def prelu(layer: PReLU, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return PyTorch's own slopes, one a channel or one in all, or slopes along other axes."""
    if layer.axes in ((), (0,)):
        return nn.PReLU(layer.weight_shape(shapes[0])[0])
    return varying.PReLU(across(layer.axes, shapes[0]), layer.weight_shape(shapes[0]))


def scale(layer: Scale, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return factors and numbers to add."""
    sizes = {name: weight.shape for name, weight in layer.weights(*shapes).items()}
    return varying.Scale(across(layer.axes, shapes[0]), sizes, layer.trainable)


def across(axes: tuple[int, ...], shape: Shape) -> tuple[int, ...]:
    """Return the shape in which a weight that varies along some axes meets every place."""
    return tuple(size if axis in axes else 1 for axis, size in enumerate(shape))


def linear(layer: Linear, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return a linear layer on the last axis."""
    return nn.Linear(shapes[0][-1], layer.out_features, bias=layer.bias)


def batch_norm(layer: BatchNorm2d, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return batch normalization of maps or of vectors."""
    kind = nn.BatchNorm2d if len(shapes[0]) == 3 else nn.BatchNorm1d
    return kind(shapes[0][0], eps=layer.eps, momentum=layer.momentum, affine=layer.affine)


def layer_norm(layer: LayerNorm, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return layer normalization: PyTorch's own is over the last axes, with a factor wherever it has a shift."""
    axes = layer.varies(shapes[0])
    sizes = tuple(shapes[0][axis] for axis in axes)
    if axes[-1] == len(shapes[0]) - 1 and len(axes) == axes[-1] - axes[0] + 1 and (layer.scale or not layer.bias):
        return nn.LayerNorm([*sizes], layer.eps, elementwise_affine=layer.scale, bias=layer.bias)
    return norming.LayerNorm(sizes, axes, layer.eps, layer.scale, layer.bias)


def local_response(layer: LocalResponseNorm, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return local response normalization: PyTorch's own is of maps, with the odd channel before."""
    given = (layer.size, layer.alpha, layer.beta, layer.k)
    if layer.extra == "before" and len(shapes[0]) == 3:
        return nn.LocalResponseNorm(*given)
    return norming.LocalResponseNorm(*given, layer.extra == "after")


def instance_norm(layer: InstanceNorm2d, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return instance normalization: PyTorch's own refuses a map of one place."""
    channels, height, width = shapes[0]
    if height * width > 1:
        return nn.InstanceNorm2d(channels, layer.eps, affine=layer.affine)
    return norming.InstanceNorm2d(channels, layer.eps, layer.affine)


def lp_pool(layer: LpPool2d, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return the lengths of windows."""
    edges = edges_of(layer.windows(), shapes[0])
    return norming.LpPool2d(
        layer.norm_type, layer.kernel_size, layer.stride or layer.kernel_size, layer.dilation, edges
    )


def max_pool(layer: MaxPool2d, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return a maximum, which pads by itself where PyTorch allows it."""
    stride, padding = layer.stride or layer.kernel_size, own_padding(layer.windows(), shapes[0])
    if padding is not None:
        return nn.MaxPool2d(layer.kernel_size, stride, padding, layer.dilation, ceil_mode=layer.ceil_mode)
    edges = edges_of(layer.windows(), shapes[0])
    return pieces.PaddedMaxPool2d(layer.kernel_size, stride, dilation=layer.dilation, edges=edges)


def avg_pool(layer: AvgPool2d, shapes: tuple[Shape, ...]) -> nn.Module:
    """Return an average, which pads by itself where PyTorch allows it."""
    stride, windows = layer.stride or layer.kernel_size, layer.windows()
    padding = own_padding(windows, shapes[0])
    if padding is not None:
        return nn.AvgPool2d(layer.kernel_size, stride, padding, layer.ceil_mode, layer.padding_counts)
    rows, columns = (
        window.counts(size, include_pad=layer.padding_counts)
        for window, size in zip(windows, shapes[0][1:], strict=True)
    )
    divisors = torch.from_numpy(np.outer(rows, columns).astype(np.float32))
    return pieces.PaddedAvgPool2d(layer.kernel_size, stride, edges_of(windows, shapes[0]), divisors)


def own_padding(windows: Windows, shape: Shape) -> tuple[int, int] | None:
    """Return the padding that PyTorch's pools take, the same at both ends and at most half the kernel, or None."""
    (top, bottom), (left, right) = (window.pads(size) for window, size in zip(windows, shape[1:], strict=True))
    small = top <= windows[0].kernel // 2 and left <= windows[1].kernel // 2
    return (top, left) if top == bottom and left == right and small else None


def edges_of(windows: Windows, shape: Shape) -> pieces.Edges:
    """Return the padding after which all windows fit exactly."""
    sides: list[int] = []
    for window, size in zip(reversed(windows), reversed(shape[1:]), strict=True):
        before, _ = window.pads(size)
        sides += [before, (window.out(size) - 1) * window.stride + window.span - size - before]
    left, right, top, bottom = sides
    return left, right, top, bottom


TABLE: dict[type[Layer], Entry] = {
    AdaptiveAvgPool2d: lambda layer, shapes: nn.AdaptiveAvgPool2d(layer.output_size or shapes[0][1:]),
    AdaptiveMaxPool2d: lambda layer, shapes: nn.AdaptiveMaxPool2d(layer.output_size or shapes[0][1:]),
    Add: lambda layer, shapes: pieces.Add(),
    AvgPool2d: avg_pool,
    BatchNorm1d: batch_norm,
    BatchNorm2d: batch_norm,
    CELU: lambda layer, shapes: nn.CELU(layer.alpha),
    ChannelShuffle: lambda layer, shapes: nn.ChannelShuffle(layer.groups),
    Clip: lambda layer, shapes: moving.Clip(layer.min, layer.max),
    Concat: lambda layer, shapes: pieces.Concat(layer.axis % len(shapes[0]) + 1),
    Conv2d: conv,
    ConvTranspose2d: conv_transpose,
    Dropout: lambda layer, shapes: nn.Dropout(layer.p),
    Dropout2d: lambda layer, shapes: nn.Dropout2d(layer.p),
    ELU: lambda layer, shapes: nn.ELU(layer.alpha),
    Flatten: lambda layer, shapes: pieces.FlattenLast() if layer.order == "HWC" else nn.Flatten(),
    GELU: lambda layer, shapes: nn.GELU(layer.approximate),
    GlobalAvgPool2d: lambda layer, shapes: pieces.GlobalAvgPool2d(layer.keepdims),
    GlobalMaxPool2d: lambda layer, shapes: pieces.GlobalMaxPool2d(layer.keepdims),
    GroupNorm: lambda layer, shapes: nn.GroupNorm(layer.num_groups, shapes[0][0], layer.eps, layer.affine),
    HardSigmoid: lambda layer, shapes: moving.HardSigmoid(layer.alpha, layer.beta),
    HardSwish: lambda layer, shapes: nn.Hardswish(),
    InstanceNorm2d: instance_norm,
    LayerNorm: layer_norm,
    LeakyReLU: lambda layer, shapes: nn.LeakyReLU(layer.negative_slope),
    Linear: linear,
    LocalResponseNorm: local_response,
    LogSoftmax: lambda layer, shapes: nn.LogSoftmax(layer.axis % len(shapes[0]) + 1),
    LpPool2d: lp_pool,
    MaxPool2d: max_pool,
    Mish: lambda layer, shapes: nn.Mish(),
    Multiply: lambda layer, shapes: pieces.Multiply(),
    Pad2d: pad,
    Permute: lambda layer, shapes: moving.Permute(layer.order),
    PReLU: prelu,
    PixelShuffle: pixel_shuffle,
    ReLU: lambda layer, shapes: nn.ReLU(),
    ReLU6: lambda layer, shapes: nn.ReLU6(),
    Reshape: lambda layer, shapes: moving.Reshape(layer.output_shape(*shapes)),
    SELU: lambda layer, shapes: nn.SELU(),
    Scale: scale,
    SeparableConv2d: separable,
    SiLU: lambda layer, shapes: nn.SiLU(),
    Sigmoid: lambda layer, shapes: nn.Sigmoid(),
    Slice: lambda layer, shapes: moving.Slice(
        layer.axis % len(shapes[0]) + 1, slice(layer.start, layer.stop, layer.step)
    ),
    Softmax: lambda layer, shapes: nn.Softmax(layer.axis % len(shapes[0]) + 1),
    Softplus: lambda layer, shapes: nn.Softplus(layer.beta, layer.threshold),
    Softsign: lambda layer, shapes: nn.Softsign(),
    Subtract: lambda layer, shapes: pieces.Subtract(),
    Tanh: lambda layer, shapes: nn.Tanh(),
    Upsample: upsample,
    ZeroPad2d: zero_pad,
}

"""PyTorch as the judge of what spreads, pads, resizes and moves numbers: a part of `torch_judge`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from pellucid.layers import ConvTranspose2d, Pad2d, PixelShuffle, SeparableConv2d, Slice, Upsample, ZeroPad2d
from pellucid.layers.base import Run
from pellucid.window import Window

F: Any = torch.nn.functional
Tensor = torch.Tensor
Tensors = Mapping[str, Tensor]


def sides(rows: Window, columns: Window, height: int, width: int) -> list[int]:
    """The padding in the order of F.pad: left, right, top, bottom."""
    return [*columns.pads(width), *rows.pads(height)]


def transposed(layer: ConvTranspose2d, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """The whole result, cropped by our windows, or with zeros at its end."""
    whole = F.conv_transpose2d(x, w["weight"], stride=layer.stride, groups=layer.groups, dilation=layer.dilation)
    (top, left), (height, width) = (
        [of(window, size) for window, size in zip(layer.windows(), x.shape[2:], strict=True)]
        for of in (lambda window, size: window.crops(size)[0], lambda window, size: window.out(size))
    )
    more = [0, max(left + width - whole.shape[3], 0), 0, max(top + height - whole.shape[2], 0)]
    y = F.pad(whole, more)[:, :, top : top + height, left : left + width]
    return y + w["bias"][:, None, None] if layer.bias else y


def separable(layer: SeparableConv2d, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """A convolution a channel, then one a place."""
    padded = F.pad(x, sides(*layer.windows(), x.shape[2], x.shape[3]))
    depthwise = F.conv2d(padded, w["depthwise_weight"], stride=layer.stride, dilation=layer.dilation, groups=x.shape[1])
    return F.conv2d(depthwise, w["pointwise_weight"], w.get("bias"))


def padded(layer: Pad2d | ZeroPad2d, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """Maps with more around them, then more maps."""
    (top, bottom), (left, right) = layer.padding
    if isinstance(layer, ZeroPad2d):
        return F.pad(x, [left, right, top, bottom])
    value = layer.value if layer.mode == "constant" else None
    y = F.pad(x, [left, right, top, bottom], mode=layer.mode, value=value)
    return F.pad(y, [0, 0, 0, 0, *layer.channels], value=layer.value)


def resized(layer: Upsample, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """PyTorch's own interpolation, by its scale where one is given."""
    corners = layer.align_corners if layer.mode == "bilinear" else None
    return F.interpolate(x, layer.size, layer.scale_factor, layer.mode, corners, recompute_scale_factor=False)


def pixels(layer: PixelShuffle, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """PyTorch's shuffle, or by hand where blocks of maps come first."""
    r = layer.upscale_factor
    if layer.order == "CRD":
        return F.pixel_shuffle(x, r)
    n, c, h, width = x.shape
    parts = x.reshape(n, r, r, c // r**2, h, width).permute(0, 3, 4, 1, 5, 2)
    return parts.reshape(n, c // r**2, h * r, width * r)


def sliced(layer: Slice, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """Python's own slice of one axis."""
    index = [slice(None)] * x.ndim
    index[layer.axis % (x.ndim - 1) + 1] = slice(layer.start, layer.stop, layer.step)
    return x[tuple(index)]

"""Convolutions, pools and padding as a PyTorch program says them."""

from __future__ import annotations

from typing import Any

from ...layers import AvgPool2d, Conv2d, ConvTranspose2d, Layer, MaxPool2d, Pad2d, SeparableConv2d, ZeroPad2d
from ...layers.node import Shape
from ...window import Window
from .pieces import Argument, Piece, Write, brief, expression, literal, made, option, place

Windows = tuple[Window, Window]


def padded(edges: tuple[int, ...], value: str = "0", mode: str = "constant") -> str:
    """Return the input with places added, or cut away, around its maps; `edges` in PyTorch's order."""
    if not any(edges):
        return "{0}"
    extra = f', mode="{mode}"' if mode != "constant" else f", value={value}" if value != "0" else ""
    return "F.pad({0}, " + literal(edges) + extra + ")"


def edges_of(windows: Windows, shape: Shape, *, filled: bool = False) -> tuple[int, int, int, int]:
    """Return (left, right, top, bottom): the padding, or that after which the last window fits exactly."""
    sides: list[int] = []
    for window, size in zip(reversed(windows), reversed(shape[1:]), strict=True):
        before, after = window.pads(size)
        if filled:
            after = (window.out(size) - 1) * window.stride + window.span - size - before
        sides += [before, after]
    left, right, top, bottom = sides
    return left, right, top, bottom


def conv(layer: Conv2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return a convolution that pads by itself where both ends are alike."""
    left, right, top, bottom = edges_of(layer.windows(), shapes[0])
    even = (left, top) == (right, bottom)
    mode = layer.padding_mode
    edges = () if even else (left, right, top, bottom)
    return made(
        "nn.Conv2d",
        place("in_channels", shapes[0][0]),
        place("out_channels", layer.out_channels),
        place("kernel_size", brief(layer.kernel_size)),
        option("stride", brief(layer.stride), 1),
        option("padding", brief((top, left)) if even else 0, 0),
        option("dilation", brief(layer.dilation), 1),
        option("groups", layer.groups, 1),
        option("bias", layer.bias, True),
        option("padding_mode", mode if even else "zeros", "zeros"),
        use="{call}(" + padded(edges, mode="constant" if mode == "zeros" else mode) + ")",
        needs=("F",) if edges else (),
    )


def conv_transpose(layer: ConvTranspose2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return a transposed convolution, whose result is cropped or extended where PyTorch's own crop cannot say it."""
    own: list[tuple[int, int]] = []  # PyTorch's padding and output_padding along height and width
    cut: list[int] = []
    for window, size in zip(layer.windows(), shapes[0][1:], strict=True):
        before = window.crops(size)[0]
        after = window.full(size) - before - window.out(size)
        own.append((before, before - after))
        cut = [-before, -after, *cut]
    stride, dilation = layer.stride, layer.dilation
    said = all(
        before >= 0 and 0 <= extra < max(s, d) for (before, extra), s, d in zip(own, stride, dilation, strict=True)
    )
    (top, below), (left, beside) = own
    return made(
        "nn.ConvTranspose2d",
        place("in_channels", shapes[0][0]),
        place("out_channels", layer.out_channels),
        place("kernel_size", brief(layer.kernel_size)),
        option("stride", brief(stride), 1),
        option("padding", brief((top, left)) if said else 0, 0),
        option("output_padding", brief((below, beside)) if said else 0, 0),
        option("groups", layer.groups, 1),
        option("bias", layer.bias, True),
        option("dilation", brief(dilation), 1),
        use="{call}({0})" if said else "F.pad({call}({0}), " + literal(tuple(cut)) + ")",
        needs=() if said else ("F",),
    )


def separable(layer: SeparableConv2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return a convolution a channel, then one a place."""
    return made(
        "SeparableConv2d",
        place("in_channels", shapes[0][0]),
        place("out_channels", layer.out_channels),
        place("kernel_size", layer.kernel_size),
        option("stride", layer.stride, (1, 1)),
        option("edges", edges_of(layer.windows(), shapes[0]), (0, 0, 0, 0)),
        option("dilation", layer.dilation, (1, 1)),
        option("depth_multiplier", layer.depth_multiplier, 1),
        option("bias", layer.bias, True),
        needs=("SeparableConv2d",),
    )


def max_pool(layer: MaxPool2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return a maximum, which pads by itself where PyTorch allows it."""
    return _pool(layer, shapes, [option("dilation", brief(layer.dilation), 1)], "nn.MaxPool2d", "-torch.inf")


def avg_pool(layer: AvgPool2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return an average; one whose padding differs from side to side divides by a mean of ones where padding is out."""
    left, right, top, bottom = edges_of(layer.windows(), shapes[0])
    own = _own(layer.kernel_size, left, right, top, bottom)
    if own or not any((left, right, top, bottom)):
        counted = [option("count_include_pad", layer.padding_counts, True)]
        return _pool(layer, shapes, counted, "nn.AvgPool2d", "0")
    edges = edges_of(layer.windows(), shapes[0], filled=True)
    mean = (
        "F.avg_pool2d(F.pad({value}, " + f"{literal(edges)}), {literal(layer.kernel_size)}, {literal(_stride(layer))})"
    )
    real = edges_of(layer.windows(), shapes[0])
    if layer.padding_counts and real == edges:
        return expression(mean.replace("{value}", "{0}"), "F")
    ones = "torch.ones_like({0})"
    if layer.padding_counts:  # what is counted ends at the padding; windows that reach farther divide by less
        ones = f"F.pad({ones}, {literal(real)}, value=1.0)"
        edges = tuple(all_ - own_ for all_, own_ in zip(edges, real, strict=True))
    size = (
        "F.avg_pool2d(F.pad(" + f"{ones}, {literal(edges)}), {literal(layer.kernel_size)}, {literal(_stride(layer))})"
    )
    return expression(f"{mean.replace('{value}', '{0}')} / {size}", "F")


def _pool(layer: Any, shapes: tuple[Shape, ...], others: list[Argument], head: str, value: str) -> Piece:
    left, right, top, bottom = edges_of(layer.windows(), shapes[0])
    own = _own(layer.kernel_size, left, right, top, bottom)
    edges = () if own else edges_of(layer.windows(), shapes[0], filled=True)
    kernel, stride = brief(layer.kernel_size), brief(_stride(layer))
    return made(
        head,
        place("kernel_size", kernel),
        option("stride", stride, kernel),
        option("padding", brief((top, left)) if own else 0, 0),
        *others,
        option("ceil_mode", layer.ceil_mode if own else False, False),
        use="{call}(" + padded(edges, value) + ")",
        needs=("F",) if any(edges) else (),
    )


def _own(kernel: tuple[int, int], left: int, right: int, top: int, bottom: int) -> bool:
    """Return whether PyTorch's pools take the padding: alike at both ends and at most half the kernel."""
    return (left, top) == (right, bottom) and top <= kernel[0] // 2 and left <= kernel[1] // 2


def _stride(layer: Any) -> tuple[int, int]:
    return layer.stride or layer.kernel_size


def pad(layer: Pad2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return padding of rows and columns, then of channels."""
    (top, bottom), (left, right) = layer.padding
    if layer.mode == "constant":
        edges = (left, right, top, bottom, *(layer.channels if any(layer.channels) else ()))
        return expression(padded(edges, literal(layer.value) if layer.value else "0"), "F")
    text = padded((left, right, top, bottom), mode=layer.mode)
    if any(layer.channels):
        behind = f", value={literal(layer.value)}" if layer.value else ""
        text = f"F.pad({text}, {literal((0, 0, 0, 0, *layer.channels))}{behind})"
    return expression(text, "F")


def zero_pad(layer: ZeroPad2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return PyTorch's own zero padding."""
    (top, bottom), (left, right) = layer.padding
    return made("nn.ZeroPad2d", place("padding", (left, right, top, bottom)))


WINDOWS: dict[type[Layer], Write] = {
    AvgPool2d: avg_pool,
    Conv2d: conv,
    ConvTranspose2d: conv_transpose,
    MaxPool2d: max_pool,
    Pad2d: pad,
    SeparableConv2d: separable,
    ZeroPad2d: zero_pad,
}

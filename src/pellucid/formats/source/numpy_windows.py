"""Convolutions, pools, padding and resizing in plain NumPy."""

from __future__ import annotations

import math
from typing import Any

from ...layers import (
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    Layer,
    MaxPool2d,
    Pad2d,
    SeparableConv2d,
    Upsample,
    ZeroPad2d,
)
from ...layers.node import Shape
from ...window import Window
from .pieces import Argument, Piece, Verbatim, Write, expression, literal, made, option, place

NONE = ((0, 0), (0, 0))
MODES = {"zeros": "constant", "constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def call(head: str, *values: Argument, reads: str = "{0}") -> Piece:
    """Return a call of one of our definitions; `reads` are its first arguments."""
    return made(head, place("x", Verbatim(reads)), *values, use="{call}", needs=(head,))


def weighed(layer: Layer, shapes: tuple[Shape, ...], *names: str) -> str:
    """Return the input and those of the weights that the layer has."""
    own = layer.weights(*shapes)
    return ", ".join(["{0}", *(f"{{w[{name}]}}" for name in names if name in own)])


def pads_of(layer: Any, shapes: tuple[Shape, ...]) -> tuple[tuple[int, int], ...]:
    """Return (top, bottom), (left, right)."""
    return tuple(tuple(window.pads(size)) for window, size in zip(layer.windows(), shapes[0][1:], strict=True))


def conv(layer: Conv2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return a convolution."""
    return call(
        "conv2d",
        option("stride", layer.stride, (1, 1)),
        option("padding", pads_of(layer, shapes), NONE),
        option("dilation", layer.dilation, (1, 1)),
        option("groups", layer.groups, 1),
        option("mode", MODES[layer.padding_mode], "constant"),
        reads=weighed(layer, shapes, "weight", "bias"),
    )


def conv_transpose(layer: ConvTranspose2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return a transposed convolution, told what is kept of its whole result."""
    sizes = [(window, size) for window, size in zip(layer.windows(), shapes[0][1:], strict=True)]
    return call(
        "conv_transpose2d",
        option("size", tuple(window.out(size) for window, size in sizes), None),
        option("before", tuple(window.crops(size)[0] for window, size in sizes), (0, 0)),
        option("stride", layer.stride, (1, 1)),
        option("dilation", layer.dilation, (1, 1)),
        option("groups", layer.groups, 1),
        reads=weighed(layer, shapes, "weight", "bias"),
    )


def separable(layer: SeparableConv2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return a convolution a channel, then one a place."""
    return call(
        "separable_conv2d",
        option("stride", layer.stride, (1, 1)),
        option("padding", pads_of(layer, shapes), NONE),
        option("dilation", layer.dilation, (1, 1)),
        reads=weighed(layer, shapes, "depthwise_weight", "pointwise_weight", "bias"),
    )


def reach(window: Window, size: int) -> int:
    """Return how many places behind the padding the last window reaches."""
    before, after = window.pads(size)
    return max((window.out(size) - 1) * window.stride + window.span - size - before - after, 0)


def max_pool(layer: MaxPool2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return a maximum; what lies behind the padding is padding too."""
    pads = tuple(
        (before, after + reach(window, size))
        for (before, after), window, size in zip(pads_of(layer, shapes), layer.windows(), shapes[0][1:], strict=True)
    )
    return call(
        "max_pool2d",
        place("kernel", layer.kernel_size),
        place("stride", layer.stride or layer.kernel_size),
        option("padding", pads, NONE),
        option("dilation", layer.dilation, (1, 1)),
    )


def avg_pool(layer: AvgPool2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return an average."""
    beyond = tuple((0, reach(window, size)) for window, size in zip(layer.windows(), shapes[0][1:], strict=True))
    pads = pads_of(layer, shapes)
    return call(
        "avg_pool2d",
        place("kernel", layer.kernel_size),
        place("stride", layer.stride or layer.kernel_size),
        option("padding", pads, NONE),
        option("counts_padding", layer.padding_counts or pads == NONE, True),
        option("beyond", beyond, NONE),
    )


def pad(layer: Pad2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return padding of rows and columns, and of channels, which is always of the constant."""
    value = f", constant_values={literal(layer.value)}" if layer.value else ""
    if layer.mode == "constant":
        return expression(f"np.pad({{0}}, {literal(((0, 0), layer.channels, *layer.padding))}{value})")
    text = f'np.pad({{0}}, {literal(((0, 0), (0, 0), *layer.padding))}, mode="{MODES[layer.mode]}")'
    if any(layer.channels):
        text = f"np.pad({text}, {literal(((0, 0), layer.channels, (0, 0), (0, 0)))}{value})"
    return expression(text)


def zero_pad(layer: ZeroPad2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return zeros around the maps."""
    return expression("np.pad({0}, " + literal(((0, 0), (0, 0), *layer.padding)) + ")")


def upsample(layer: Upsample, shapes: tuple[Shape, ...]) -> Piece:
    """Return each place repeated, or the general rule."""
    sizes = [(window, size) for window, size in zip(layer.windows(), shapes[0][1:], strict=True)]
    lines: list[tuple[int, int, int]] = []
    for window, size in sizes:
        first, step = window.position(size)
        whole = math.lcm(first.denominator, step.denominator)
        lines.append((int(first * whole), int(step * whole), whole))
    if layer.mode == "nearest" and all(first == 0 and step == 1 for first, step, _ in lines):
        return expression("{0}" + "".join(f".repeat({n}, {2 + axis})" for axis, (_, _, n) in enumerate(lines)))
    return call(
        "resized",
        place("size", tuple(window.out(size) for window, size in sizes)),
        place("rows", lines[0]),
        place("columns", lines[1]),
        option("bilinear", layer.mode == "bilinear", False),
    )


WINDOWS: dict[type[Layer], Write] = {
    AvgPool2d: avg_pool,
    Conv2d: conv,
    ConvTranspose2d: conv_transpose,
    MaxPool2d: max_pool,
    Pad2d: pad,
    SeparableConv2d: separable,
    Upsample: upsample,
    ZeroPad2d: zero_pad,
}

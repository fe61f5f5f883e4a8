"""What each kind of layer is in a program of plain NumPy."""

from __future__ import annotations

import math
from typing import Any

from ...layers import (
    CELU,
    ELU,
    GELU,
    SELU,
    AdaptiveAvgPool2d,
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
    HardSigmoid,
    HardSwish,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    Mish,
    Multiply,
    Pad2d,
    Permute,
    PixelShuffle,
    ReLU,
    ReLU6,
    Reshape,
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
from .numpy_norms import NORMS
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


def batch_norm(layer: BatchNorm2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return normalization with the running averages."""
    return call("batch_norm", option("eps", layer.eps, 1e-5), reads="{0}, w, {name}")


def linear(layer: Linear, shapes: tuple[Shape, ...]) -> Piece:
    """Return the matrix product, on the last axis."""
    return expression("{0} @ {w[weight]}.T" + (" + {w[bias]}" if layer.bias else ""))


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


def cut(layer: Slice, shapes: tuple[Shape, ...]) -> Piece:
    """Return the slice in brackets."""
    axis = layer.axis % len(shapes[0])
    ends = ("" if layer.start == 0 else str(layer.start), "" if layer.stop is None else str(layer.stop))
    step = "" if layer.step == 1 else f":{layer.step}"
    return expression("{0}[" + ":, " * (axis + 1) + ":".join(ends) + step + "]")


def clip(layer: Clip, shapes: tuple[Shape, ...]) -> Piece:
    """Return one clip, or one bound."""
    if layer.min is None:
        return expression("{0}" if layer.max is None else f"np.minimum({{0}}, {literal(layer.max)})")
    if layer.max is None:
        return expression(f"np.maximum({{0}}, {literal(layer.min)})")
    return expression(f"np.minimum(np.maximum({{0}}, {literal(layer.min)}), {literal(layer.max)})")


def softplus(layer: Softplus, shapes: tuple[Shape, ...]) -> Piece:
    """Return softplus of the scaled number, scaled back."""
    beta = literal(layer.beta)
    return expression("softplus({0})" if layer.beta == 1 else f"softplus({beta} * {{0}}) / {beta}", "softplus")


def ramp(alpha: float, beta: float) -> str:
    """Return a line that stays between 0 and 1."""
    slope = "{0} / 6" if alpha == 1 / 6 else f"{literal(alpha)} * {{0}}"
    return f"np.clip({slope} + {literal(beta)}, 0, 1)"


def passing(layer: Layer, shapes: tuple[Shape, ...]) -> Piece:
    """Return the input: what does nothing outside training."""
    return expression("{0}")


def whole(reduce: str) -> Write:
    """Return the entry of a pool over whole maps."""

    def entry(layer: Any, shapes: tuple[Shape, ...]) -> Piece:
        return expression("{0}." + reduce + "((2, 3)" + (", keepdims=True)" if layer.keepdims else ")"))

    return entry


def flatten(layer: Flatten, shapes: tuple[Shape, ...]) -> Piece:
    """Return all numbers in a row."""
    turned = ".transpose(0, 2, 3, 1)" if layer.order == "HWC" and len(shapes[0]) == 3 else ""
    return expression("{0}" + turned + ".reshape(len({0}), -1)")


TABLE: dict[type[Layer], Write] = {
    **NORMS,
    AdaptiveAvgPool2d: lambda layer, shapes: call(
        "adaptive_avg_pool2d", place("size", layer.output_size or shapes[0][1:])
    ),
    Add: lambda layer, shapes: expression(" + ".join(f"{{{number}}}" for number in range(len(shapes)))),
    AvgPool2d: avg_pool,
    BatchNorm1d: batch_norm,
    BatchNorm2d: batch_norm,
    CELU: lambda layer, shapes: call("celu", option("alpha", layer.alpha, 1.0)),
    ChannelShuffle: lambda layer, shapes: call("channel_shuffle", place("groups", layer.groups)),
    Clip: clip,
    Concat: lambda layer, shapes: expression(
        f"np.concatenate([{{all}}], axis={int(layer.config().get('axis', 0)) % len(shapes[0]) + 1})"
    ),
    Conv2d: conv,
    ConvTranspose2d: conv_transpose,
    Dropout: passing,
    Dropout2d: passing,
    ELU: lambda layer, shapes: call("elu", option("alpha", layer.alpha, 1.0)),
    Flatten: flatten,
    GELU: lambda layer, shapes: call("gelu_tanh" if layer.approximate == "tanh" else "gelu"),
    GlobalAvgPool2d: whole("mean"),
    GlobalMaxPool2d: whole("max"),
    HardSigmoid: lambda layer, shapes: expression(ramp(layer.alpha, layer.beta)),
    HardSwish: lambda layer, shapes: expression("{0} * " + ramp(1 / 6, 0.5)),
    LeakyReLU: lambda layer, shapes: expression(f"np.where({{0}} > 0, {{0}}, {literal(layer.negative_slope)} * {{0}})"),
    Linear: linear,
    MaxPool2d: max_pool,
    Mish: lambda layer, shapes: expression("{0} * np.tanh(softplus({0}))", "softplus"),
    Multiply: lambda layer, shapes: expression(" * ".join(f"{{{number}}}" for number in range(len(shapes)))),
    Pad2d: pad,
    Permute: lambda layer, shapes: expression(f"{{0}}.transpose{(0, *(axis + 1 for axis in layer.order))}"),
    PixelShuffle: lambda layer, shapes: call(
        "pixel_shuffle", place("factor", layer.upscale_factor), option("blocks_first", layer.order == "DCR", False)
    ),
    ReLU: lambda layer, shapes: expression("np.maximum({0}, 0)"),
    ReLU6: lambda layer, shapes: expression("np.clip({0}, 0, 6)"),
    Reshape: lambda layer, shapes: expression(
        "{0}.reshape(len({0}), " + ", ".join(map(str, layer.output_shape(*shapes))) + ")"
    ),
    SELU: lambda layer, shapes: call("selu"),
    SeparableConv2d: separable,
    SiLU: lambda layer, shapes: expression("{0} * sigmoid({0})", "sigmoid"),
    Sigmoid: lambda layer, shapes: call("sigmoid"),
    Slice: cut,
    Softmax: lambda layer, shapes: call("softmax", option("axis", layer.axis % len(shapes[0]) + 1, None)),
    Softplus: softplus,
    Softsign: lambda layer, shapes: expression("{0} / (1 + np.abs({0}))"),
    Subtract: lambda layer, shapes: expression("{0} - {1}"),
    Tanh: lambda layer, shapes: expression("np.tanh({0})"),
    Upsample: upsample,
    ZeroPad2d: zero_pad,
}

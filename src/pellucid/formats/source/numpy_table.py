"""What each kind of layer is in a program of plain NumPy."""

from __future__ import annotations

from typing import Any

from ...layers import (
    CELU,
    ELU,
    GELU,
    SELU,
    AdaptiveAvgPool2d,
    Add,
    BatchNorm1d,
    BatchNorm2d,
    ChannelShuffle,
    Clip,
    Concat,
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
    Mish,
    Multiply,
    Permute,
    PixelShuffle,
    ReLU,
    ReLU6,
    Reshape,
    Sigmoid,
    SiLU,
    Slice,
    Softmax,
    Softplus,
    Softsign,
    Subtract,
    Tanh,
)
from ...layers.node import Shape
from .numpy_norms import NORMS
from .numpy_varying import VARYING
from .numpy_windows import WINDOWS, call
from .pieces import Piece, Write, expression, literal, option, place


def batch_norm(layer: BatchNorm2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return normalization with the running averages."""
    return call("batch_norm", option("eps", layer.eps, 1e-5), reads="{0}, w, {name}")


def linear(layer: Linear, shapes: tuple[Shape, ...]) -> Piece:
    """Return the matrix product, on the last axis."""
    return expression("{0} @ {w[weight]}.T" + (" + {w[bias]}" if layer.bias else ""))


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
    **VARYING,
    **WINDOWS,
    **NORMS,
    AdaptiveAvgPool2d: lambda layer, shapes: call(
        "adaptive_avg_pool2d", place("size", layer.output_size or shapes[0][1:])
    ),
    Add: lambda layer, shapes: expression(" + ".join(f"{{{number}}}" for number in range(len(shapes)))),
    BatchNorm1d: batch_norm,
    BatchNorm2d: batch_norm,
    CELU: lambda layer, shapes: call("celu", option("alpha", layer.alpha, 1.0)),
    ChannelShuffle: lambda layer, shapes: call("channel_shuffle", place("groups", layer.groups)),
    Clip: clip,
    Concat: lambda layer, shapes: expression(
        f"np.concatenate([{{all}}], axis={int(layer.config().get('axis', 0)) % len(shapes[0]) + 1})"
    ),
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
    Mish: lambda layer, shapes: expression("{0} * np.tanh(softplus({0}))", "softplus"),
    Multiply: lambda layer, shapes: expression(" * ".join(f"{{{number}}}" for number in range(len(shapes)))),
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
    SiLU: lambda layer, shapes: expression("{0} * sigmoid({0})", "sigmoid"),
    Sigmoid: lambda layer, shapes: call("sigmoid"),
    Slice: cut,
    Softmax: lambda layer, shapes: call("softmax", option("axis", layer.axis % len(shapes[0]) + 1, None)),
    Softplus: softplus,
    Softsign: lambda layer, shapes: expression("{0} / (1 + np.abs({0}))"),
    Subtract: lambda layer, shapes: expression("{0} - {1}"),
    Tanh: lambda layer, shapes: expression("np.tanh({0})"),
}

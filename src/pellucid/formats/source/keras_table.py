"""What each kind of layer is in a Keras program that a person writes: channels last, as Keras has them."""

from __future__ import annotations

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
    Upsample,
)
from ...layers.node import Shape
from .keras_norms import NORMS
from .keras_varying import VARYING
from .keras_windows import WINDOWS, axis_of, edges_of, is_same, named, padded, widen
from .pieces import Piece, Write, expression, literal, option, place
from .refused import UnwritableError


def keras_shape(shape: Shape) -> Shape:
    """Return a shape as Keras has it, the batch left out."""
    return (*shape[1:], shape[0]) if len(shape) == 3 else shape


def activation(name: str) -> Write:
    """Return the entry of an activation without parameters."""
    return lambda layer, shapes: named("layers.Activation", place("activation", name))


def plain(head: str) -> Write:
    """Return the entry of a layer without parameters."""
    return lambda layer, shapes: named(head)


def pool(layer: Any, shapes: tuple[Shape, ...]) -> Piece:
    """Return a maximum or an average that pads as Keras can say it, or is given what is padded already."""
    most = isinstance(layer, MaxPool2d)
    if most and layer.dilation != (1, 1):
        raise UnwritableError("Keras has no pools with holes")
    head = "layers.MaxPooling2D" if most else "layers.AveragePooling2D"
    kernel, stride = layer.kernel_size, layer.stride or layer.kernel_size
    own = [place("pool_size", widen(kernel)), option("strides", widen(stride), widen(kernel))]
    edges = edges_of(layer, shapes[0], filled=True)
    real = edges_of(layer, shapes[0])
    counted = not most and layer.padding_counts
    if not any(map(any, edges)):
        return named(head, *own)
    if not counted and is_same(layer, shapes[0]) and edges == real:
        return named(head, *own, option("padding", "same", "valid"))
    if most:
        return named(head, *own, use="{call}(" + padded(edges, 'float("-inf")') + ")", needs=("ops",))
    if counted and edges == real:
        return named(head, *own, use="{call}(" + padded(edges) + ")", needs=("ops",))
    text = f"{head}({literal(widen(kernel))}, strides={literal(widen(stride))})"
    ones = "ops.ones_like({0})"
    if counted:
        ones, edges_left = padded(real, "1.0", ones), tuple((0, a[1] - b[1]) for a, b in zip(edges, real, strict=True))
        return expression(f"{text}({padded(edges)}) / {text}({padded(edges_left, '0', ones)})", "ops")
    return expression(f"{text}({padded(edges)}) / {text}({padded(edges, '0', ones)})", "ops")


def adaptive(layer: AdaptiveAvgPool2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return an average of equal parts, or Keras's own of parts that are not."""
    size = layer.output_size or shapes[0][1:]
    parts = [divmod(given, wanted) for given, wanted in zip(shapes[0][1:], size, strict=True)]
    if all(rest == 0 for _, rest in parts):
        return named("layers.AveragePooling2D", place("pool_size", widen((parts[0][0], parts[1][0]))))
    return named("layers.AdaptiveAveragePooling2D", place("output_size", size))


def batch_norm(layer: BatchNorm2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return batch normalization, whose momentum is what is kept."""
    return named(
        "layers.BatchNormalization",
        option("axis", 1 if len(shapes[0]) == 2 else -1, -1),
        option("momentum", round(1 - layer.momentum, 12), 0.99),
        option("epsilon", layer.eps, 1e-3),
        option("center", layer.affine, True),
        option("scale", layer.affine, True),
    )


def linear(layer: Linear, shapes: tuple[Shape, ...]) -> Piece:
    """Return a dense layer; the last axis of maps is the width, which Keras does not have last."""
    use = "{call}({0})"
    if len(shapes[0]) == 3:
        use = "layers.Permute((1, 3, 2))({call}(layers.Permute((1, 3, 2))({0})))"
    return named("layers.Dense", place("units", layer.out_features), option("use_bias", layer.bias, True), use=use)


def whole(head: str) -> Write:
    """Return the entry of a pool over whole maps."""
    return lambda layer, shapes: named(head, option("keepdims", layer.keepdims, False))


def flatten(layer: Flatten, shapes: tuple[Shape, ...]) -> Piece:
    """Return all numbers in a row; in PyTorch's order the channels must come first."""
    turned = len(shapes[0]) == 3 and layer.order != "HWC"
    return named("layers.Flatten", use="{call}(layers.Permute((3, 1, 2))({0}))" if turned else "{call}({0})")


def as_ours(shape: Shape, text: str = "{0}") -> str:
    """Return a value with a map's channels first."""
    return f"layers.Permute((3, 1, 2))({text})" if len(shape) == 3 else text


def as_keras(shape: Shape, text: str) -> str:
    """Return a value whose channels come first with a map's channels last."""
    return f"layers.Permute((2, 3, 1))({text})" if len(shape) == 3 else text


def reshape(layer: Reshape, shapes: tuple[Shape, ...]) -> Piece:
    """Return new sizes of the numbers in PyTorch's order."""
    shape = layer.output_shape(*shapes)
    if len(shape) != 3 and len(shapes[0]) != 3:
        return named("layers.Reshape", place("target_shape", shape))
    return expression(as_keras(shape, f"layers.Reshape({literal(shape)})({as_ours(shapes[0])})"))


def permute(layer: Permute, shapes: tuple[Shape, ...]) -> Piece:
    """Return the axes in another order."""
    rank = len(shapes[0])
    seen = [axis_of(axis, shapes[0]) for axis in layer.order]
    order = (*seen[1:], seen[0]) if rank == 3 else tuple(seen)
    return named("layers.Permute", place("dims", order))


def pixel_shuffle(layer: PixelShuffle, shapes: tuple[Shape, ...]) -> Piece:
    """Return channels laid out in space, by shapes and orders."""
    (channels, height, width), r = shapes[0], layer.upscale_factor
    left = channels // r**2
    cut, dims = ((left, r, r), (1, 4, 2, 5, 3)) if layer.order == "CRD" else ((r, r, left), (1, 3, 2, 4, 5))
    parts = f"layers.Permute({dims})(layers.Reshape({(height, width, *cut)})({{0}}))"
    return expression(f"layers.Reshape({(height * r, width * r, left)})({parts})")


def channel_shuffle(layer: ChannelShuffle, shapes: tuple[Shape, ...]) -> Piece:
    """Return the channels mixed, by shapes and orders."""
    channels, height, width = shapes[0]
    parts = f"layers.Reshape({(height, width, layer.groups, channels // layer.groups)})({{0}})"
    return expression(f"layers.Reshape({(height, width, channels)})(layers.Permute((1, 2, 4, 3))({parts}))")


def upsample(layer: Upsample, shapes: tuple[Shape, ...]) -> Piece:
    """Return Keras's own resizing, which knows whole factors."""
    outs = layer.output_shape(*shapes)[1:]
    factors = [out / size for out, size in zip(outs, shapes[0][1:], strict=True)]
    exact = layer.scale_factor is None or list(layer.scale_factor) == factors
    if not (exact and all(factor == int(factor) for factor in factors)):
        raise UnwritableError("Keras resizes by whole factors only")
    if layer.mode == "bilinear" and layer.align_corners:
        raise UnwritableError("Keras has no resizing that aligns the corners")
    size = widen((int(factors[0]), int(factors[1])))
    mode = "bilinear" if layer.mode == "bilinear" else "nearest"
    return named("layers.UpSampling2D", place("size", size), option("interpolation", mode, "nearest"))


def cut(layer: Slice, shapes: tuple[Shape, ...]) -> Piece:
    """Return the slice in brackets."""
    ends = ("" if layer.start == 0 else str(layer.start), "" if layer.stop is None else str(layer.stop))
    step = "" if layer.step == 1 else f":{layer.step}"
    return expression("{0}[" + ":, " * axis_of(layer.axis, shapes[0]) + ":".join(ends) + step + "]")


def clip(layer: Clip, shapes: tuple[Shape, ...]) -> Piece:
    """Return the bounds."""
    text = "{0}" if layer.min is None else f"ops.maximum({{0}}, {literal(layer.min)})"
    return expression(text if layer.max is None else f"ops.minimum({text}, {literal(layer.max)})", "ops")


def hard_sigmoid(layer: HardSigmoid, shapes: tuple[Shape, ...]) -> Piece:
    """Return Keras's own where the slope is a sixth, else the line itself."""
    if (layer.alpha, layer.beta) == (1 / 6, 0.5):
        return named("layers.Activation", place("activation", "hard_sigmoid"))
    return expression(f"ops.clip({literal(layer.alpha)} * {{0}} + {literal(layer.beta)}, 0, 1)", "ops")


def softmax(layer: Softmax, shapes: tuple[Shape, ...]) -> Piece:
    """Return shares along an axis, the last if nothing is said."""
    axis = axis_of(layer.axis, shapes[0])
    return named("layers.Softmax", option("axis", -1 if axis == len(shapes[0]) else axis, -1))


def softplus(layer: Softplus, shapes: tuple[Shape, ...]) -> Piece:
    """Return softplus of the scaled number, scaled back."""
    if layer.beta == 1:
        return named("layers.Activation", place("activation", "softplus"))
    beta = literal(layer.beta)
    return expression(f"ops.softplus({beta} * {{0}}) / {beta}", "ops")


def gelu(layer: GELU, shapes: tuple[Shape, ...]) -> Piece:
    """Return GELU; its tanh form is an operation."""
    if layer.approximate == "tanh":
        return expression("ops.gelu({0}, approximate=True)", "ops")
    return named("layers.Activation", place("activation", "gelu"))


TABLE: dict[type[Layer], Write] = {
    **VARYING,
    **NORMS,
    **WINDOWS,
    AdaptiveAvgPool2d: adaptive,
    Add: lambda layer, shapes: named("layers.Add", use="{call}([{all}])"),
    AvgPool2d: pool,
    BatchNorm1d: batch_norm,
    BatchNorm2d: batch_norm,
    CELU: lambda layer, shapes: expression(f"ops.celu({{0}}, {literal(layer.alpha)})", "ops"),
    ChannelShuffle: channel_shuffle,
    Clip: clip,
    Concat: lambda layer, shapes: named(
        "layers.Concatenate",
        option("axis", axis_of(int(layer.config().get("axis", 0)), shapes[0]), len(shapes[0])),
        use="{call}([{all}])",
    ),
    Dropout: lambda layer, shapes: named("layers.Dropout", place("rate", layer.p)),
    Dropout2d: lambda layer, shapes: named("layers.SpatialDropout2D", place("rate", layer.p)),
    ELU: lambda layer, shapes: named("layers.ELU", option("alpha", layer.alpha, 1.0)),
    Flatten: flatten,
    GELU: gelu,
    GlobalAvgPool2d: whole("layers.GlobalAveragePooling2D"),
    GlobalMaxPool2d: whole("layers.GlobalMaxPooling2D"),
    HardSigmoid: hard_sigmoid,
    HardSwish: activation("hard_silu"),
    LeakyReLU: lambda layer, shapes: named("layers.LeakyReLU", option("negative_slope", layer.negative_slope, 0.3)),
    Linear: linear,
    MaxPool2d: pool,
    Multiply: lambda layer, shapes: named("layers.Multiply", use="{call}([{all}])"),
    Mish: activation("mish"),
    Permute: permute,
    PixelShuffle: pixel_shuffle,
    ReLU: plain("layers.ReLU"),
    ReLU6: lambda layer, shapes: named("layers.ReLU", option("max_value", 6.0, None)),
    Reshape: reshape,
    SELU: activation("selu"),
    SiLU: activation("silu"),
    Sigmoid: activation("sigmoid"),
    Slice: cut,
    Softmax: softmax,
    Softplus: softplus,
    Softsign: activation("softsign"),
    Subtract: lambda layer, shapes: named("layers.Subtract", use="{call}([{all}])"),
    Tanh: activation("tanh"),
    Upsample: upsample,
}

"""Convolutions and padding as Keras says them: "same" or "valid", and all else as padding of its own before them."""

from __future__ import annotations

from typing import Any

from ...layers import Conv2d, ConvTranspose2d, Layer, Pad2d, SeparableConv2d, ZeroPad2d
from ...layers.node import Shape
from .pieces import Argument, Call, Piece, Verbatim, Write, brief, expression, literal, option, place
from .refused import UnwritableError

Edges = tuple[tuple[int, int], ...]  # (top, bottom), (left, right)
NAME = Argument("name", Verbatim("{name}"))


def axis_of(axis: int, shape: Shape) -> int:
    """Return where Keras has an axis: the batch comes first, and a map's channels last."""
    own = axis % len(shape)
    return (3, 1, 2)[own] if len(shape) == 3 else own + 1


def named(head: str, *values: Argument, use: str = "{call}({0})", needs: tuple[str, ...] = ()) -> Piece:
    """Return a layer that bears our layer's name."""
    return Piece(Call(head, (*values, NAME)), use, frozenset(needs))


def widen(pair: tuple[int, int]) -> int | tuple[int, int]:
    """Return one number for two that are alike."""
    return brief(pair)


def edges_of(layer: Any, shape: Shape, *, filled: bool = False) -> Edges:
    """Return the padding, or that after which the last window fits exactly."""
    found: list[tuple[int, int]] = []
    for window, size in zip(layer.windows(), shape[1:], strict=True):
        before, after = window.pads(size)
        reach = (window.out(size) - 1) * window.stride + window.span - size - before
        found.append((before, max(after, reach) if filled else after))
    return tuple(found)


def is_same(layer: Any, shape: Shape) -> bool:
    """Return whether the padding is what Keras's "same" gives."""
    for window, size, edges in zip(layer.windows(), shape[1:], edges_of(layer, shape), strict=True):
        outputs = -(-size // window.stride)
        total = max((outputs - 1) * window.stride + window.span - size, 0)
        if edges != (total // 2, total - total // 2) or window.out(size) != outputs:
            return False
    return True


def padded(edges: Edges, value: str = "0", text: str = "{0}", mode: str = "constant") -> str:
    """Return a value with places around its maps."""
    if not any(map(any, edges)):
        return text
    extra = f', mode="{mode}"' if mode != "constant" else f", constant_values={value}" if value != "0" else ""
    return f"ops.pad({text}, {literal(((0, 0), *edges, (0, 0)))}{extra})"


def zeros_around(edges: Edges, text: str = "{0}") -> str:
    """Return a value with zeros around its maps, by Keras's own layer."""
    return f"layers.ZeroPadding2D({literal(edges)})({text})" if any(map(any, edges)) else text


def _checked(layer: Any) -> None:
    if layer.stride != (1, 1) and layer.dilation != (1, 1):
        raise UnwritableError("Keras has no convolutions with strides and holes at once")


def conv(layer: Conv2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return a convolution; one of single channels is Keras's depthwise one."""
    _checked(layer)
    edges, mode = edges_of(layer, shapes[0]), layer.padding_mode
    same = mode == "zeros" and any(map(any, edges)) and is_same(layer, shapes[0])
    if mode not in ("zeros", "reflect") and any(map(any, edges)):
        raise UnwritableError(f"Keras has no padding mode {mode!r}")
    given = "{0}" if same else zeros_around(edges) if mode == "zeros" else padded(edges, mode=mode)
    channels = shapes[0][0]
    depthwise = 1 < layer.groups == channels and layer.stride[0] == layer.stride[1]
    own = [
        option("strides", brief(layer.stride), 1),
        option("padding", "same" if same else "valid", "valid"),
        option("dilation_rate", brief(layer.dilation), 1),
    ]
    last = option("use_bias", layer.bias, True)
    use, needs = "{call}(" + given + ")", ("ops",) if "ops." in given else ()
    kernel = place("kernel_size", brief(layer.kernel_size))
    if depthwise:
        times = option("depth_multiplier", layer.out_channels // channels, 1)
        return named("layers.DepthwiseConv2D", kernel, *own, times, last, use=use, needs=needs)
    filters, groups = place("filters", layer.out_channels), option("groups", layer.groups, 1)
    return named("layers.Conv2D", filters, kernel, *own, groups, last, use=use, needs=needs)


def conv_transpose(layer: ConvTranspose2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return Keras's whole result, cropped."""
    if layer.groups != 1 or layer.dilation != (1, 1):
        raise UnwritableError("Keras has no transposed convolutions with groups or holes")
    crops: list[tuple[int, int]] = []
    adds: list[tuple[int, int]] = []
    for window, size in zip(layer.windows(), shapes[0][1:], strict=True):
        whole = max(window.full(size), size * window.stride)  # Keras gives a place to every step
        before = window.crops(size)[0]
        after = whole - before - window.out(size)
        crops.append((max(before, 0), max(after, 0)))
        adds.append((max(-before, 0), max(-after, 0)))
    use = "{call}({0})"
    if any(map(any, crops)):
        use = f"layers.Cropping2D({literal(tuple(crops))})({use})"
    return named(
        "layers.Conv2DTranspose",
        place("filters", layer.out_channels),
        place("kernel_size", brief(layer.kernel_size)),
        option("strides", brief(layer.stride), 1),
        option("use_bias", layer.bias, True),
        use=zeros_around(tuple(adds), use),
    )


def separable(layer: SeparableConv2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return Keras's own."""
    _checked(layer)
    if layer.stride[0] != layer.stride[1]:
        raise UnwritableError("Keras has one stride for both axes here")
    edges = edges_of(layer, shapes[0])
    same = any(map(any, edges)) and is_same(layer, shapes[0])
    return named(
        "layers.SeparableConv2D",
        place("filters", layer.out_channels),
        place("kernel_size", brief(layer.kernel_size)),
        option("strides", brief(layer.stride), 1),
        option("padding", "same" if same else "valid", "valid"),
        option("dilation_rate", brief(layer.dilation), 1),
        option("depth_multiplier", layer.depth_multiplier, 1),
        option("use_bias", layer.bias, True),
        use="{call}(" + ("{0}" if same else zeros_around(edges)) + ")",
    )


def pad(layer: Pad2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return padding of rows and columns, then of channels."""
    if layer.mode not in ("constant", "reflect"):
        raise UnwritableError(f"Keras has no padding mode {layer.mode!r}")
    value = literal(layer.value) if layer.value else "0"
    if layer.mode == "constant":
        extra = f", constant_values={value}" if layer.value else ""
        return expression(f"ops.pad({{0}}, {literal(((0, 0), *layer.padding, layer.channels))}{extra})", "ops")
    text = padded(layer.padding, mode=layer.mode)
    if any(layer.channels):
        extra = f", constant_values={value}" if layer.value else ""
        text = f"ops.pad({text}, {literal(((0, 0), (0, 0), (0, 0), layer.channels))}{extra})"
    return expression(text, "ops")


def zero_pad(layer: ZeroPad2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return Keras's own zero padding."""
    return named("layers.ZeroPadding2D", place("padding", layer.padding))


WINDOWS: dict[type[Layer], Write] = {
    Conv2d: conv,
    ConvTranspose2d: conv_transpose,
    Pad2d: pad,
    SeparableConv2d: separable,
    ZeroPad2d: zero_pad,
}

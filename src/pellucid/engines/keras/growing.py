"""In Keras: maps that grow, are padded, resized or averaged in parts, and convolutions in two steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...layers import AdaptiveAvgPool2d, ConvTranspose2d, Pad2d, SeparableConv2d, Upsample, ZeroPad2d
from ...layers.node import Shape
from ...window import AdaptiveWindow, ResizedWindow, TransposedWindow
from .framework import keras, ops
from .made import Array, Computes, Kept, Made, Table, Tensor, steps
from .windows import NONE, Pads, convolution, edged, extents, padded, picked

LAST = "channels_last"


def transposed(layer: ConvTranspose2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return a transposed convolution whose whole result is cropped, or has zeros added at its end before the bias.

    Keras has none in groups, and TensorFlow none with a stride and a dilation: groups are parts of one kernel here,
    and a dilation is a kernel with zeros in it.
    """
    channels, windows, groups = shapes[0][0], layer.windows(), layer.groups
    cut, more = _cut(windows, shapes[0])
    word = layer.padding if layer.padding == "same" and layer.output_padding == (0, 0) else "valid"
    own = word == "same" or (cut == NONE and more == (0, 0))
    unsaid = _unsaid(layer, more)
    conv = keras.layers.Conv2DTranspose(
        layer.out_channels // groups,
        layer.kernel_size,
        strides=layer.stride,
        padding=word,
        output_padding=None if unsaid or word == "same" else more,
        dilation_rate=layer.dilation if max(layer.stride) == 1 else 1,
        use_bias=layer.bias and groups == 1,
        data_format=LAST,
        name=name if own else f"{name}.full",
    )
    conv.build((None, None, None, channels))
    bias = conv.bias if groups == 1 else keras.Variable(np.zeros(layer.out_channels, np.float32), name=f"{name}.bias")
    spread = [_spread(window) for window in windows]

    def call(x: Tensor) -> Tensor:
        kernel = conv.kernel
        if max(layer.dilation) > 1:
            kernel = ops.einsum("hwoi,hp,wq->pqoi", kernel, *spread)
        parts = zip(ops.split(x, groups, axis=3), ops.split(kernel, groups, axis=3), strict=True)
        full = [ops.conv_transpose(part, own, layer.stride, "valid", 0, LAST, 1) for part, own in parts]
        y = full[0] if groups == 1 else ops.concatenate(full, axis=3)
        (top, bottom), (left, right) = cut
        y = y[:, top : y.shape[1] - bottom, left : y.shape[2] - right]
        y = ops.pad(y, ((0, 0), (0, more[0]), (0, more[1]), (0, 0))) if any(more) else y
        return y + bias if layer.bias else y

    weights = {"weight": Kept(conv.kernel, (2, 3, 1, 0))} | ({"bias": Kept(bias)} if layer.bias else {})
    crop: list[Computes] = [] if own else [keras.layers.Cropping2D(cut, data_format=LAST, name=name)]
    return Made(call, weights, said=lambda _: steps(conv, *crop), unsaid=unsaid, own=conv if own else None)


def _cut(windows: tuple[TransposedWindow, TransposedWindow], shape: Shape) -> tuple[Pads, tuple[int, int]]:
    """Return what is cut off at the four sides, and what is added after rows and columns."""
    crops = [window.crops(size) for window, size in zip(windows, shape[1:], strict=True)]
    (top, bottom), (left, right) = ((before, max(after, 0)) for before, after in crops)
    down, across = (max(-after, 0) for _, after in crops)
    return ((top, bottom), (left, right)), (down, across)


def _spread(window: TransposedWindow) -> Array:
    """Return where each tap stands in a kernel with its gaps filled: (taps, span)."""
    matrix = np.zeros((window.kernel, window.span), np.float32)
    matrix[np.arange(window.kernel), np.arange(window.kernel) * window.dilation] = 1
    return matrix


def _unsaid(layer: ConvTranspose2d, more: tuple[int, int]) -> str:
    if layer.groups > 1:
        return "Keras has no transposed convolution in groups"
    if max(layer.stride) > 1 and max(layer.dilation) > 1:
        return "TensorFlow has no transposed convolution with a stride and a dilation"
    if any(added >= stride and added for added, stride in zip(more, layer.stride, strict=True)):
        return "Keras's transposed convolution adds fewer places than its stride"
    return ""


def separable(layer: SeparableConv2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return a convolution a channel, then one a place; two convolutions where Keras has no word for both."""
    channels, stride, dilation = shapes[0][0], layer.stride, layer.dilation
    if stride[0] != stride[1] or (max(stride) > 1 and max(dilation) > 1):
        depthwise, pointwise = layer.parts(channels)
        apart = convolution(depthwise, shapes, f"{name}.depthwise")
        mixed = convolution(pointwise, (depthwise.output_shape(*shapes),), name)
        weights = {"depthwise_weight": apart.weights["weight"], "pointwise_weight": mixed.weights["weight"]}
        weights |= {"bias": mixed.weights["bias"]} if layer.bias else {}
        first = apart.call if apart.said is None else apart.said({})
        return Made(steps(apart.call, mixed.call), weights, said=lambda _: steps(first, mixed.call))
    same = layer.padding == "same"
    conv = keras.layers.SeparableConv2D(
        layer.out_channels,
        layer.kernel_size,
        strides=stride,
        padding="same" if same else "valid",
        dilation_rate=dilation,
        depth_multiplier=layer.depth_multiplier,
        use_bias=layer.bias,
        data_format=LAST,
        name=name,
    )
    conv.build((None, None, None, channels))
    split = (channels, layer.depth_multiplier, *layer.kernel_size)
    weights = {
        "depthwise_weight": Kept(conv.depthwise_kernel, (2, 3, 0, 1), split),
        "pointwise_weight": Kept(conv.pointwise_kernel, (2, 3, 1, 0)),
    }
    weights |= {"bias": Kept(conv.bias)} if layer.bias else {}
    before = [] if same else padded(extents(layer.windows(), shapes[0]), name)
    return Made(steps(*before, conv), weights, own=conv)


def pad(layer: Pad2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return padding of rows and columns, and of channels."""
    whole = ((0, 0), *layer.padding, layer.channels)
    if layer.mode == "constant":
        return Made(lambda x: ops.pad(x, whole, constant_values=layer.value))
    around = edged(layer.windows(), shapes[0], layer.mode, name)
    if not any(layer.channels):
        return Made(around)
    channels = ((0, 0), (0, 0), (0, 0), layer.channels)
    return Made(steps(around, lambda x: ops.pad(x, channels, constant_values=layer.value)))


def upsample(layer: Upsample, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return Keras's own layer for whole factors, or else rows and columns picked or weighed."""
    factors, windows = layer.scale_factor, layer.windows()
    if factors is not None and not layer.align_corners and all(factor == int(factor) for factor in factors):
        mode = "bilinear" if layer.mode == "bilinear" else "nearest"
        whole = tuple(map(int, factors))
        return Made(keras.layers.UpSampling2D(whole, interpolation=mode, data_format=LAST, name=name))
    down, across = (_shares(window, size) for window, size in zip(windows, shapes[0][1:], strict=True))
    if layer.mode == "bilinear":
        return Made(lambda x: ops.einsum("nhwc,ph,qw->npqc", x, down, across))
    rows, columns = down.argmax(axis=1), across.argmax(axis=1)
    return Made(lambda x: picked(x, rows, columns, name))


def _shares(window: ResizedWindow, size: int) -> Array:
    """Return how much of each place is in each output: (outputs, places)."""
    matrix = np.zeros((window.out(size), size), np.float32)
    for output, row in enumerate(matrix):
        for place, share in window.shares(output, size).items():
            row[place] = float(share)
    return matrix


def adaptive_average(layer: AdaptiveAvgPool2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return averages over parts of the maps, as two products of matrices; over all of them, Keras's own layer."""
    sizes = layer.output_shape(*shapes)[1:]
    own = getattr(keras.layers, "AdaptiveAveragePooling2D", None)
    unsaid = "this version of Keras has no AdaptiveAveragePooling2D, newer ones have" if own is None else ""

    def said(weights: Mapping[str, Array]) -> Computes:
        assert own is not None
        return own(sizes, data_format=LAST, name=name)

    if sizes == (1, 1):
        return Made(keras.layers.GlobalAveragePooling2D(keepdims=True, data_format=LAST), said=said, unsaid=unsaid)
    both = [AdaptiveWindow(out).incidence(size) for out, size in zip(sizes, shapes[0][1:], strict=True)]
    down, across = ((part / part.sum(axis=1, keepdims=True)).astype(np.float32) for part in both)
    return Made(lambda x: ops.einsum("nhwc,ph,qw->npqc", x, down, across), said=said, unsaid=unsaid)


TABLE: Table = {
    AdaptiveAvgPool2d: adaptive_average,
    ConvTranspose2d: transposed,
    Pad2d: pad,
    SeparableConv2d: separable,
    Upsample: upsample,
    ZeroPad2d: lambda layer, shapes, name: Made(keras.layers.ZeroPadding2D(layer.padding, data_format=LAST, name=name)),
}

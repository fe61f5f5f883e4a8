"""Convolutions and pools in Keras: every padding is made explicit where Keras's own two words do not say it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...layers import AvgPool2d, Conv2d, MaxPool2d
from ...layers.node import Shape
from ...window import Window
from .framework import keras, ops
from .made import Array, Computes, Kept, Made, Table, Tensor, steps

Pads = tuple[tuple[int, int], tuple[int, int]]
NONE: Pads = ((0, 0), (0, 0))


def extents(windows: tuple[Window, Window], shape: Shape) -> Pads:
    """Return padding behind which exactly our windows fit, where sizes are rounded up and windows left out too."""
    sides: list[tuple[int, int]] = []
    for window, size in zip(windows, shape[1:], strict=True):
        before, after = window.pads(size)
        needed = (window.out(size) - 1) * window.stride + window.span - before - size
        sides.append((before, max(needed, 0 if window.ceil_mode else after)))
    rows, columns = sides
    return rows, columns


def padded(pads: Pads, name: str) -> list[Computes]:
    """Return the layer that puts zeros around, or none where there is nothing to put."""
    return [] if pads == NONE else [keras.layers.ZeroPadding2D(pads, name=f"{name}.pad")]


def taken(windows: tuple[Window, Window], shape: Shape, mode: str) -> list[Computes]:
    """Return what picks rows and columns so that their edges are mirrored, repeated or wrapped."""
    rows, columns = (window.sources(size, mode) for window, size in zip(windows, shape[1:], strict=True))
    return [lambda x: ops.take(x, rows, axis=1), lambda x: ops.take(x, columns, axis=2)]


def convolution(layer: Conv2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return a convolution; depthwise where every group is one channel.

    Keras refuses a stride together with a dilation: then every place is computed, and some of them are kept.
    """
    channels, windows = shapes[0][0], layer.windows()
    pads = extents(windows, shapes[0])
    before, word = padded(pads, name), "valid"
    both = max(layer.stride) > 1 and max(layer.dilation) > 1
    if layer.padding_mode != "zeros":
        before = taken(windows, shapes[0], layer.padding_mode)
    elif layer.padding == "same" and not both:
        before, word = [], "same"
    depthwise = layer.groups == channels > 1 and (both or layer.stride[0] == layer.stride[1])
    named = {
        "strides": 1 if both else layer.stride,
        "padding": word,
        "dilation_rate": layer.dilation,
        "use_bias": layer.bias,
        "data_format": "channels_last",
        "name": f"{name}.every" if both else name,
    }
    times = layer.out_channels // channels
    if depthwise:
        conv = keras.layers.DepthwiseConv2D(layer.kernel_size, depth_multiplier=times, **named)
    else:
        conv = keras.layers.Conv2D(layer.out_channels, layer.kernel_size, groups=layer.groups, **named)
    conv.build((None, None, None, channels))
    if depthwise:
        kept = Kept(conv.kernel, (2, 3, 0, 1), (channels, times, *layer.kernel_size))
    else:
        kept = Kept(conv.kernel, (2, 3, 1, 0))
    weights = {"weight": kept} | ({"bias": Kept(conv.bias)} if layer.bias else {})
    plain = steps(*before, conv)
    if both:
        some = keras.layers.AveragePooling2D(1, layer.stride, data_format="channels_last", name=name)
        kept_places = steps(plain, lambda y: y[:, :: layer.stride[0], :: layer.stride[1]])
        return Made(kept_places, weights, said=lambda _: steps(plain, some))
    if channels == 1 and layer.stride[0] == 1 < layer.stride[1] and windows[1].out(shapes[0][2]) == 1:
        explicit = before if word == "valid" else [keras.layers.ZeroPadding2D(pads)]
        return Made(steps(*explicit, _one_column(conv, windows[1].span)), weights, said=lambda _: plain)
    return Made(plain, weights)


def _one_column(conv: Any, span: int) -> Computes:
    """Return a convolution of one channel into maps one column wide.

    TensorFlow 2.21 with oneDNN gives wrong numbers for it, from a batch's second sample on, where the stride is 1 down
    and more across; the stride across makes no difference where there is one column.
    """

    def call(x: Tensor) -> Tensor:
        y = ops.conv(x[:, :, :span], conv.kernel, 1, "valid", "channels_last", conv.dilation_rate)
        return y + conv.bias if conv.use_bias else y

    return call


def shifted(x: Tensor, windows: tuple[Window, Window], shape: Shape) -> list[Tensor]:
    """Return what each tap meets of maps that are padded already, one value for each output."""
    rows, columns = windows
    outs = rows.out(shape[1]), columns.out(shape[2])
    taps = [[window.tap(k, out) for k in range(window.kernel)] for window, out in zip(windows, outs, strict=True)]
    return [x[:, row, column] for row in taps[0] for column in taps[1]]


def largest(values: list[Tensor]) -> Tensor:
    """Return the largest of values, NaN among them."""
    most = values[0]
    for value in values[1:]:
        most = ops.maximum(most, value)
    return most


def max_pool(layer: MaxPool2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return a max pool behind minus infinity; with gaps in its windows, the largest of shifted maps.

    TensorFlow ends the process when a window is wider than the maps, which no window is behind its padding; and it
    overlooks NaN, which the largest of shifted maps does not.
    """
    windows, shape = layer.windows(), shapes[0]
    pads = extents(windows, shape)
    pool = keras.layers.MaxPooling2D(
        layer.kernel_size, layer.stride or layer.kernel_size, data_format="channels_last", name=name
    )

    def before(x: Tensor, least: float = -np.inf) -> Tensor:
        return x if pads == NONE else ops.pad(x, ((0, 0), *pads, (0, 0)), constant_values=least)

    def careful(x: Tensor) -> Tensor:
        return largest(shifted(before(x), windows, shape))

    if layer.dilation != (1, 1):
        return Made(careful)
    lowest = float(np.finfo(np.float32).min)  # a model's file has no word for infinity
    return Made(lambda x: pool(before(x)), careful=careful, said=lambda _: lambda x: pool(before(x, lowest)))


def average_pool(layer: AvgPool2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return an average over zeros too, times what our divisor differs from the window's size."""
    windows = layer.windows()
    stride, kernel = layer.stride or layer.kernel_size, layer.kernel_size
    if layer.padding == "same" and not layer.ceil_mode:
        return Made(keras.layers.AveragePooling2D(kernel, stride, "same", data_format="channels_last", name=name))
    before = padded(extents(windows, shapes[0]), name)
    factors = _factors(layer, shapes[0])
    if (factors == 1).all():
        return Made(
            steps(*before, keras.layers.AveragePooling2D(kernel, stride, data_format="channels_last", name=name))
        )
    pool = keras.layers.AveragePooling2D(kernel, stride, data_format="channels_last", name=f"{name}.mean")
    scale = keras.layers.Rescaling(factors, name=name)
    return Made(steps(*before, pool, lambda y: ops.multiply(y, factors)), said=lambda _: steps(*before, pool, scale))


def _factors(layer: AvgPool2d, shape: Shape) -> Array:
    """Return the window's size over our divisors, as Keras lays it out: (H, W, 1)."""
    rows, columns = (
        window.counts(size, include_pad=layer.padding_counts)
        for window, size in zip(layer.windows(), shape[1:], strict=True)
    )
    return (np.prod(layer.kernel_size) / np.outer(rows, columns)).astype(np.float32)[:, :, None]


TABLE: Table = {
    AvgPool2d: average_pool,
    Conv2d: convolution,
    MaxPool2d: max_pool,
}

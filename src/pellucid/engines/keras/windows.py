"""Convolutions and pools in Keras: every padding is made explicit where Keras's own two words do not say it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...layers import AvgPool2d, Conv2d, MaxPool2d
from ...layers.node import Shape
from ...window import Window
from .framework import keras, ops
from .made import Array, Computes, Kept, Made, Table, Tensor, steps, titled

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


def edged(windows: tuple[Window, Window], shape: Shape, mode: str, name: str) -> Computes:
    """Return what puts places of the maps around them: mirrored, repeated or from the other end."""
    pads = tuple(window.pads(size) for window, size in zip(windows, shape[1:], strict=True))
    if mode == "reflect":
        return lambda x: titled(ops.pad(x, ((0, 0), *pads, (0, 0)), mode=mode), f"{name}.pad")
    rows, columns = (window.sources(size, mode) for window, size in zip(windows, shape[1:], strict=True))
    return lambda x: picked(x, rows, columns, name)


def picked(x: Tensor, rows: Array, columns: Array, name: str) -> Tensor:
    """Return rows and columns by their numbers."""
    tall = titled(ops.take(x, rows, axis=1), f"{name}.rows")
    return titled(ops.take(tall, columns, axis=2), f"{name}.columns")


def convolution(layer: Conv2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return a convolution; depthwise where every group is one channel.

    Keras refuses a stride together with a dilation: then every place is computed, and some of them are kept.
    """
    channels, windows = shapes[0][0], layer.windows()
    pads = extents(windows, shapes[0])
    before, word = padded(pads, name), "valid"
    both = max(layer.stride) > 1 and max(layer.dilation) > 1
    if layer.padding_mode != "zeros":
        before = [edged(windows, shapes[0], layer.padding_mode, name)]
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
        counted = steps(*explicit, _one_column(conv, windows[1].span))
        return Made(counted, weights, said=lambda _: plain, own=conv)
    if before and layer.groups == 1 and layer.padding_mode == "zeros" and _is_same(windows, pads, shapes[0]):
        return Made(_same(conv), weights, said=lambda _: plain, own=conv)
    return Made(plain, weights, own=conv)


def _is_same(windows: tuple[Window, Window], pads: Pads, shape: Shape) -> bool:
    """Return whether TensorFlow's own padding is that of these windows, on maps of this size."""
    for window, own, size in zip(windows, pads, shape[1:], strict=True):
        same = replace(window, padding="same", ceil_mode=False)
        if same.pads(size) != own or same.out(size) != window.out(size):
            return False
    return True


def _same(conv: Any) -> Computes:
    """Return what computes a convolution with TensorFlow's own padding: maps of zeros around maps are made nowhere."""
    how = {"strides": conv.strides, "dilation_rate": conv.dilation_rate, "data_format": conv.data_format}

    def compute(x: Tensor) -> Tensor:
        y = ops.conv(x, conv.kernel, padding="same", **how)
        return y if conv.bias is None else ops.add(y, conv.bias)

    return compute


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
        whole = ((0, 0), *pads, (0, 0))
        return x if pads == NONE else titled(ops.pad(x, whole, constant_values=least), f"{name}.pad")

    def careful(x: Tensor, least: float = -np.inf) -> Tensor:
        return largest(shifted(before(x, least), windows, shape))

    lowest = float(np.finfo(np.float32).min)  # a model's file has no word for infinity
    if layer.dilation != (1, 1):
        return Made(lambda x: careful(x), said=lambda _: lambda x: careful(x, lowest))
    if layer.padding == "same" and not layer.ceil_mode:
        same = keras.layers.MaxPooling2D(pool.pool_size, pool.strides, "same", data_format="channels_last", name=name)
        return Made(lambda x: pool(before(x)), careful=lambda x: careful(x), said=lambda _: same)
    return Made(
        lambda x: pool(before(x)), careful=lambda x: careful(x), said=lambda _: lambda x: pool(before(x, lowest))
    )


def average_pool(layer: AvgPool2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return an average over zeros too, times what our divisor differs from the window's size."""
    windows = layer.windows()
    stride, kernel = layer.stride or layer.kernel_size, layer.kernel_size
    if layer.padding == "same" and not layer.ceil_mode:
        return Made(keras.layers.AveragePooling2D(kernel, stride, "same", data_format="channels_last", name=name))
    pads, factors = extents(windows, shapes[0]), _factors(layer, shapes[0])
    whole = bool((factors == 1).all())
    pool = keras.layers.AveragePooling2D(
        kernel, stride, data_format="channels_last", name=name if whole else f"{name}.mean"
    )
    mean = steps(*padded(pads, name if whole else f"{name}.mean"), pool)
    if whole:
        return Made(mean)
    scale = keras.layers.Rescaling(factors.tolist(), name=name)
    return Made(lambda x: mean(x) * factors, said=lambda _: steps(mean, scale))


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

"""Convolution: every output number is a sum of products of a window of the input with a kernel, plus a bias."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import EllipsisType
from typing import ClassVar

import numpy as np

from ..window import Window
from .arithmetic import Arithmetic, Places, Terms, exact_sum
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights
from .geometry import as_maps, both_axes, check_groups, meet, pad, unpad
from .initializers import Weight, initializer
from .node import Shape
from .params import Sides, choice, count, flag, padding, pair, param

border = choice("zeros", "reflect", "replicate", "circular")


class Conv2d(Layer):
    """Slide `out_channels` kernels over the input; each place gives one number a kernel (cross-correlation, no flip).

    Shape: (C, H, W) -> (out_channels, Window.out(H), Window.out(W)).

    y[o, r, c] = bias[o] + sum over channels i of o's group and taps (a, b) of
    weight[o, i, a, b] * x[i, r * stride + a * dilation - top, c * stride + b * dilation - left]

    Keras calls it Conv2D(filters, kernel_size, strides, padding, dilation_rate, groups, use_bias). A depthwise
    convolution has as many groups as input channels.

    Args:
        out_channels: kernels, and so feature maps of the output.
        kernel_size: the kernel's (height, width).
        stride: places between neighbouring windows.
        padding: a number, (height, width), ((top, bottom), (left, right)), "same" (TensorFlow's rule) or "valid".
        dilation: places between neighbouring taps.
        groups: the channels are cut into so many groups; a kernel reads its own group only.
        bias: add one number a kernel.
        padding_mode: what the padding holds: "zeros", "reflect", "replicate" or "circular".
        weight_init: first values of the kernels; "pytorch" or "keras" for those frameworks' defaults.
        bias_init: first values of the bias; Keras's default is "zeros".

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: the window does not fit the input, or `groups` does not divide the channels.

    >>> Conv2d(5, 3).output_shape((3, 28, 28))
    (5, 26, 26)
    """

    prefix: ClassVar[str] = "conv"

    out_channels: int = param(converter=count)
    kernel_size: tuple[int, int] = param(converter=pair)
    stride: tuple[int, int] = param(converter=pair, kw_only=True, default=1)
    padding: Sides | str = param(converter=padding, kw_only=True, default=0)
    dilation: tuple[int, int] = param(converter=pair, kw_only=True, default=1)
    groups: int = param(converter=count, kw_only=True, default=1)
    bias: bool = param(converter=flag, kw_only=True, default=True)
    padding_mode: str = param(
        converter=choice("zeros", "reflect", "replicate", "circular"), kw_only=True, default="zeros"
    )
    weight_init: str = param(converter=initializer, kw_only=True, default="pytorch")
    bias_init: str = param(converter=initializer, kw_only=True, default="pytorch")

    def windows(self, *shapes: Shape) -> tuple[Window, Window]:
        """Return the windows along height and width."""
        return both_axes(self.kernel_size, self.stride, self.dilation, self.padding)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (out_channels, height, width)."""
        channels, height, width = as_maps(self, shapes[0])
        check_groups(self, channels, self.out_channels, self.groups)
        rows, columns = self.windows()
        rows.check_mode(height, self.padding_mode)
        columns.check_mode(width, self.padding_mode)
        return self.out_channels, rows.out(height), columns.out(width)

    def weights(self, *shapes: Shape) -> dict[str, Weight]:
        """Return weight (out_channels, in_channels / groups, height, width) and bias (out_channels,)."""
        area = math.prod(self.kernel_size)
        fan_in = shapes[0][0] // self.groups * area
        fan_out = self.out_channels * area  # as PyTorch and Keras count it, whatever the groups
        shape = (self.out_channels, shapes[0][0] // self.groups, *self.kernel_size)
        weights = {"weight": Weight(shape, self.weight_init, fan_in, fan_out)}
        if self.bias:
            weights["bias"] = Weight((self.out_channels,), self.bias_init, fan_in, fan_out)
        return weights

    def cost(self, *shapes: Shape) -> Cost:
        """Return one multiply-add for each weight at each place of the output."""
        outputs = math.prod(self.output_shape(*shapes))
        reads = shapes[0][0] // self.groups * math.prod(self.kernel_size)
        return Cost(macs=outputs * reads, adds=outputs * self.bias)

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the output (N, out_channels, H', W'): the sum of one matrix product a tap."""
        (x,) = inputs
        padded = self._padded(x)
        places = (len(x), *self.output_shape(x.shape[1:])[1:])  # (N, H', W')
        y = np.zeros((self.groups, self.out_channels // self.groups, math.prod(places)), x.dtype)
        for a, b, tap in self._taps(places):
            y += self._kernel(w, a, b) @ self._matrix(padded[tap])
        maps = y.reshape(self.out_channels, *places).swapaxes(0, 1)
        return np.ascontiguousarray(maps + w["bias"][:, None, None] if self.bias else maps)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return the gradients: each tap's matrix product, transposed."""
        (x,) = inputs
        padded = self._padded(x)
        out = grad.swapaxes(0, 1).reshape(self.groups, self.out_channels // self.groups, -1)
        in_padded, in_weight = np.zeros_like(padded), np.zeros_like(w["weight"])
        for a, b, tap in self._taps((len(x), *grad.shape[2:])):
            read = padded[tap]  # (C, N, H', W')
            in_tap = out @ self._matrix(read).swapaxes(1, 2)
            in_weight[:, :, a, b] = in_tap.reshape(in_weight.shape[:2])
            in_padded[tap] += (self._kernel(w, a, b).swapaxes(1, 2) @ out).reshape(read.shape)
        in_x = unpad(in_padded, *self.windows(), (x.shape[2], x.shape[3]), mode=self.padding_mode)
        weights = {"weight": in_weight}
        if self.bias:
            weights["bias"] = grad.sum(axis=(0, 2, 3))
        return Gradients((np.ascontiguousarray(in_x.swapaxes(0, 1)),), weights)

    def _padded(self, x: Array) -> Array:
        """Return the padded input with channels first, (C, N, H, W), so that a tap is one matrix product."""
        return pad(x.swapaxes(0, 1), *self.windows(), mode=self.padding_mode)

    def _taps(self, places: tuple[int, ...]) -> Iterator[tuple[int, int, tuple[slice | EllipsisType, ...]]]:
        """Yield each tap (a, b) of the kernel with what it meets of the padded input at `places` (N, H', W')."""
        rows, columns = self.windows()
        for a, b in np.ndindex(self.kernel_size):
            yield a, b, (..., rows.tap(a, places[1]), columns.tap(b, places[2]))

    def _kernel(self, w: Weights, a: int, b: int) -> Array:
        """Return tap (a, b) of every kernel as matrices, (groups, out_channels / groups, in_channels / groups)."""
        return w["weight"][:, :, a, b].reshape(self.groups, self.out_channels // self.groups, -1)

    def _matrix(self, read: Array) -> Array:
        """Return what a tap meets (C, N, H', W') as matrices, (groups, C / groups, N * H' * W')."""
        return read.reshape(self.groups, len(read) // self.groups, math.prod(read.shape[1:]))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return every product of the window, channel by channel, and the bias."""
        x, (o, r, c) = inputs[0], index
        weight = np.asarray(w["weight"][o], np.float64)  # (C / groups, kh, kw)
        rows, columns = self.windows()
        i, a, b = np.unravel_index(np.arange(weight.size), weight.shape)
        channel = o // (self.out_channels // self.groups) * len(weight) + i
        row, column = self._held(rows, r, x.shape[2])[a], self._held(columns, c, x.shape[3])[b]
        inside = (row >= 0) & (row < x.shape[2]) & (column >= 0) & (column < x.shape[3])
        value = np.where(inside, x[0, channel, row % x.shape[2], column % x.shape[3]].astype(np.float64), 0.0)
        product = value * weight.ravel()
        bias = float(w["bias"][o]) if self.bias else None
        return Arithmetic(
            rule="sum",
            formula="sum(x * w) + b" if self.bias else "sum(x * w)",
            terms=Terms(
                source=np.zeros(len(value), np.intp),
                index=np.stack([channel, row, column], axis=1),
                inside=inside,
                value=value,
                product=product,
                used=np.ones(len(value), np.bool_),
                weight=weight.ravel(),
                weight_index=np.stack([np.full_like(i, o), i, a, b], axis=1),
            ),
            total=exact_sum(np.append(product, 0.0 if bias is None else bias)),
            bias=bias,
        )

    def _held(self, window: Window, output: int, size: int) -> Places:
        """Return the input places that an output reads; padding of zeros keeps its place outside the map."""
        read = np.array(window.reads(output, size))
        held = window.sources(size, self.padding_mode)[read - window.start(size)]
        return np.where(held < 0, read, held)

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return the places that the windows of the masked outputs hold, in every channel of their group."""
        channels, height, width = shapes[0]
        grouped: Mask = np.logical_or.reduce(mask.reshape(self.groups, -1, *mask.shape[1:]), axis=1)
        rows, columns = self.windows()
        met = meet(grouped, rows.incidence(height, self.padding_mode), columns.incidence(width, self.padding_mode))
        return (np.repeat(met, channels // self.groups, axis=0),)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return convolutions of every kind."""
        return [
            Example(cls(5, 3), (3, 7, 6)),
            Example(cls(2, (3, 2), stride=(2, 3), padding=(1, 0)), (1, 8, 9)),
            Example(cls(3, 3, padding=((0, 2), (1, 0)), dilation=2, bias=False), (2, 9, 8)),
            Example(cls(4, 3, stride=2, padding="same"), (2, 7, 8)),
            Example(cls(6, 3, padding="same", groups=3), (3, 5, 4)),
            Example(cls(4, 2, padding=1, groups=4), (4, 4, 5)),
            Example(cls(2, 3, padding=((2, 1), (1, 2)), padding_mode="reflect"), (2, 5, 4)),
            Example(cls(2, 3, padding=2, stride=2, padding_mode="replicate"), (2, 5, 4)),
            Example(cls(2, 3, padding=(1, 2), padding_mode="circular"), (1, 4, 5)),
            Example(cls(7, 1, weight_init="he_normal", bias_init="zeros"), (5, 3, 2)),
        ]

"""Transposed convolution: every input number adds a kernel to the output, so that maps grow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from ..errors import ParameterError
from ..window import TransposedWindow
from .arithmetic import Arithmetic, Places, Terms, exact_sum
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights
from .geometry import as_maps, check_groups, meet
from .initializers import Weight, initializer
from .node import Shape
from .params import Sides, count, flag, nonnegative_pair, padding, pair, param


class ConvTranspose2d(Layer):
    """Add a kernel, weighed with each input number, to the output: a convolution's gradient, as a layer of its own.

    Shape: (C, H, W) -> (out_channels, TransposedWindow.out(H), TransposedWindow.out(W)).

    y[o, i * stride + a * dilation - top, j * stride + b * dilation - left] collects weight[c, o, a, b] * x[c, i, j]
    from the channels c of o's group, and bias[o].

    Keras calls it Conv2DTranspose, with the kernel (height, width, out_channels, in_channels).

    Args:
        out_channels: feature maps of the output.
        kernel_size: the kernel's (height, width).
        stride: places between the kernels of neighbouring inputs.
        padding: what is cropped: a number, (height, width), four sides, "same" (TensorFlow's rule) or "valid".
        output_padding: places added after the end, fewer than the stride or the dilation.
        dilation: places between neighbouring taps.
        groups: the channels are cut into so many groups; a kernel adds to its own group only.
        bias: add one number a feature map.
        weight_init: first values of the kernels; "pytorch" or "keras" for those frameworks' defaults.
        bias_init: first values of the bias; Keras's default is "zeros".

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: nothing is left of the output, or `groups` does not divide the channels.

    >>> ConvTranspose2d(5, 3, stride=2, padding=1, output_padding=1).output_shape((3, 7, 7))
    (5, 14, 14)
    """

    prefix: ClassVar[str] = "conv"

    out_channels: int = param(converter=count)
    kernel_size: tuple[int, int] = param(converter=pair)
    stride: tuple[int, int] = param(converter=pair, kw_only=True, default=1)
    padding: Sides | str = param(converter=padding, kw_only=True, default=0)
    output_padding: tuple[int, int] = param(converter=nonnegative_pair, kw_only=True, default=0)
    dilation: tuple[int, int] = param(converter=pair, kw_only=True, default=1)
    groups: int = param(converter=count, kw_only=True, default=1)
    bias: bool = param(converter=flag, kw_only=True, default=True)
    weight_init: str = param(converter=initializer, kw_only=True, default="pytorch")
    bias_init: str = param(converter=initializer, kw_only=True, default="pytorch")

    def check(self) -> None:
        """Check that output_padding adds less than a step of the window, as in PyTorch and ONNX."""
        for added, stride, dilation in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if added >= max(stride, dilation):
                raise ParameterError(
                    self.kind,
                    got=f"output_padding {added} with stride {stride} and dilation {dilation}",
                    expected=f"0 to {max(stride, dilation) - 1}",
                    fix="use less, or put Pad2d behind it",
                )

    def windows(self, *shapes: Shape) -> tuple[TransposedWindow, TransposedWindow]:
        """Return the windows along height and width."""
        sides = (self.padding, self.padding) if isinstance(self.padding, str) else self.padding
        rows, columns = (
            TransposedWindow(self.kernel_size[i], self.stride[i], self.dilation[i], sides[i], self.output_padding[i])
            for i in (0, 1)
        )
        return rows, columns

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (out_channels, height, width)."""
        channels, height, width = as_maps(self, shapes[0])
        check_groups(self, channels, self.out_channels, self.groups)
        rows, columns = self.windows()
        return self.out_channels, rows.out(height), columns.out(width)

    def weights(self, *shapes: Shape) -> dict[str, Weight]:
        """Return weight (in_channels, out_channels / groups, height, width) and bias (out_channels,)."""
        area = math.prod(self.kernel_size)
        fan_in, fan_out = self.out_channels // self.groups * area, shapes[0][0] * area  # as PyTorch and Keras count it
        shape = (shapes[0][0], self.out_channels // self.groups, *self.kernel_size)
        weights = {"weight": Weight(shape, self.weight_init, fan_in, fan_out)}
        if self.bias:
            weights["bias"] = Weight((self.out_channels,), self.bias_init, fan_in, fan_out)
        return weights

    def cost(self, *shapes: Shape) -> Cost:
        """Return one multiply-add for each weight at each place of the input, what is cropped included."""
        adds = math.prod(self.output_shape(*shapes)) * self.bias
        return Cost(
            macs=math.prod(shapes[0]) * self.out_channels // self.groups * math.prod(self.kernel_size), adds=adds
        )

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the output (N, out_channels, H', W'): the sum of one matrix product a tap, cropped."""
        (x,) = inputs
        whole, kept = self._whole(x)
        read = self._matrix(x)
        for a, b, met in self._taps(x):
            tap = self._kernel(w, a, b).swapaxes(1, 2) @ read  # (groups, O / groups, N * H * W)
            whole[met] += tap.reshape(self.out_channels, len(x), *x.shape[2:])
        maps = whole[kept].swapaxes(0, 1)
        return np.ascontiguousarray(maps + w["bias"][:, None, None] if self.bias else maps)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return the gradients: each tap's matrix product, transposed."""
        (x,) = inputs
        whole, kept = self._whole(x)
        whole[kept] = grad.swapaxes(0, 1)
        read, in_weight = self._matrix(x), np.zeros_like(w["weight"])
        in_x = np.zeros_like(read)
        for a, b, met in self._taps(x):
            out = whole[met].reshape(self.groups, self.out_channels // self.groups, -1)
            in_x += self._kernel(w, a, b) @ out
            in_weight[:, :, a, b] = (read @ out.swapaxes(1, 2)).reshape(in_weight.shape[:2])
        shape = (x.shape[1], len(x), *x.shape[2:])
        weights = {"weight": in_weight}
        if self.bias:
            weights["bias"] = grad.sum(axis=(0, 2, 3))
        return Gradients((np.ascontiguousarray(in_x.reshape(shape).swapaxes(0, 1)),), weights)

    def _whole(self, x: Array) -> tuple[Array, tuple[slice, ...]]:
        """Return zeros for the full result (O, N, rows, columns), and which places of it are kept."""
        sizes = list(zip(self.windows(), x.shape[2:], strict=True))
        whole = np.zeros((self.out_channels, len(x), *(window.room(size) for window, size in sizes)), x.dtype)
        starts = [(window.crops(size)[0], window.out(size)) for window, size in sizes]
        return whole, (slice(None), slice(None), *(slice(start, start + out) for start, out in starts))

    def _taps(self, x: Array) -> Iterator[tuple[int, int, tuple[slice, ...]]]:
        """Yield each tap (a, b) of the kernel with the places of the full result that it reaches."""
        rows, columns = self.windows()
        for a, b in np.ndindex(self.kernel_size):
            yield a, b, (slice(None), slice(None), rows.met(a, x.shape[2]), columns.met(b, x.shape[3]))

    def _kernel(self, w: Weights, a: int, b: int) -> Array:
        """Return tap (a, b) of every kernel as matrices, (groups, in_channels / groups, out_channels / groups)."""
        return w["weight"][:, :, a, b].reshape(self.groups, -1, self.out_channels // self.groups)

    def _matrix(self, x: Array) -> Array:
        """Return the input (N, C, H, W) as matrices, (groups, C / groups, N * H * W)."""
        return x.swapaxes(0, 1).reshape(self.groups, x.shape[1] // self.groups, -1)

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return every product that reached the number, channel by channel, and the bias.

        A number between the kernels, which nothing reaches, is told as padding at place -1.
        """
        x, (o, r, c) = inputs[0], index
        each, per_group = x.shape[1] // self.groups, self.out_channels // self.groups
        group, own = divmod(o, per_group)
        places: list[list[int]] = []
        taps: list[list[int]] = []
        for window, at, size in zip(self.windows(), (r, c), x.shape[2:], strict=True):
            places.append(list(window.reads(at, size)) or [-1])
            taps.append([window.tap(at, place, size) if place >= 0 else 0 for place in places[-1]])
        channels = range(group * each, (group + 1) * each)
        channel, row, column = _crossed(channels, *places)
        _, a, b = _crossed(channels, *taps)
        inside = (row >= 0) & (column >= 0)
        value = np.where(inside, x[0, channel, row, column].astype(np.float64), 0.0)
        weight = w["weight"][channel, own, a, b].astype(np.float64)
        bias = float(w["bias"][o]) if self.bias else None
        return Arithmetic(
            rule="sum",
            formula="sum(x * w) + b" if self.bias else "sum(x * w)",
            terms=Terms(
                source=np.zeros(len(value), np.intp),
                index=np.stack([channel, row, column], axis=1),
                inside=inside,
                value=value,
                product=value * weight,
                used=np.ones(len(value), np.bool_),
                weight=weight,
                weight_index=np.stack([channel, np.full_like(channel, own), a, b], axis=1),
            ),
            total=exact_sum(np.append(value * weight, 0.0 if bias is None else bias)),
            bias=bias,
        )

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return the places that reach the masked outputs, in every channel of their group."""
        channels, height, width = shapes[0]
        grouped: Mask = np.logical_or.reduce(mask.reshape(self.groups, -1, *mask.shape[1:]), axis=1)
        rows, columns = self.windows()
        met = meet(grouped, rows.incidence(height), columns.incidence(width))
        return (np.repeat(met, channels // self.groups, axis=0),)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return transposed convolutions of every kind."""
        return [
            Example(cls(5, 3), (3, 4, 5)),
            Example(cls(2, 3, stride=2, padding=1, output_padding=1), (3, 5, 2)),
            Example(cls(3, (2, 3), stride=(3, 2), padding=((1, 0), (0, 2)), bias=False), (2, 3, 5)),
            Example(cls(4, 3, stride=2, padding="same", groups=2), (2, 3, 4)),
            Example(cls(2, 1, stride=2, padding="same"), (1, 3, 2)),
            Example(cls(6, (3, 2), dilation=(2, 3), stride=(2, 1), groups=3), (3, 3, 4)),
            Example(cls(3, 2, stride=2), (3, 3, 3)),
        ]


def _crossed(*axes: Sequence[int]) -> tuple[Places, Places, Places]:
    """Return every combination of one number an axis, as a row of numbers for each of three axes."""
    first, second, third = (axis.ravel() for axis in np.meshgrid(*map(np.array, axes), indexing="ij"))
    return first, second, third

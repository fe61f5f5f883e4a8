"""Separable convolution: every channel convolved by itself, and then all channels weighed at each place."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..window import Window
from .arithmetic import Arithmetic, Terms, exact_sum
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights
from .convolution import Conv2d
from .geometry import as_maps
from .initializers import Weight, initializer
from .node import Shape
from .params import Sides, count, flag, padding, pair, param


class SeparableConv2d(Layer):
    """Convolve every channel by itself (depthwise), then weigh all channels at each place (pointwise).

    Shape: (C, H, W) -> (out_channels, Window.out(H), Window.out(W)).

    It is Conv2d(C * depth_multiplier, kernel_size, groups=C) without bias and Conv2d(out_channels, 1), in one layer:
    Keras's SeparableConv2D.

    Args:
        out_channels: feature maps of the output.
        kernel_size: the depthwise kernels' (height, width).
        stride: places between neighbouring windows.
        padding: a number, (height, width), ((top, bottom), (left, right)), "same" (TensorFlow's rule) or "valid".
        dilation: places between neighbouring taps.
        depth_multiplier: depthwise kernels for each channel of the input.
        bias: add one number a feature map.
        weight_init: first values of the kernels; "pytorch" or "keras" for those frameworks' defaults.
        bias_init: first values of the bias; Keras's default is "zeros".

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: the window does not fit the input.

    >>> SeparableConv2d(8, 3, padding=1).output_shape((3, 28, 28))
    (8, 28, 28)
    """

    prefix: ClassVar[str] = "conv"

    out_channels: int = param(converter=count)
    kernel_size: tuple[int, int] = param(converter=pair)
    stride: tuple[int, int] = param(converter=pair, kw_only=True, default=1)
    padding: Sides | str = param(converter=padding, kw_only=True, default=0)
    dilation: tuple[int, int] = param(converter=pair, kw_only=True, default=1)
    depth_multiplier: int = param(converter=count, kw_only=True, default=1)
    bias: bool = param(converter=flag, kw_only=True, default=True)
    weight_init: str = param(converter=initializer, kw_only=True, default="pytorch")
    bias_init: str = param(converter=initializer, kw_only=True, default="pytorch")

    def parts(self, channels: int) -> tuple[Conv2d, Conv2d]:
        """Return the depthwise and the pointwise convolution for an input of so many channels."""
        depthwise = Conv2d(
            channels * self.depth_multiplier,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=channels,
            bias=False,
            weight_init=self.weight_init,
        )
        pointwise = Conv2d(self.out_channels, 1, bias=self.bias, weight_init=self.weight_init, bias_init=self.bias_init)
        return depthwise, pointwise

    def windows(self, *shapes: Shape) -> tuple[Window, Window]:
        """Return the windows along height and width."""
        return Conv2d(1, self.kernel_size, stride=self.stride, padding=self.padding, dilation=self.dilation).windows()

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (out_channels, height, width)."""
        _, height, width = as_maps(self, shapes[0])
        rows, columns = self.windows()
        return self.out_channels, rows.out(height), columns.out(width)

    def weights(self, *shapes: Shape) -> dict[str, Weight]:
        """Return depthwise_weight (C * M, 1, h, w), pointwise_weight (O, C * M, 1, 1) and bias (O,)."""
        depthwise, pointwise = self.parts(shapes[0][0])
        second = pointwise.weights(depthwise.output_shape(*shapes))
        weights = {"depthwise_weight": depthwise.weights(*shapes)["weight"], "pointwise_weight": second["weight"]}
        return weights | ({"bias": second["bias"]} if self.bias else {})

    def cost(self, *shapes: Shape) -> Cost:
        """Return the cost of both convolutions."""
        depthwise, pointwise = self.parts(shapes[0][0])
        return depthwise.cost(*shapes) + pointwise.cost(depthwise.output_shape(*shapes))

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the output (N, out_channels, H', W')."""
        depthwise, pointwise = self.parts(inputs[0].shape[1])
        middle = depthwise.forward(*inputs, w={"weight": w["depthwise_weight"]}, run=run)
        return pointwise.forward(middle, w=_second(w), run=run)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return the gradients through the pointwise, then the depthwise convolution."""
        depthwise, pointwise = self.parts(inputs[0].shape[1])
        first = {"weight": w["depthwise_weight"]}
        middle = depthwise.forward(*inputs, w=first, run=run)
        back = pointwise.backward(grad, middle, y=y, w=_second(w), run=run)
        found = depthwise.backward(back.inputs[0], *inputs, y=middle, w=first, run=run)
        weights = {"depthwise_weight": found.weights["weight"], "pointwise_weight": back.weights["weight"]}
        return Gradients(found.inputs, weights | ({"bias": back.weights["bias"]} if self.bias else {}))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return every product of the window with the kernel that both convolutions are together, and the bias."""
        x, (o, r, c) = inputs[0], index
        channels, each = x.shape[1], self.depth_multiplier
        shares = w["pointwise_weight"][o].astype(np.float64).reshape(channels, each, 1, 1)
        kernels = w["depthwise_weight"].astype(np.float64).reshape(channels, each, *self.kernel_size)
        together = (shares * kernels).sum(axis=1)  # (C, kh, kw)
        whole = Conv2d(
            1, self.kernel_size, stride=self.stride, padding=self.padding, dilation=self.dilation, bias=False
        )
        told = whole.explain((0, r, c), x, w={"weight": together[None]}, run=run)
        bias = float(w["bias"][o]) if self.bias else None
        return Arithmetic(
            rule="sum",
            formula=f"sum(x * w){' + b' if self.bias else ''}, w = sum(pointwise * depthwise)",
            terms=Terms(
                source=told.terms.source,
                index=told.terms.index,
                inside=told.terms.inside,
                value=told.terms.value,
                product=told.terms.product,
                used=told.terms.used,
                weight=told.terms.weight,
            ),
            total=exact_sum(np.append(told.terms.product, 0.0 if bias is None else bias)),
            bias=bias,
        )

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return the places that the windows of the masked outputs hold, in every channel."""
        any_map: Mask = np.logical_or.reduce(mask, axis=0)
        whole = Conv2d(1, self.kernel_size, stride=self.stride, padding=self.padding, dilation=self.dilation)
        return whole.reads(any_map[None], *shapes)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return separable convolutions of every kind."""
        return [
            Example(cls(5, 3), (3, 7, 6)),
            Example(cls(2, (3, 2), stride=(2, 1), padding="same", depth_multiplier=2), (3, 5, 4)),
            Example(cls(3, 2, padding=((0, 1), (1, 0)), dilation=2, bias=False), (3, 3, 3)),
            Example(cls(4, 1, depth_multiplier=3), (1, 2, 5)),
        ]


def _second(w: Weights) -> Weights:
    """Return the pointwise convolution's weights by its own names."""
    named = {"weight": w["pointwise_weight"]}
    return named | {"bias": w["bias"]} if "bias" in w else named

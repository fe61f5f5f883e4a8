"""Pooling by the length of what a window holds: the power mean's family, between a sum and a maximum."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..window import Window
from .arithmetic import Arithmetic, exact_sum
from .base import Array, Cost, Example, Gradients, Run, Weights
from .geometry import both_axes, pad, unpad
from .node import Shape
from .params import Sides, flag, optional_pair, padding, pair, param, positive
from .pooling import SlidingPool2d


class LpPool2d(SlidingPool2d):
    """Give the p-norm of each window: (sum |x|^p)^(1/p); 1 sums sizes, 2 is the length, and more comes near a maximum.

    Shape: (C, H, W) -> (C, Window.out(H), Window.out(W)). Padded places are zeros. PyTorch takes no sizes: for an odd
    norm_type its sum has signs, and it has no padding; ours is ONNX's LpPool. Keras has no such layer.

    Args:
        norm_type: p, above 0.
        kernel_size: the window's (height, width).
        stride: places between neighbouring windows; None: the window's size.
        padding: a number, (height, width), ((top, bottom), (left, right)), "same" (TensorFlow's rule) or "valid".
        dilation: places between neighbouring taps.
        ceil_mode: round the output size up.

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: the window does not fit the input.

    >>> LpPool2d(2, 2).output_shape((1, 4, 4))
    (1, 2, 2)
    """

    norm_type: float = param(converter=positive)
    kernel_size: tuple[int, int] = param(converter=pair)
    stride: tuple[int, int] | None = param(converter=optional_pair, kw_only=True, default=None)
    padding: Sides | str = param(converter=padding, kw_only=True, default=0)
    dilation: tuple[int, int] = param(converter=pair, kw_only=True, default=1)
    ceil_mode: bool = param(converter=flag, kw_only=True, default=False)

    def windows(self, *shapes: Shape) -> tuple[Window, Window]:
        """Return the windows along height and width."""
        stride = self.stride or self.kernel_size
        return both_axes(self.kernel_size, stride, self.dilation, self.padding, ceil_mode=self.ceil_mode)

    @property
    def padding_counts(self) -> bool:
        """Whether a window of nothing but padding has a value: it is 0."""
        return True

    def cost(self, *shapes: Shape) -> Cost:
        """Return a power a place of each window, their sum, and a root."""
        outputs, taps = math.prod(self.output_shape(*shapes)), math.prod(self.kernel_size)
        return Cost(adds=outputs * (taps - 1), specials=outputs * (taps + 1))

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the p-norm of each window: (N, C, H', W')."""
        (x,) = inputs
        powers = pad(np.abs(x) ** x.dtype.type(self.norm_type), *self.windows())
        sums = np.zeros((len(x), *self.output_shape(x.shape[1:])), x.dtype)
        for tap in self.taps(sums.shape):
            sums += powers[tap]
        return sums ** x.dtype.type(1 / self.norm_type)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Give each place sign(x) (|x| / y)^(p - 1) of its windows' gradients, and 0 where x is 0."""
        (x,) = inputs
        padded, in_padded = (pad(of, *self.windows()) for of in (x, np.zeros_like(x)))
        power = x.dtype.type(self.norm_type - 1)
        for tap in self.taps(y.shape):
            held = padded[tap]
            ratio = np.divide(np.abs(held), y, out=np.ones_like(y), where=(held != 0) & (y != 0))
            in_padded[tap] += grad * np.sign(held) * ratio**power
        return Gradients((unpad(in_padded, *self.windows(), (x.shape[2], x.shape[3])),))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the window, the power of each size in it, and the root."""
        terms = self.window_terms(index, inputs[0])
        powers = np.abs(terms.value) ** self.norm_type
        return Arithmetic(
            rule="root",
            formula="sum(|x| ** p) ** (1 / p)",
            terms=replace(terms, product=powers),
            total=exact_sum(powers) ** (1 / self.norm_type),
            numbers={"p": self.norm_type},
        )

    @classmethod
    def examples(cls) -> list[Example]:
        """Return lengths, sums of sizes, other powers, and windows of every kind."""
        return [
            Example(cls(2, 2), (2, 4, 6)),
            Example(cls(3, (3, 2), stride=(2, 1), padding=1), (3, 7, 5)),
            Example(cls(1.5, 2, stride=3, dilation=2), (1, 8, 9)),
            Example(cls(2, 3, stride=2, ceil_mode=True), (2, 6, 8)),
            Example(cls(4, 3, stride=2, padding="same"), (3, 3, 3)),
            Example(cls(1, 2, stride=1, padding=((1, 0), (0, 2))), (1, 4, 4)),
        ]

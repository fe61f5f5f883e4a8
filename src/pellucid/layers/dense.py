"""From maps to decisions: flatten lays the maps out as one vector, and a linear layer weighs all of it."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ..window import Window
from .arithmetic import Arithmetic, Terms, exact_sum, single
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights, Windows
from .initializers import Weight, initializer
from .node import Shape
from .params import choice, count, flag, param


class Flatten(Layer):
    """Lay all maps out as one vector.

    Shape: (C, H, W) -> (C * H * W,). Element k is channel k // (H * W), row k // W % H, column k % W.
    Keras's Flatten gives height, width, channels whatever its data_format: that is `order="HWC"`.

    Args:
        order: "CHW" (PyTorch, ONNX) or "HWC" (Keras).

    >>> Flatten().output_shape((5, 3, 3))
    (45,)
    """

    prefix: ClassVar[str] = "flatten"

    order: str = param(converter=choice("CHW", "HWC"), default="CHW")

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (the number of all numbers,)."""
        if self.order == "HWC" and len(shapes[0]) != 3:
            raise self.fail(f"input {shapes[0]} in order HWC", "(channels, height, width)", 'use order="CHW"')
        return (math.prod(shapes[0]),)

    def _order(self, shape: Shape) -> tuple[int, ...]:
        """Return the axes, batch included, in the order in which they are laid out."""
        return (0, 2, 3, 1) if self.order == "HWC" else tuple(range(len(shape) + 1))

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return (N, C * H * W)."""
        (x,) = inputs
        return x.transpose(self._order(x.shape[1:])).reshape(len(x), math.prod(x.shape[1:]))

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Put every number back in its place."""
        (x,) = inputs
        order = self._order(x.shape[1:])
        laid = grad.reshape([x.shape[axis] for axis in order])
        return Gradients((laid.transpose(np.argsort(order)),))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the place that the number came from."""
        (x,) = inputs
        order = self._order(x.shape[1:])[1:]
        laid = np.unravel_index(index[0], [x.shape[axis] for axis in order])
        place = tuple(int(laid[order.index(axis)]) for axis in range(1, x.ndim))
        terms = single(x[0], place)
        return Arithmetic(rule="pick", formula="x", terms=terms, total=float(terms.value[0]))

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return the places that the masked numbers came from."""
        order = tuple(axis - 1 for axis in self._order(shapes[0])[1:])
        laid = mask.reshape([shapes[0][axis] for axis in order])
        return (laid.transpose(np.argsort(order)),)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return both orders."""
        return [Example(cls(), (3, 2, 5)), Example(cls("HWC"), (3, 2, 5)), Example(cls(), (4,))]


class Linear(Layer):
    """Weigh all numbers of the input for each output, and add a bias: y = W x + b, along the last axis.

    Shape: (..., in_features) -> (..., out_features). Keras calls it Dense(units, use_bias), with the transposed weight.

    Args:
        out_features: numbers of the output.
        bias: add one number an output.
        weight_init: first values of the weight; "pytorch" or "keras" for those frameworks' defaults.
        bias_init: first values of the bias; Keras's default is "zeros".

    >>> Linear(10).output_shape((84,))
    (10,)
    """

    prefix: ClassVar[str] = "linear"

    out_features: int = param(converter=count)
    bias: bool = param(converter=flag, kw_only=True, default=True)
    weight_init: str = param(converter=initializer, kw_only=True, default="pytorch")
    bias_init: str = param(converter=initializer, kw_only=True, default="pytorch")

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape with out_features as its last axis."""
        return *shapes[0][:-1], self.out_features

    def weights(self, *shapes: Shape) -> dict[str, Weight]:
        """Return weight (out_features, in_features) and bias (out_features,)."""
        fan_in = shapes[0][-1]
        weights = {"weight": Weight((self.out_features, fan_in), self.weight_init, fan_in, self.out_features)}
        if self.bias:
            weights["bias"] = Weight((self.out_features,), self.bias_init, fan_in, self.out_features)
        return weights

    def cost(self, *shapes: Shape) -> Cost:
        """Return one multiply-add a weight, for each vector."""
        outputs = math.prod(self.output_shape(*shapes))
        return Cost(macs=outputs * shapes[0][-1], adds=outputs * self.bias)

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return x W^T + b: (N, ..., out_features)."""
        y = inputs[0] @ w["weight"].T
        return y + w["bias"] if self.bias else y

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return grad W, and grad^T x summed over all vectors."""
        (x,) = inputs
        flat = grad.reshape(-1, self.out_features)
        weights = {"weight": flat.T @ x.reshape(-1, x.shape[-1])}
        if self.bias:
            weights["bias"] = flat.sum(axis=0)
        return Gradients((grad @ w["weight"],), weights)

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return every product of the input with the output's weights, and the bias."""
        value = inputs[0][(0, *index[:-1])].astype(np.float64)
        weight = w["weight"][index[-1]].astype(np.float64)
        bias = float(w["bias"][index[-1]]) if self.bias else None
        places = np.arange(len(value))
        lead = np.broadcast_to(np.array(index[:-1], np.intp), (len(value), len(index) - 1))
        return Arithmetic(
            rule="sum",
            formula="sum(x * w) + b" if self.bias else "sum(x * w)",
            terms=Terms(
                source=np.zeros(len(value), np.intp),
                index=np.column_stack([lead, places]),
                inside=np.ones(len(value), np.bool_),
                value=value,
                product=value * weight,
                used=np.ones(len(value), np.bool_),
                weight=weight,
                weight_index=np.column_stack([np.full_like(places, index[-1]), places]),
            ),
            total=exact_sum(np.append(value * weight, 0.0 if bias is None else bias)),
            bias=bias,
        )

    def windows(self, *shapes: Shape) -> Windows:
        """Return None along the last axis, which a unit reads whole."""
        return Window(1) if len(shapes[0]) > 1 else None, None

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return the whole vector of every masked number."""
        return (np.broadcast_to(mask.any(axis=-1, keepdims=True), shapes[0]),)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return a linear layer on a vector, on maps, and without bias."""
        return [Example(cls(7), (5,)), Example(cls(3, bias=False), (11,)), Example(cls(2), (2, 3, 5))]

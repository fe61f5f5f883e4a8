"""Batch normalisation: give every channel mean 0 and variance 1, then a learned scale and shift."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from .arithmetic import Arithmetic, single
from .base import Array, Cost, Example, Gradients, Layer, Run, Weights
from .geometry import as_maps
from .initializers import Weight
from .node import Shape
from .params import flag, param, positive, probability


def _over(x: Array) -> tuple[int, ...]:
    """Return what statistics are taken over: every axis but the channels, the batch among them."""
    return tuple(axis for axis in range(x.ndim) if axis != 1)


def _wide(values: Array, x: Array) -> Array:
    """Return one number a channel, in the shape that meets all of its places."""
    return values.reshape(-1, *[1] * (x.ndim - 2))


class BatchNorm2d(Layer):
    """Normalise each channel with its mean and variance, then scale and shift it.

    Shape: (C, H, W) -> the same. y = (x - mean) / sqrt(variance + eps) * weight + bias. In training mean and variance
    (biased) are the batch's own, and running averages follow them; otherwise the running averages are used.
    Source: S. Ioffe, C. Szegedy, ICML 2015.

    Args:
        eps: added to the variance; 1e-5 as in PyTorch and ONNX, Keras uses 1e-3.
        momentum: share of the batch in the running averages; PyTorch's 0.1 is Keras's momentum 0.9 (its default 0.99
            is 0.01 here).
        affine: learn a scale and a shift for each channel.
        unbiased: follow the variance over n - 1, as PyTorch; Keras and ONNX follow the one over n.

    >>> BatchNorm2d().output_shape((8, 7, 7))
    (8, 7, 7)
    """

    prefix: ClassVar[str] = "norm"

    eps: float = param(converter=positive, kw_only=True, default=1e-5)
    momentum: float = param(converter=probability, kw_only=True, default=0.1)
    affine: bool = param(converter=flag, kw_only=True, default=True)
    unbiased: bool = param(converter=flag, kw_only=True, default=True)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape."""
        return as_maps(self, shapes[0])

    def weights(self, *shapes: Shape) -> dict[str, Weight]:
        """Return weight and bias (learned), running_mean and running_var (followed), each (channels,)."""
        shape = shapes[0][:1]
        learned = {"weight": Weight(shape, "ones"), "bias": Weight(shape, "zeros")} if self.affine else {}
        return {
            **learned,
            "running_mean": Weight(shape, "zeros", trainable=False),
            "running_var": Weight(shape, "ones", trainable=False),
        }

    def cost(self, *shapes: Shape) -> Cost:
        """Return one multiplication and one addition a number, as with the four numbers folded into two."""
        return Cost(muls=math.prod(shapes[0]), adds=math.prod(shapes[0]))

    def _statistics(self, x: Array, w: Weights, run: Run) -> tuple[Array, Array]:
        """Return mean and variance in use, each (C, 1, 1), or (C,) of vectors."""
        if run.training:
            return _wide(x.mean(axis=_over(x)), x), _wide(x.var(axis=_over(x)), x)
        return _wide(w["running_mean"], x), _wide(w["running_var"], x)

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return normalised maps: (N, C, H, W)."""
        (x,) = inputs
        mean, variance = self._statistics(x, w, run)
        y = (x - mean) / np.sqrt(variance + x.dtype.type(self.eps))
        return y * _wide(w["weight"], x) + _wide(w["bias"], x) if self.affine else y

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return the gradients; in training mean and variance depend on x too."""
        (x,) = inputs
        mean, variance = self._statistics(x, w, run)
        deviation = np.sqrt(variance + x.dtype.type(self.eps))
        normal = (x - mean) / deviation
        weights = {"weight": (grad * normal).sum(axis=_over(x)), "bias": grad.sum(axis=_over(x))} if self.affine else {}
        scaled = grad * _wide(w["weight"], x) if self.affine else grad
        if run.training:
            along = (scaled * normal).mean(axis=_over(x), keepdims=True)
            scaled = scaled - scaled.mean(axis=_over(x), keepdims=True) - normal * along
        return Gradients((scaled / deviation,), weights)

    def updates(self, *inputs: Array, w: Weights) -> dict[str, Array]:
        """Return the running averages after one more batch."""
        (x,) = inputs
        n = x.size // x.shape[1]
        variance = x.var(axis=_over(x)) * (n / (n - 1) if self.unbiased and n > 1 else 1)
        share = x.dtype.type(self.momentum)
        return {
            "running_mean": (1 - share) * w["running_mean"] + share * x.mean(axis=_over(x)),
            "running_var": ((1 - share) * w["running_var"] + share * variance).astype(x.dtype),
        }

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the number and the four that normalise it."""
        x, channel = inputs[0], index[0]
        mean, variance = (float(s.ravel()[channel]) for s in self._statistics(x.astype(np.float64), w, run))
        numbers = {"mean": mean, "variance": variance, "eps": self.eps}
        terms = single(x[0], index)
        total = (float(terms.value[0]) - mean) / math.sqrt(variance + self.eps)
        formula = "(x - mean) / sqrt(variance + eps)"
        if self.affine:
            scale, shift = float(w["weight"][channel]), float(w["bias"][channel])
            numbers |= {"weight": scale, "bias": shift}
            total, formula = total * scale + shift, f"{formula} * weight + bias"
        return Arithmetic(rule="function", formula=formula, terms=terms, total=total, numbers=numbers)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return batch norm the PyTorch way, the Keras way, and without scale and shift."""
        return [
            Example(cls(), (3, 4, 5)),
            Example(cls(eps=1e-3, momentum=0.01, unbiased=False), (2, 3, 3)),
            Example(cls(affine=False), (4, 2, 3)),
        ]


class BatchNorm1d(BatchNorm2d):
    """Batch norm of vectors, behind a linear layer: each number has a mean and a variance over the batch.

    Shape: (C,) or (C, L) -> the same. Formula, arguments and weights: `BatchNorm2d`.

    >>> BatchNorm1d().output_shape((8,))
    (8,)
    """

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape."""
        if len(shapes[0]) > 2:
            raise self.fail(f"input {shapes[0]}: {len(shapes[0])} axes", "(C,) or (C, L)", "use BatchNorm2d for maps")
        return shapes[0]

    @classmethod
    def examples(cls) -> list[Example]:
        """Return batch norm of a vector and of rows, the PyTorch way, the Keras way, and without scale and shift."""
        return [
            Example(cls(), (5,)),
            Example(cls(eps=1e-3, momentum=0.01, unbiased=False), (3, 4)),
            Example(cls(affine=False), (7,)),
        ]

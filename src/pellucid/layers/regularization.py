"""Dropout: in training, silence numbers by chance and scale up the rest, so that no unit can rely on one other."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ..random import uniform
from .arithmetic import Arithmetic, single
from .base import Array, Example, Gradients, Layer, Run, Weights
from .geometry import as_maps
from .node import Shape
from .params import param, probability


class Dropout(Layer):
    """In training, set each number to 0 with probability `p` and divide the others by 1 - p; otherwise change nothing.

    Shape: any -> the same. The mask is a function of (seed, step, layer, sample), so that batches and threads cannot
    change it. Source: N. Srivastava et al., JMLR 15 (2014), in its inverted form.

    Args:
        p: the probability to drop, 0 to 1; Keras calls it rate.

    >>> Dropout(0.5).output_shape((10,))
    (10,)
    """

    prefix: ClassVar[str] = "dropout"

    p: float = param(converter=probability, default=0.5)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape."""
        return shapes[0]

    def mask_shape(self, shape: Shape) -> Shape:
        """Return the shape of one sample's mask."""
        return shape

    def factors(self, shape: Shape, run: Run) -> Array:
        """Return what each number is multiplied with: 0 or 1 / (1 - p), (N, ...) for inputs of `shape` (N, ...)."""
        mask = self.mask_shape(shape[1:])
        samples = np.arange(shape[0]) if run.samples is None else run.samples
        chances = uniform(run.seed, run.step, run.layer, samples, math.prod(mask)).reshape(-1, *mask)
        return np.where(chances >= self.p, 1 / (1 - self.p) if self.p < 1 else 0.0, 0.0)

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the input, with the dropped numbers silenced in training."""
        (x,) = inputs
        return x * self.factors(x.shape, run).astype(x.dtype) if run.training else x

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return the gradient through the same mask."""
        return Gradients((grad * self.factors(grad.shape, run).astype(grad.dtype) if run.training else grad,))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the number, and in training its factor."""
        (x,) = inputs
        terms = single(x[0], index)
        if not run.training:
            return Arithmetic(rule="pick", formula="x", terms=terms, total=float(terms.value[0]))
        factors = np.broadcast_to(self.factors(x.shape, run), x.shape)
        factor = float(x.dtype.type(factors[(0, *index)]))
        return Arithmetic(
            rule="function",
            formula="x * factor",
            terms=terms,
            total=float(terms.value[0]) * factor,
            numbers={"factor": factor},
        )

    @classmethod
    def examples(cls) -> list[Example]:
        """Return dropout on maps and on a vector."""
        return [
            Example(cls(0.5), (3, 4, 5)),
            Example(cls(0.25), (10,)),
            Example(cls(0.0), (3,)),
            Example(cls(1.0), (3,)),
        ]


class Dropout2d(Dropout):
    """In training, silence whole feature maps with probability `p` and divide the others by 1 - p.

    Shape: (C, H, W) -> the same. Keras calls it SpatialDropout2D. Source: J. Tompson et al., CVPR 2015.

    Args:
        p: the probability to drop a map, 0 to 1.

    >>> Dropout2d(0.1).output_shape((8, 7, 7))
    (8, 7, 7)
    """

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape."""
        return as_maps(self, shapes[0])

    def mask_shape(self, shape: Shape) -> Shape:
        """Return one factor a map."""
        return shape[0], 1, 1

    @classmethod
    def examples(cls) -> list[Example]:
        """Return dropout of maps."""
        return [Example(cls(0.5), (5, 2, 3))]

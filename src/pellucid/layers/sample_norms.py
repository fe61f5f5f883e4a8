"""Normalisation by a sample's own numbers: of chosen axes, of groups of channels, or of each map by itself."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ..window import Window
from .arithmetic import Arithmetic, exact_sum, several
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights, Windows
from .geometry import as_maps
from .initializers import Weight
from .node import Shape
from .params import count, flag, optional_axes, param, positive


class SampleNorm(Layer):
    """What these layers share. Subclasses say which numbers are normalised together, and what the weights follow.

    Shape: any -> the same. y = (x - mean) / sqrt(variance + eps) * weight + bias, in training and otherwise alike.
    """

    prefix: ClassVar[str] = "norm"

    eps: float = param(converter=positive, kw_only=True, default=1e-5)

    def cut(self, shape: Shape) -> tuple[Shape, tuple[int, ...]]:
        """Return the shape in which the numbers that are normalised together lie along axes of their own, and these."""
        raise NotImplementedError

    def varies(self, shape: Shape) -> tuple[int, ...]:
        """Return the axes along which the weights vary."""
        return (0,)

    def learned(self) -> tuple[str, ...]:
        """Return the names of the weights."""
        raise NotImplementedError

    def weights(self, *shapes: Shape) -> dict[str, Weight]:
        """Return weight and bias, of the sizes of the axes along which they vary."""
        shape = tuple(shapes[0][axis] for axis in self.varies(shapes[0]))
        return {name: Weight(shape, "ones" if name == "weight" else "zeros") for name in self.learned()}

    def cost(self, *shapes: Shape) -> Cost:
        """Return what mean, variance, their use, scale and shift take; a root and three divisions for each mean."""
        numbers = math.prod(shapes[0])
        view, over = self.cut(shapes[0])
        means = numbers // math.prod(view[axis] for axis in over)
        scaled, shifted = (numbers * (name in self.learned()) for name in ("weight", "bias"))
        return Cost(adds=3 * numbers - means + shifted, muls=2 * numbers + 3 * means + scaled, specials=means)

    def _normal(self, x: Array) -> tuple[Array, Array]:
        """Return x with mean 0 and variance 1, and what it was divided by, both in the shape of `cut`."""
        laid, over = self._laid(x)
        deviation = np.sqrt(laid.var(axis=over, keepdims=True) + x.dtype.type(self.eps))
        return (laid - laid.mean(axis=over, keepdims=True)) / deviation, deviation

    def _laid(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Return a batch in the shape of `cut`, and the axes of what is normalised together, the batch counted."""
        view, over = self.cut(x.shape[1:])
        return x.reshape(len(x), *view), tuple(axis + 1 for axis in over)

    def _wide(self, values: Array, shape: Shape) -> Array:
        """Return a weight in the shape that meets all of its places."""
        varies = self.varies(shape)
        return values.reshape([size if axis in varies else 1 for axis, size in enumerate(shape)])

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the normalised numbers: the shape of the input."""
        (x,) = inputs
        y = self._normal(x)[0].reshape(x.shape)
        if "weight" in w:
            y = y * self._wide(w["weight"], x.shape[1:])
        return y + self._wide(w["bias"], x.shape[1:]) if "bias" in w else y

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return the gradients; mean and variance depend on x too."""
        (x,) = inputs
        normal, deviation = self._normal(x)
        over = tuple(axis for axis in range(x.ndim) if axis - 1 not in self.varies(x.shape[1:]))
        sums = {"weight": lambda: (grad * normal.reshape(x.shape)).sum(axis=over), "bias": lambda: grad.sum(axis=over)}
        scaled, along = self._laid(grad * self._wide(w["weight"], x.shape[1:]) if "weight" in w else grad)
        shared = scaled.mean(axis=along, keepdims=True) + normal * (scaled * normal).mean(axis=along, keepdims=True)
        in_x = ((scaled - shared) / deviation).reshape(x.shape)
        return Gradients((in_x,), {name: sums[name]() for name in self.learned()})

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return all numbers that mean and variance are made of, and what normalises the number."""
        x = inputs[0][0]
        mask = np.zeros(x.shape, np.bool_)
        mask[index] = True
        terms = several(x, np.argwhere(self.reads(mask, x.shape)[0]))
        own, mean = float(x[index]), exact_sum(terms.value) / len(terms)
        variance = exact_sum((terms.value - mean) ** 2) / len(terms)
        numbers = {"x": own, "mean": mean, "variance": variance, "eps": self.eps}
        total, formula = (own - mean) / math.sqrt(variance + self.eps), "(x - mean) / sqrt(variance + eps)"
        place = tuple(index[axis] for axis in self.varies(x.shape))
        if "weight" in w:
            numbers["weight"] = float(w["weight"][place])
            total, formula = total * numbers["weight"], f"{formula} * weight"
        if "bias" in w:
            numbers["bias"] = float(w["bias"][place])
            total, formula = total + numbers["bias"], f"{formula} + bias"
        return Arithmetic(rule="normal", formula=formula, terms=terms, total=total, numbers=numbers)

    def windows(self, *shapes: Shape) -> Windows:
        """Return None twice: whatever is normalised together spans rows and columns."""
        return None, None

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return everything that is normalised together with a masked place."""
        view, over = self.cut(shapes[0])
        return (np.broadcast_to(mask.reshape(view).any(axis=over, keepdims=True), view).reshape(shapes[0]),)


class LayerNorm(SampleNorm):
    """Normalise all numbers along some axes together, then scale and shift each place of these axes.

    Shape: any -> the same. y = (x - mean) / sqrt(variance + eps) * weight + bias; the variance is over n. PyTorch names
    the sizes of the last axes, Keras the axes (`LayerNormalization`, the last by default), ONNX the first of them.
    Source: J. L. Ba, J. R. Kiros, G. E. Hinton, 2016.

    Args:
        axes: the axes, the batch not counted; None: all. (0,) are the channels, as in ConvNeXt.
        eps: added to the variance; 1e-5 as in PyTorch and ONNX, Keras uses 1e-3.
        scale: learn a factor for each place.
        bias: learn a shift for each place.

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: the input has no such axis, or it is named twice.

    >>> layer = LayerNorm((1, 2))
    >>> layer.output_shape((8, 5, 7)), layer.weights((8, 5, 7))["weight"].shape
    ((8, 5, 7), (5, 7))
    """

    axes: tuple[int, ...] | None = param(converter=optional_axes, default=None)
    scale: bool = param(converter=flag, kw_only=True, default=True)
    bias: bool = param(converter=flag, kw_only=True, default=True)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape."""
        rank = len(shapes[0])
        axes = self.axes or ()
        known = all(-rank <= axis < rank for axis in axes)
        if not known or len({axis % rank for axis in axes}) < len(axes):
            raise self.fail(
                f"axes {axes} of input {shapes[0]}",
                f"axes from 0 to {rank - 1}, each once",
                "count axes without the batch",
            )
        return shapes[0]

    def cut(self, shape: Shape) -> tuple[Shape, tuple[int, ...]]:
        """Return the shape as it is, and the axes."""
        return shape, self.varies(shape)

    def varies(self, shape: Shape) -> tuple[int, ...]:
        """Return the axes, in order."""
        return tuple(range(len(shape))) if self.axes is None else tuple(sorted(axis % len(shape) for axis in self.axes))

    def learned(self) -> tuple[str, ...]:
        """Return the names of the weights."""
        return ("weight",) * self.scale + ("bias",) * self.bias

    def windows(self, *shapes: Shape) -> Windows:
        """Return None along the axes that are normalised together, else windows of one place."""
        rank = len(shapes[0])
        axes = {axis - rank for axis in self.varies(shapes[0])}  # -1 is the columns, -2 the rows
        return None if -2 in axes or rank == 1 else Window(1), None if -1 in axes else Window(1)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return all axes, the channels, the last axis the Keras way, two axes in another order, and vectors."""
        return [
            Example(cls(), (3, 5, 2)),
            Example(cls((0,)), (5, 2, 3)),
            Example(cls(-1, eps=1e-3), (2, 3, 7)),
            Example(cls((2, 0), bias=False), (4, 4, 4)),
            Example(cls((-2, -1), scale=False), (2, 3, 5)),
            Example(cls(scale=False, bias=False), (11,)),
            Example(cls((1,)), (3, 3)),
        ]


class GroupNorm(SampleNorm):
    """Normalise groups of channels, each with all of its places together, then scale and shift each channel.

    Shape: (C, ...) -> the same. y = (x - mean) / sqrt(variance + eps) * weight + bias; the variance is over n. One
    group is all channels together; as many groups as channels is `InstanceNorm2d`. Keras calls it
    GroupNormalization(groups), with 32 groups and eps 1e-3 by default; ONNX's, before opset 21, had one weight a
    group. Source: Y. Wu, K. He, ECCV 2018.

    Args:
        num_groups: groups of neighbouring channels; they divide the channels.
        eps: added to the variance; 1e-5 as in PyTorch and ONNX, Keras uses 1e-3.
        affine: learn a scale and a shift for each channel.

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: the groups do not divide the channels.

    >>> GroupNorm(4).output_shape((8, 5, 7))
    (8, 5, 7)
    """

    num_groups: int = param(converter=count)
    affine: bool = param(converter=flag, kw_only=True, default=True)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape."""
        channels = shapes[0][0]
        if channels % self.num_groups:
            raise self.fail(
                f"{channels} channels in {self.num_groups} groups",
                f"groups that divide the {channels} channels",
                f"use num_groups={math.gcd(channels, self.num_groups)} or another divisor of {channels}",
            )
        return shapes[0]

    def cut(self, shape: Shape) -> tuple[Shape, tuple[int, ...]]:
        """Return (groups, numbers of a group)."""
        return (self.num_groups, math.prod(shape) // self.num_groups), (1,)

    def learned(self) -> tuple[str, ...]:
        """Return the names of the weights."""
        return ("weight", "bias") if self.affine else ()

    @classmethod
    def examples(cls) -> list[Example]:
        """Return groups of maps, one group, a group a channel, the Keras way, and vectors."""
        return [
            Example(cls(3), (6, 5, 2)),
            Example(cls(1, eps=1e-3), (3, 2, 2)),
            Example(cls(4, affine=False), (4, 4, 4)),
            Example(cls(2), (6,)),
            Example(cls(5), (5, 7)),
        ]


class InstanceNorm2d(SampleNorm):
    """Normalise each map by itself, then scale and shift it if that is learned.

    Shape: (C, H, W) -> the same. y = (x - mean) / sqrt(variance + eps) * weight + bias; the variance is over n. Keras
    writes GroupNormalization(groups=-1). Source: D. Ulyanov, A. Vedaldi, V. Lempitsky, 2016.

    Args:
        eps: added to the variance; 1e-5 as in PyTorch and ONNX.
        affine: learn a scale and a shift for each channel; not by default, as in PyTorch.

    >>> InstanceNorm2d().output_shape((8, 5, 7))
    (8, 5, 7)
    """

    affine: bool = param(converter=flag, kw_only=True, default=False)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape."""
        return as_maps(self, shapes[0])

    def cut(self, shape: Shape) -> tuple[Shape, tuple[int, ...]]:
        """Return (channels, places)."""
        return (shape[0], math.prod(shape[1:])), (1,)

    def learned(self) -> tuple[str, ...]:
        """Return the names of the weights."""
        return ("weight", "bias") if self.affine else ()

    @classmethod
    def examples(cls) -> list[Example]:
        """Return maps with and without scale and shift."""
        return [
            Example(cls(), (3, 5, 2)),
            Example(cls(affine=True, eps=1e-3), (2, 3, 7)),
            Example(cls(affine=True), (3, 3, 3)),
        ]

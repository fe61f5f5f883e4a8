"""What layers share that only move numbers: a table says where each number of the output came from."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .arithmetic import Arithmetic, Places, single
from .base import Array, Gradients, Layer, Mask, Run, Weights
from .node import Shape


class Movement(Layer):
    """A layer of which every output number is one number of the input, or a constant.

    A layer of this family says its shape and its `places`; all else follows from them.
    """

    def places(self, shape: Shape) -> Places:
        """Return the place in the input of `shape`, all numbers in a row, of each output number; -1: a constant."""
        raise NotImplementedError

    @property
    def filling(self) -> float:
        """The constant that stands where no number of the input does."""
        return 0.0

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return every number in its new place: (N, *output_shape)."""
        (x,) = inputs
        places = self.places(x.shape[1:])
        moved = x.reshape(len(x), math.prod(x.shape[1:]))[:, places]
        return np.where(places < 0, x.dtype.type(self.filling), moved)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Give every number the gradients of its copies."""
        (x,) = inputs
        places = self.places(x.shape[1:])
        in_x = np.zeros((math.prod(x.shape[1:]), len(x)), grad.dtype)
        np.add.at(in_x, places[places >= 0], grad[:, places >= 0].T)
        return Gradients((np.ascontiguousarray(in_x.T).reshape(x.shape),))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the place that the number came from, or the constant."""
        (x,) = inputs
        place = int(self.places(x.shape[1:])[index])
        if place < 0:
            return self._constant(index, x.shape[1:])
        at = tuple(int(axis) for axis in np.unravel_index(place, x.shape[1:]))
        terms = single(x[0], at)
        return Arithmetic(rule="pick", formula="x", terms=terms, total=float(terms.value[0]))

    def _constant(self, index: tuple[int, ...], shape: Shape) -> Arithmetic:
        """Return the arithmetic of a number that is padding: its place lies outside of the input."""
        terms = replace(
            single(np.zeros([1] * len(shape)), (0,) * len(shape)),
            index=np.array([self.outside(index)]),
            inside=np.zeros(1, np.bool_),
        )
        return Arithmetic(
            rule="function", formula="value", terms=terms, total=self.filling, numbers={"value": self.filling}
        )

    def outside(self, index: tuple[int, ...]) -> tuple[int, ...]:
        """Return where a number that is padding lies, counted in places of the input."""
        return index

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return the places that the masked numbers came from."""
        places = self.places(shapes[0])[mask]
        read = np.zeros(int(np.prod(shapes[0])), np.bool_)
        read[places[places >= 0]] = True
        return (read.reshape(shapes[0]),)

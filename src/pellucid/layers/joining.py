"""Where branches are put one after another along an axis."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..window import JoinedWindow, Window
from .arithmetic import Arithmetic, single
from .base import Array, Example, Gradients, Layer, Mask, Run, Weights, Windows
from .node import Shape
from .params import axis, param


class Concat(Layer):
    """Put two or more values one after another, along the channels: the join of inception and dense blocks.

    Shape: (C1, H, W), (C2, H, W), ... -> (C1 + C2 + ..., H, W); vectors join to a longer vector; other axes likewise.
    PyTorch writes torch.cat(..., dim=1), Keras Concatenate (last axis by default).

    Args:
        axis: the axis that grows, the batch not counted: 0 is the channels, or a vector's only axis.

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: there is no such axis, or the inputs differ elsewhere.

    >>> Concat().output_shape((8, 7, 7), (4, 7, 7)), Concat(axis=1).output_shape((8, 7, 7), (8, 2, 7))
    ((12, 7, 7), (8, 9, 7))
    """

    prefix: ClassVar[str] = "concat"
    arity: ClassVar[int | None] = None

    axis: int = param(converter=axis, default=0)

    def _along(self, shape: Shape) -> int:
        """Return the axis, counted from 0."""
        if not -len(shape) <= self.axis < len(shape):
            raise self.fail(
                f"axis {self.axis} of input {shape}",
                f"an axis from {-len(shape)} to {len(shape) - 1}",
                "count axes without the batch",
            )
        return self.axis % len(shape)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape with the places of all."""
        along = self._along(shapes[0])
        before, behind = shapes[0][:along], shapes[0][along + 1 :]
        if any((*before, *other[along : along + 1], *behind) != other for other in shapes):
            what = "channels only" if along == 0 else f"size along axis {along} only"
            raise self.fail(
                f"inputs {' and '.join(str(shape) for shape in shapes)}",
                f"inputs that differ in {what}",
                "bring the branches to one height and width, for instance with padding or pooling"
                if along == 0
                else "bring the branches to one size along the other axes",
            )
        return *before, sum(shape[along] for shape in shapes), *behind

    def _ends(self, shapes: tuple[Shape, ...]) -> list[int]:
        """Return where each input ends on the axis."""
        along = self._along(shapes[0])
        return np.cumsum([shape[along] for shape in shapes]).tolist()

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the joined values: (N, C1 + C2 + ..., ...)."""
        return np.concatenate(inputs, axis=self._along(inputs[0].shape[1:]) + 1)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Give every input the gradient of its places."""
        shapes = tuple(x.shape[1:] for x in inputs)
        return Gradients(tuple(np.split(grad, self._ends(shapes)[:-1], axis=self._along(shapes[0]) + 1)))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the input and the place that the number came from."""
        shapes = tuple(x.shape[1:] for x in inputs)
        along, ends = self._along(shapes[0]), self._ends(shapes)
        source = int(np.searchsorted(ends, index[along], side="right"))
        place = index[along] - (ends[source] - shapes[source][along])
        terms = single(inputs[source][0], (*index[:along], place, *index[along + 1 :]), source)
        return Arithmetic(rule="pick", formula="x", terms=terms, total=float(terms.value[0]))

    def branch_windows(self, source: int, *shapes: Shape) -> Windows:
        """Return windows of one place, which is another one where the axis is the rows' or the columns'."""
        along, ends = self._along(shapes[0]), self._ends(shapes)
        part = JoinedWindow(ends[source] - shapes[source][along], ends[-1])
        behind = len(shapes[0]) - along  # 1: the last axis
        return (part if behind == 2 else Window(1)), (part if behind == 1 else Window(1))

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return each input's own part of the mask."""
        return tuple(np.split(mask, self._ends(shapes)[:-1], axis=self._along(shapes[0])))

    @classmethod
    def examples(cls) -> list[Example]:
        """Return maps and vectors, along each axis."""
        return [
            Example(cls(), (2, 3, 4), (3, 3, 4)),
            Example(cls(), (5,), (2,), (1,)),
            Example(cls(1), (2, 3, 5), (2, 2, 5), (2, 1, 5)),
            Example(cls(-1), (3, 3, 3), (3, 3, 3)),
        ]

"""What a method of attribution is: settings that are checked when it is made, and an answer to a question."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from ...arrays import Floats, as_array, as_float32
from ...errors import ParameterError, ShapeError
from ...layers.node import Shape
from .attribution import Attribution
from .question import Question

Baseline = float | Any  # one number for all, or an array of the input's shape


class Method(ABC):
    """A way to tell how much each number of an image counts."""

    name: ClassVar[str]
    about: ClassVar[str]

    @abstractmethod
    def answer(self, question: Question) -> Attribution:
        """Return how much each number of the question's input counts for the number asked about."""

    def found(self, question: Question, values: Floats, map: Floats, **more: Any) -> Attribution:
        """Return what was found."""
        q = question
        about = {"input": q.input, "source": q.source, "index": q.index, "target": q.target, "label": q.label}
        return Attribution(self, q.engine.name, **about, score=q.score, values=values, map=map, **more)


def summed(values: Floats) -> Floats:
    """Return the sum of all channels at each pixel, (H, W); what is no image stays as it is."""
    return values.sum(axis=0, dtype=np.float64).astype(np.float32) if values.ndim == 3 else values


def largest(values: Floats) -> Floats:
    """Return the channels' number of the largest magnitude at each pixel, with its sign, (H, W)."""
    if values.ndim != 3:
        return values
    return np.take_along_axis(values, np.abs(values).argmax(axis=0)[None], axis=0)[0]


def baseline_of(owner: str, baseline: Baseline, shape: Shape) -> Floats:
    """Return the image that a method compares with, of the input's shape.

    Raises:
        ShapeError: an array of another shape.
        DataError: no real numbers.
        ParameterError: numbers that are not finite.
    """
    array = as_float32(f"{owner}, baseline", as_array(f"{owner}, baseline", baseline))
    if array.shape not in ((), shape):
        raise ShapeError(
            owner,
            got=f"a baseline of shape {array.shape}",
            expected=f"one number, or an array {shape}",
            fix="give it the shape of one input, without a batch",
        )
    if not np.isfinite(array).all():
        raise ParameterError(
            owner, got="a baseline with NaN or infinity", expected="finite numbers", fix="replace them"
        )
    return np.array(np.broadcast_to(array, shape), np.float32)


def check_image(owner: str, question: Question) -> tuple[int, int]:
    """Return height and width of the question's input.

    Raises:
        ShapeError: it is no image.
    """
    shape = question.image.shape
    if len(shape) != 3:
        raise ShapeError(
            owner,
            got=f"input {question.input!r} of shape {shape}",
            expected="an image (channels, height, width)",
            fix='use "gradient", "gradient x input" or "integrated gradients"',
        )
    return shape[1], shape[2]

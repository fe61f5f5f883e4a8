"""Gradient: how fast the score changes with each number of the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .attribution import Attribution
from .method import Method, largest
from .question import Question


@dataclass(frozen=True)
class Gradient(Method):
    """The gradient of the score in each number of the image: what a little more of it would do to the score.

    The map is, at each pixel, the channels' gradient of the largest magnitude, with its sign. Source: K. Simonyan,
    A. Vedaldi, A. Zisserman, "Deep inside convolutional networks" (2013), section 3, which takes the magnitude.

    >>> from pellucid import Network
    >>> from pellucid.layers import Flatten, Linear
    >>> net = Network((1, 1, 2), [Flatten(), Linear(2, bias=False)])
    >>> net.weights["linear1.weight"] = [[1, -2], [0, 3]]
    >>> net.trace([[[5.0, 1.0]]]).attribute(Gradient(), target=0).values.tolist()
    [[[1.0, -2.0]]]
    """

    name: ClassVar[str] = "gradient"
    about: ClassVar[str] = "how fast the score changes with each pixel"

    def answer(self, question: Question) -> Attribution:
        """Return the gradient, of the input's shape."""
        ((gradient,),) = question.gradients(iter([question.image]), 1)
        return self.found(question, gradient, largest(gradient))

"""Gradient x input: the score's change with each number, times how much of it there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .attribution import Attribution
from .method import Method, summed
from .question import Question


@dataclass(frozen=True)
class GradientTimesInput(Method):
    """The gradient times the image, number by number: what each would add, were the network linear.

    The map is the sum over the channels. Source: A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje, "Not just a
    black box" (2016), section 2.

    >>> from pellucid import Network
    >>> from pellucid.layers import Flatten, Linear
    >>> net = Network((1, 1, 2), [Flatten(), Linear(2, bias=False)])
    >>> net.weights["linear1.weight"] = [[1, -2], [0, 3]]
    >>> net.trace([[[5.0, 1.0]]]).attribute(GradientTimesInput(), target=0).values.tolist()
    [[[5.0, -2.0]]]
    """

    name: ClassVar[str] = "gradient x input"
    about: ClassVar[str] = "the gradient times the pixel: what each would add, were the network linear"

    def answer(self, question: Question) -> Attribution:
        """Return the products, of the input's shape."""
        ((gradient,),) = question.gradients(iter([question.image]), 1)
        values = gradient * question.image
        return self.found(question, values, summed(values))

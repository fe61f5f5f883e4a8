"""Integrated gradients: the score's gain on the way from a baseline to the image, dealt out among its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...checks import check_count
from .attribution import Attribution
from .method import Baseline, Method, baseline_of, summed
from .question import Question


@dataclass(frozen=True, eq=False)
class IntegratedGradients(Method):
    """The gradient on the straight way from a baseline to the image, integrated, times the difference.

    The values add up to the score less the baseline's, but for the error of the integral, which `error` tells: more
    steps make it smaller. The integral is taken by Gauss and Legendre's rule. The map is the sum over the channels.
    Source: M. Sundararajan, A. Taly, Q. Yan, "Axiomatic attribution for deep networks", ICML 2017, equation 1.

    Args:
        steps: how many images on the way are run.
        baseline: the image that says nothing: one number for all, or an array of the input's shape.

    Raises:
        ParameterError: `steps` is not 1 or more.

    >>> from pellucid import Network
    >>> from pellucid.layers import Flatten, Linear
    >>> net = Network((1, 1, 2), [Flatten(), Linear(2, bias=False)])
    >>> net.weights["linear1.weight"] = [[1, -2], [0, 3]]
    >>> found = net.trace([[[5.0, 1.0]]]).attribute(IntegratedGradients(steps=4, baseline=0.5), target=0)
    >>> found.values.round(6).tolist(), found.score, found.reference
    ([[[4.5, -1.0]]], 3.0, -0.5)
    """

    steps: int = 32
    baseline: Baseline = 0.0

    name: ClassVar[str] = "integrated gradients"
    about: ClassVar[str] = "the score's gain over a baseline, dealt out among the pixels"

    def __post_init__(self) -> None:
        check_count(self.name, "steps", self.steps)

    def answer(self, question: Question) -> Attribution:
        """Return each number's share of the gain, of the input's shape."""
        image = question.image
        start = baseline_of(self.name, self.baseline, image.shape)
        nodes, counts = np.polynomial.legendre.leggauss(self.steps)
        way = image.astype(np.float64) - start
        images = ((start + (1 + node) / 2 * way).astype(np.float32) for node in nodes)
        mean, done = np.zeros(image.shape), 0
        for gradients in question.gradients(images, self.steps):
            mean += np.tensordot(counts[done : done + len(gradients)] / 2, gradients, axes=1)
            done += len(gradients)
        values = (mean * way).astype(np.float32)
        (reference,) = question.still.scores(iter([start]), 1)
        return self.found(question, values, summed(values), reference=float(reference))

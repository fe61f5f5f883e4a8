"""Schedules: the learning rate over a training, as a share of the optimizer's rate at each of its steps."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from ..errors import ParameterError
from .checks import real


class Schedule(ABC):
    """The share of the optimizer's rate that each step takes."""

    @abstractmethod
    def factor(self, step: int, total: int) -> float:
        """Return the factor of the rate at `step` (0 is the first) of `total` steps."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The optimizer's rate, all the time.

    >>> Constant().factor(99, 100)
    1.0
    """

    def factor(self, step: int, total: int) -> float:
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class StepDecay(Schedule):
    """Multiply the rate at some points of the training.

    Args:
        drop: what the rate is multiplied with at each point, above 0.
        at: the points, as shares of all steps; half and three quarters by default, as K. He et al., CVPR 2016,
            section 4.2, trained on CIFAR-10.

    Raises:
        ParameterError: a setting out of range.

    >>> StepDecay(drop=0.5).factor(75, 100)
    0.25
    """

    drop: float = 0.1
    at: tuple[float, ...] = (0.5, 0.75)

    def __post_init__(self) -> None:
        object.__setattr__(self, "drop", real("StepDecay", "drop", self.drop, least_too=False))
        if not hasattr(self.at, "__iter__") or isinstance(self.at, str):
            raise ParameterError(
                "StepDecay", got=f"at={self.at!r}", expected="a tuple of points", fix="use at=(0.5,) for a single one"
            )
        object.__setattr__(self, "at", tuple(real("StepDecay", "at", point, below=1) for point in self.at))

    def factor(self, step: int, total: int) -> float:
        """Return `drop` to the power of the points passed."""
        return self.drop ** sum(step >= point * total for point in self.at)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Rise along a line to the optimizer's rate, then fall along half a cosine towards 0.

    Source: I. Loshchilov, F. Hutter, ICLR 2017, equation 5 (one period); the rise: P. Goyal et al., "Accurate, large
    minibatch SGD" (2017), section 2.2.

    Args:
        warmup: share of all steps in which the rate rises, 0 to below 1.

    Raises:
        ParameterError: a setting out of range.

    >>> [round(Cosine(warmup=0.2).factor(step, 10), 3) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.038]
    """

    warmup: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "warmup", real("Cosine", "warmup", self.warmup, below=1))

    def factor(self, step: int, total: int) -> float:
        """Return the share of the rate."""
        rise = self.warmup * total
        if step < rise:
            return min(1.0, (step + 1) / rise)
        return 0.5 * (1 + math.cos(math.pi * (step - rise) / (total - rise)))

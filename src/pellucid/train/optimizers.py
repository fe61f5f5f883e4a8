"""Optimizers: how one weight moves along its gradient. The update rules are PyTorch's, to the letter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from .checks import flag, real

Array = NDArray[Any]  # float32 when a network trains


class Optimizer(ABC):
    """How a weight moves. It holds only its settings; what it remembers of each weight is in the weight's slots."""

    rate: float

    @property
    def kind(self) -> str:
        """Its kind, such as "SGD": engines recognise it by this."""
        return type(self).__name__

    def config(self) -> dict[str, Any]:
        """Return its settings by name."""
        return dict(vars(self))

    @property
    @abstractmethod
    def slots(self) -> tuple[str, ...]:
        """The names of the arrays that it keeps beside each weight, zeros at first."""

    @abstractmethod
    def update(
        self, weight: Array, grad: Array, slots: Mapping[str, Array], *, step: int, rate: float
    ) -> tuple[Array, dict[str, Array]]:
        """Return the weight and its slots after one step.

        Args:
            weight: the weight.
            grad: the loss's gradient in it.
            slots: arrays of the weight's shape by name, zeros before the first step.
            step: the number of steps made before.
            rate: this step's learning rate.
        """

    def _check(self, name: str, **limits: Any) -> None:
        value = real(type(self).__name__, name, getattr(self, name), **limits)
        object.__setattr__(self, name, value)


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted.

    g is the gradient plus weight_decay * w. The velocity is v = momentum * v + g, and the weight moves by -rate * v;
    with Nesterov's momentum by -rate * (g + momentum * v). Source: I. Sutskever et al., ICML 2013, in PyTorch's form:
    the rate is outside the velocity. Keras has it inside, which is the same as long as the rate is constant.

    Args:
        rate: the learning rate; PyTorch calls it lr, Keras learning_rate.
        momentum: share of the velocity that is kept, 0 to below 1.
        nesterov: look ahead along the velocity.
        weight_decay: pull of each weight towards 0, added to its gradient.

    Raises:
        ParameterError: a setting out of range.

    >>> SGD(0.5).update(np.array([1.0]), np.array([0.5]), {}, step=0, rate=0.5)
    (array([0.75]), {})
    """

    rate: float
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        self._check("rate", least_too=False)
        self._check("momentum", below=1)
        self._check("weight_decay")
        if flag("SGD", "nesterov", self.nesterov) and not self.momentum:
            raise ParameterError(
                "SGD", got="nesterov=True, momentum=0", expected="momentum above 0", fix="use momentum=0.9, say"
            )

    @property
    def slots(self) -> tuple[str, ...]:
        """The velocity, where there is momentum."""
        return ("velocity",) if self.momentum else ()

    def update(
        self, weight: Array, grad: Array, slots: Mapping[str, Array], *, step: int, rate: float
    ) -> tuple[Array, dict[str, Array]]:
        """Return the weight, and the velocity if there is momentum."""
        if self.weight_decay:
            grad = grad + self.weight_decay * weight
        if not self.momentum:
            return weight - rate * grad, {}
        velocity = self.momentum * slots["velocity"] + grad
        move = grad + self.momentum * velocity if self.nesterov else velocity
        return weight - rate * move, {"velocity": velocity}


@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps scaled by running averages of the gradient and of its square.

    g is the gradient plus weight_decay * w; m = b1 * m + (1 - b1) * g; v = b2 * v + (1 - b2) * g**2; at step t (the
    first is 1) the weight moves by -rate / (1 - b1**t) * m / (sqrt(v / (1 - b2**t)) + eps).
    Source: D. Kingma, J. Ba, ICLR 2015, algorithm 1.

    Args:
        rate: the learning rate; PyTorch calls it lr, Keras learning_rate.
        betas: shares of the averages that are kept, each 0 to below 1.
        eps: added to the divisor; Keras's default is 1e-7.
        weight_decay: pull of each weight towards 0, added to its gradient.

    Raises:
        ParameterError: a setting out of range.

    >>> Adam().slots
    ('mean', 'square')
    """

    rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        owner = type(self).__name__
        self._check("rate", least_too=False)
        self._check("eps", least_too=False)
        self._check("weight_decay")
        try:
            first, second = self.betas
        except (TypeError, ValueError):
            raise ParameterError(
                owner, got=f"betas={self.betas!r}", expected="two numbers", fix="use (0.9, 0.999)"
            ) from None
        first, second = (real(owner, "betas", beta, below=1) for beta in (first, second))
        object.__setattr__(self, "betas", (first, second))

    @property
    def slots(self) -> tuple[str, ...]:
        """The averages of the gradient and of its square."""
        return "mean", "square"

    def update(
        self, weight: Array, grad: Array, slots: Mapping[str, Array], *, step: int, rate: float
    ) -> tuple[Array, dict[str, Array]]:
        """Return the weight, and both averages."""
        weight, grad = self._decayed(weight, grad, rate)
        first, second = self.betas
        mean = slots["mean"] + (1 - first) * (grad - slots["mean"])
        square = second * slots["square"] + (1 - second) * grad * grad
        deviation = np.sqrt(square) / (1 - second ** (step + 1)) ** 0.5 + self.eps
        move = mean / deviation
        return weight - rate / (1 - first ** (step + 1)) * move, {"mean": mean, "square": square}

    def _decayed(self, weight: Array, grad: Array, rate: float) -> tuple[Array, Array]:
        """Return weight and gradient with the decay in the gradient."""
        return (weight, grad + self.weight_decay * weight) if self.weight_decay else (weight, grad)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam whose weight decay does not pass through the averages: each weight first shrinks by rate * weight_decay.

    Source: I. Loshchilov, F. Hutter, ICLR 2019, algorithm 2.

    Args:
        rate: the learning rate; PyTorch calls it lr, Keras learning_rate.
        betas: shares of the averages that are kept, each 0 to below 1.
        eps: added to the divisor.
        weight_decay: pull of each weight towards 0; PyTorch's default is 0.01, Keras's 0.004.

    Raises:
        ParameterError: a setting out of range.

    >>> AdamW(0.1).weight_decay
    0.01
    """

    weight_decay: float = 0.01

    def _decayed(self, weight: Array, grad: Array, rate: float) -> tuple[Array, Array]:
        """Return the shrunk weight, and the gradient as it is."""
        return weight * (1 - rate * self.weight_decay), grad

"""What an engine is: something that makes programs of networks, to run them and to train them.

The contract is coarse on purpose. Python enters an engine once a batch or once a training step, with checked arrays, so
that an engine may compile the whole network, or the whole step (forward, loss, backward, optimizer), into one program.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from ..network import Network

if TYPE_CHECKING:
    from ..layers.base import Array

Floats = NDArray[np.float32]
Samples = NDArray[np.int64]
State = dict[str, NDArray[Any]]


class LossRule(Protocol):
    """What an engine needs of a loss: its definition, which faster engines may recognise and compile."""

    def values(self, outputs: Array, targets: NDArray[Any]) -> Array:
        """Return each sample's loss, (N,)."""
        ...

    def gradient(self, outputs: Array, targets: NDArray[Any]) -> Array:
        """Return the gradient of the batch's mean loss in the outputs."""
        ...


class OptimizerRule(Protocol):
    """What an engine needs of an optimizer: its definition, which faster engines may recognise and compile."""

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the arrays that it keeps beside each weight, zeros at first."""
        ...

    def update(
        self, weight: Floats, grad: Floats, slots: Mapping[str, Floats], *, step: int, rate: float
    ) -> tuple[Floats, dict[str, Floats]]:
        """Return the weight and its slots after `step` (0 is the first) with learning rate `rate`."""
        ...


@dataclass(frozen=True, eq=False)
class Step:
    """What one training step gave: each sample's loss (N,), and the outputs (N, ...) before the step."""

    losses: Floats
    outputs: Floats


class Program(ABC):
    """A network made ready to run. It reads the network's weights anew at every call."""

    @abstractmethod
    def run(self, inputs: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """Return the outputs (N, ...) for inputs (N, ...), not training."""

    @abstractmethod
    def trace(self, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
        """Return every value by name (N, ...), the inputs' among them, not training."""


class Trainer(ABC):
    """A network being trained. It may keep the weights in its own form until `sync`."""

    @abstractmethod
    def step(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples, *, rate: float) -> Step:
        """Make one training step on a batch whose samples have these numbers in the data set."""

    @abstractmethod
    def gradients(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples) -> dict[str, Floats]:
        """Return the mean loss's gradient in every trainable weight, and in each input by name; change nothing."""

    @abstractmethod
    def sync(self) -> None:
        """Write the weights back into the network."""

    @abstractmethod
    def state(self) -> State:
        """Return what the optimizer keeps, by "weight/slot", and the number of steps made as "step"."""

    @abstractmethod
    def restore(self, state: State) -> None:
        """Take back a `state`, and the network's present weights."""


class Engine(ABC):
    """Something that runs networks."""

    name: ClassVar[str]
    about: ClassVar[str]

    def unavailable(self) -> str | None:
        """Return why the engine cannot run on this machine, or None."""
        return None

    @abstractmethod
    def program(self, net: Network) -> Program:
        """Make `net` ready to run."""

    @abstractmethod
    def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
        """Make `net` ready to be trained."""

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

from ..errors import EngineError
from ..network import Network

if TYPE_CHECKING:
    from ..layers.base import Array

Floats = NDArray[np.float32]
Samples = NDArray[np.int64]
State = dict[str, NDArray[Any]]


class EngineWarning(UserWarning):
    """An engine does its work in another way than was to be expected: slower, but with the same numbers."""


class LossRule(Protocol):
    """What an engine needs of a loss: its definition. Faster engines recognise `kind` and compile their own."""

    @property
    def kind(self) -> str:
        """The loss's kind, such as "CrossEntropy"."""
        ...

    def config(self) -> dict[str, Any]:
        """Return its parameters by name."""
        ...

    def values(self, outputs: Array, targets: NDArray[Any]) -> Array:
        """Return each sample's loss, (N,)."""
        ...

    def gradient(self, outputs: Array, targets: NDArray[Any]) -> Array:
        """Return the gradient of the batch's mean loss in the outputs."""
        ...


class OptimizerRule(Protocol):
    """What an engine needs of an optimizer: its definition. Faster engines recognise `kind` and compile their own."""

    @property
    def kind(self) -> str:
        """The optimizer's kind, such as "SGD"."""
        ...

    def config(self) -> dict[str, Any]:
        """Return its parameters by name."""
        ...

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
    """What one training step gave: each sample's loss (N,), and the first output (N, ...) before the step."""

    losses: Floats
    outputs: Floats


@dataclass(frozen=True, eq=False)
class BatchGradients:
    """The batch's mean loss's gradient in each input, in order, and in each trainable weight by name."""

    inputs: tuple[Array, ...]
    weights: Mapping[str, Array]


class Program(ABC):
    """A network made ready to run.

    It reads the network's weights anew at every call; `WeightStore.version` tells whether any was assigned since.
    Arrays that it returns are the caller's: no later call may change them. Several threads may call it.
    """

    @abstractmethod
    def run(self, inputs: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """Return the outputs (N, ...) for inputs (N, ...), not training."""

    @abstractmethod
    def trace(self, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
        """Return every value by name (N, ...), the inputs' among them, not training."""

    def gradients(self, known: Mapping[str, Floats], name: str, slope: Floats) -> dict[str, Floats]:
        """Return the gradient of sum(slope * value) in each of `known`, not training.

        Args:
            known: values by name (N, ...), of inputs or in the place of what layers would make, from which the value
                can be computed; in each the gradient is taken with the others held.
            name: the input or layer whose value it is.
            slope: what each of its numbers counts, (N, ...).

        Returns:
            the gradients by the names of `known`, of their shapes; zeros where the value does not depend on one.

        Raises:
            EngineError: the engine only runs networks.
        """
        raise EngineError(
            "gradients",
            got="an engine that only runs networks",
            expected="one that takes gradients",
            fix='use "native"',
        )


class Trainer(ABC):
    """A network being trained on its first output; weights that this output does not depend on stay as they are.

    It may keep the weights in its own form until `sync`. Arrays that it returns are the caller's.
    """

    @abstractmethod
    def step(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples, *, rate: float) -> Step:
        """Make one training step on a batch of any size whose samples have these numbers in the data set."""

    @abstractmethod
    def gradients(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples) -> BatchGradients:
        """Return the mean loss's gradients as the next step would use them; change nothing."""

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
    """Something that runs networks. An engine with options, such as a device, is an object made with them."""

    name: ClassVar[str]
    about: ClassVar[str]

    def unavailable(self) -> str | None:
        """Return why the engine cannot run on this machine, or None."""
        return None

    def setup(self) -> dict[str, Any]:
        """Return by name what it computes with on this machine, as far as that may differ."""
        return {}

    @abstractmethod
    def program(self, net: Network) -> Program:
        """Make `net` ready to run. It is asked for at every use: an engine keeps what is costly, a network each."""

    @abstractmethod
    def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
        """Make `net` ready to be trained."""

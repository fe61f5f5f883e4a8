"""The checks can fail: deliberately wrong engines, each with a mistake that people make, are caught."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
from contract import check_engine
from contract_training import check_running, check_training, check_values_gradients

from pellucid import Network
from pellucid.engines import Engine, LossRule, OptimizerRule, Program, Trainer
from pellucid.engines.reference import ReferenceEngine, ReferenceProgram, ReferenceTrainer
from pellucid.layers import BatchNorm2d, Conv2d, Dropout, Linear
from pellucid.layers.base import Example
from pellucid.train import SGD, CrossEntropy, MeanSquaredError


class _Wrong(Engine):
    """The reference engine with one mistake."""

    name: ClassVar[str] = "wrong"
    about: ClassVar[str] = "deliberately wrong"

    def program(self, net: Network) -> Program:
        """Run as the reference does."""
        return ReferenceProgram(net)

    def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
        """Train as the reference does."""
        return ReferenceTrainer(net, loss, optimizer, seed)


class RoundedValues(_Wrong):
    """Keeps three digits."""

    def program(self, net: Network) -> Program:
        """Round every value."""

        class Rounded(ReferenceProgram):
            def trace(self, inputs: Any) -> Any:
                return {name: np.round(value, 3) for name, value in super().trace(inputs).items()}

        return Rounded(net)


class TransposedKernels(_Wrong):
    """Swaps height and width of every kernel: unseen with square, symmetric data."""

    def program(self, net: Network) -> Program:
        """Transpose what has four axes."""

        class Transposed(ReferenceProgram):
            def trace(self, inputs: Any) -> Any:
                kept = net.weights.copy()
                for name, value in kept.items():
                    if value.ndim == 4 and value.shape[2] == value.shape[3]:
                        net.weights[name] = value.swapaxes(2, 3)
                try:
                    return super().trace(inputs)
                finally:
                    for name, value in kept.items():
                        net.weights[name] = value

        return Transposed(net)


class SummedLoss(_Wrong):
    """Sums the gradient over the batch where the mean is meant."""

    def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
        """Multiply gradients with the batch's size."""

        class Summed(ReferenceTrainer):
            def gradients(self, inputs: Any, targets: Any, samples: Any) -> Any:
                found = super().gradients(inputs, targets, samples)
                return replace(found, weights={name: grad * len(targets) for name, grad in found.weights.items()})

        return Summed(net, loss, optimizer, seed)


class MasksByPlace(_Wrong):
    """Draws dropout masks by the place in the batch, not by the sample's number."""

    def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
        """Forget which samples came."""

        class ByPlace(ReferenceTrainer):
            def step(self, inputs: Any, targets: Any, samples: Any, *, rate: float) -> Any:
                return super().step(inputs, targets, np.arange(len(targets)), rate=rate)

            def gradients(self, inputs: Any, targets: Any, samples: Any) -> Any:
                return super().gradients(inputs, targets, np.arange(len(targets)))

        return ByPlace(net, loss, optimizer, seed)


class FrozenStatistics(_Wrong):
    """Never moves a batch norm's running averages."""

    def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
        """Put the running averages back."""

        class Frozen(ReferenceTrainer):
            def step(self, inputs: Any, targets: Any, samples: Any, *, rate: float) -> Any:
                kept = net.weights.copy()
                made = super().step(inputs, targets, samples, rate=rate)
                for name in set(kept) - set(net.weights.trainable):
                    net.weights[name] = kept[name]
                return made

        return Frozen(net, loss, optimizer, seed)


WRONG_ENGINES: list[tuple[Callable[[], Engine], Example]] = [
    (RoundedValues, Example(Conv2d(5, 3), (3, 7, 6))),
    (TransposedKernels, Example(Conv2d(5, 3), (3, 7, 6))),
    (SummedLoss, Example(Linear(7), (5,))),
    (MasksByPlace, Example(Dropout(0.5), (3, 4, 5))),
    (FrozenStatistics, Example(BatchNorm2d(), (3, 4, 5))),
]


@pytest.mark.parametrize(("engine", "example"), WRONG_ENGINES)
def test_wrong_engines_fail(engine: Callable[[], Engine], example: Example) -> None:
    """An engine with one mistake fails the engine check, and the reference passes the same."""
    with pytest.raises(AssertionError):
        check_engine(engine(), example)
    check_engine(ReferenceEngine(), example)


class _Crooked(ReferenceTrainer):
    """A trainer whose subclasses make one mistake over several steps."""


class SameMask(_Crooked):
    """Counts no steps: the same dropout mask for ever."""

    def step(self, inputs: Any, targets: Any, samples: Any, *, rate: float) -> Any:
        """Stay at step 0."""
        made = super().step(inputs, targets, samples, rate=rate)
        self._step = 0
        return made


class OwnRate(_Crooked):
    """Uses the optimizer's rate, whatever the schedule says."""

    def step(self, inputs: Any, targets: Any, samples: Any, *, rate: float) -> Any:
        """Ignore the rate."""
        return super().step(inputs, targets, samples, rate=0.3)


class Forgetful(_Crooked):
    """Takes up no state."""

    def restore(self, state: Any) -> None:
        """Keep the step, forget the optimizer's arrays."""
        self._step = int(state["step"])


class ConstantLosses(_Crooked):
    """Makes its losses up."""

    def step(self, inputs: Any, targets: Any, samples: Any, *, rate: float) -> Any:
        """Return sevens."""
        return replace(super().step(inputs, targets, samples, rate=rate), losses=np.full(len(targets), 7.0))


class TrainsAside(_Crooked):
    """Moves weights that the first output does not depend on."""

    def step(self, inputs: Any, targets: Any, samples: Any, *, rate: float) -> Any:
        """Let them decay."""
        made = super().step(inputs, targets, samples, rate=rate)
        self._net.weights["linear3.weight"] = self._net.weights["linear3.weight"] * 0.9
        return made


class AlwaysSquared(_Crooked):
    """Minimises the squared error, whatever is asked."""

    def __init__(self, net: Network, loss: LossRule, optimizer: OptimizerRule, seed: int) -> None:
        super().__init__(net, MeanSquaredError(), optimizer, seed)


class AlwaysPlain(_Crooked):
    """Knows one optimizer."""

    def __init__(self, net: Network, loss: LossRule, optimizer: OptimizerRule, seed: int) -> None:
        super().__init__(net, loss, SGD(0.3), seed)


@pytest.mark.parametrize(
    "trainer", [SameMask, OwnRate, Forgetful, ConstantLosses, TrainsAside, AlwaysSquared, AlwaysPlain]
)
def test_wrong_trainers_fail(trainer: type[ReferenceTrainer]) -> None:
    """A trainer with one mistake fails the check over several steps; the reference's passes it."""

    class Wrong(_Wrong):
        def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
            """Train with the mistake."""
            return trainer(net, loss, optimizer, seed)

    asked = CrossEntropy(), SGD(0.3, momentum=0.9)
    with pytest.raises(AssertionError):
        check_training(Wrong(), *asked)
    check_training(ReferenceEngine(), *asked)


class OldWeights(_Wrong):
    """Keeps the weights of the moment when the program was made."""

    def program(self, net: Network) -> Program:
        """Copy the network."""
        return ReferenceProgram(copy.deepcopy(net))


class OneBuffer(_Wrong):
    """Returns the same arrays again and again."""

    def program(self, net: Network) -> Program:
        """Write every answer over the one before."""

        class Buffered(ReferenceProgram):
            kept: Any = None

            def run(self, inputs: Any) -> Any:
                found = super().run(inputs)
                if self.kept is None:
                    self.kept = found
                for buffer, answer in zip(self.kept, found, strict=True):
                    buffer[...] = answer
                return self.kept

        return Buffered(net)


@pytest.mark.parametrize("engine", [OldWeights, OneBuffer])
def test_wrong_programs_fail(engine: type[Engine]) -> None:
    """A program that sees no new weights, or that takes its answers back, is caught."""
    with pytest.raises(AssertionError):
        check_running(engine())
    check_running(ReferenceEngine())


class PastTheCut(_Wrong):
    """Takes gradients through values that are known, to the inputs behind them."""

    def program(self, net: Network) -> Program:
        """Compute every value from the inputs."""

        class Past(ReferenceProgram):
            def gradients(self, known: Any, name: str, slope: Any) -> Any:
                found = super().gradients(known, name, slope)
                if "tanh1" in known and "picture" in known:
                    found["picture"] = super().gradients({"picture": known["picture"]}, "tanh1", found["tanh1"])[
                        "picture"
                    ]
                return found

        return Past(net)


class FirstSlope(_Wrong):
    """Weighs every sample as the first."""

    def program(self, net: Network) -> Program:
        """Repeat the first sample's slope."""

        class First(ReferenceProgram):
            def gradients(self, known: Any, name: str, slope: Any) -> Any:
                return super().gradients(known, name, np.repeat(slope[:1], len(slope), axis=0))

        return First(net)


@pytest.mark.parametrize("engine", [OldWeights, PastTheCut, FirstSlope])
def test_wrong_gradients_of_values_fail(engine: type[Engine]) -> None:
    """Gradients with old weights, past what is known, or of another sample are caught; the reference passes."""
    with pytest.raises(AssertionError):
        check_values_gradients(engine())
    check_values_gradients(ReferenceEngine())

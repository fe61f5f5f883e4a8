"""The checks can fail: deliberately wrong layers and engines, each with a mistake that people make, are caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
from contract import LAYER_CHECKS, check_engine

from pellucid import Network
from pellucid.engines import Engine, LossRule, OptimizerRule, Program, Trainer
from pellucid.engines.reference import ReferenceEngine, ReferenceProgram, ReferenceTrainer
from pellucid.layers import Add, AvgPool2d, BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from pellucid.layers.arithmetic import Arithmetic
from pellucid.layers.base import Array, Example, Gradients, Layer, Mask, Run, Weights
from pellucid.layers.node import Shape


class FlippedConv(Conv2d):
    """Convolves instead of correlating: explanation and forward disagree."""

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Flip the kernel."""
        return super().forward(*inputs, w={**w, "weight": w["weight"][:, :, ::-1, ::-1]}, run=run)


class ForgottenBias(Conv2d):
    """Explains a sum without its bias: the mistake of a real forum thread."""

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Leave the bias out."""
        told = super().explain(index, *inputs, w=w, run=run)
        return replace(told, total=told.total - (told.bias or 0.0), bias=None)


class UnscaledDropout(Dropout):
    """Forgets 1 / (1 - p) in backward only."""

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Multiply with a mask of ones and zeros."""
        kept = self.factors(grad.shape, run) > 0
        return Gradients((grad * kept if run.training else grad,))


class ZeroPaddedMax(MaxPool2d):
    """Pads with zeros, which win against negative numbers."""

    def _candidates(self, x: Array, shape: Shape) -> Array:
        candidates = super()._candidates(x, shape)
        return np.where(np.isinf(candidates), 0, candidates)


class GenerousAverage(AvgPool2d):
    """Divides by the kernel's area even where padding should not count."""

    def _divisors(self, shape: Shape) -> Array:
        return np.full_like(super()._divisors(shape), self.kernel_size[0] * self.kernel_size[1])

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Tell the right mean."""
        return AvgPool2d(**self.config()).explain(index, *inputs, w=w, run=run)


class BatchNormAsConstant(BatchNorm2d):
    """Forgets that mean and variance depend on x."""

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Treat the statistics as constants."""
        mean, variance = self._statistics(inputs[0], w, run)
        given = {**w, "running_mean": mean[:, 0, 0], "running_var": variance[:, 0, 0]}
        return super().backward(grad, *inputs, y=y, w=given, run=replace(run, training=False))


class ShyReads(Conv2d):
    """Claims to read less than it does."""

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Leave out the last column."""
        (read,) = super().reads(mask, *shapes)
        read = read.copy()
        read[..., -1] = False
        return (read,)


class WrongOrder(Flatten):
    """Lays out in Keras's order and explains PyTorch's."""

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Lay out height, width, channels."""
        return inputs[0].transpose(0, 2, 3, 1).reshape(len(inputs[0]), -1)


class Greedy(ReLU):
    """Writes into its input."""

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Work in place."""
        return np.maximum(inputs[0], 0, out=inputs[0])


class Doubling(Linear):
    """Computes in float64 whatever it is given."""

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return float64."""
        return super().forward(*inputs, w=w, run=run).astype(np.float64)


class HalfAdd(Add):
    """Gives each branch half of the gradient."""

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Share instead of copying."""
        return Gradients(tuple(grad / len(inputs) for _ in inputs))


WRONG_LAYERS: list[tuple[str, Example]] = [
    ("explanation", Example(FlippedConv(2, 3), (2, 5, 5))),
    ("explanation", Example(ForgottenBias(2, 3), (2, 5, 5))),
    ("gradients", Example(UnscaledDropout(0.5), (3, 4, 5))),
    ("explanation", Example(ZeroPaddedMax(3, padding=1), (2, 5, 5))),
    ("explanation", Example(GenerousAverage(3, padding=1, count_include_pad=False), (2, 5, 5))),
    ("gradients", Example(BatchNormAsConstant(), (3, 4, 5))),
    ("reads", Example(ShyReads(2, 3), (2, 5, 5))),
    ("explanation", Example(WrongOrder(), (3, 2, 5))),
    ("pure", Example(Greedy(), (3, 2, 5))),
    ("shape", Example(Doubling(3), (5,))),
    ("gradients", Example(HalfAdd(), (5,), (5,))),
]


@pytest.mark.parametrize(("check", "example"), WRONG_LAYERS, ids=lambda v: getattr(v, "layer", v).__class__.__name__)
def test_wrong_layers_fail(check: str, example: Example) -> None:
    """A layer with one mistake fails the check that is there for it."""
    with pytest.raises(AssertionError):
        LAYER_CHECKS[check](example)


@pytest.mark.parametrize("example", [example for _, example in WRONG_LAYERS], ids=lambda e: type(e.layer).__name__)
def test_their_right_twins_pass(example: Example) -> None:
    """The same layer without the mistake passes all checks: they do not refuse everything."""
    kind: Any = type(example.layer).__mro__[1]
    right = Example(kind(**example.layer.config()), *example.shapes)
    for check in LAYER_CHECKS.values():
        check(right)


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
                return {name: grad * len(targets) for name, grad in found.items()}

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


def test_the_contract_takes_every_layer() -> None:
    """A wrong layer cannot hide in the registry: its kind is the class that it says."""
    from pellucid.layers import REGISTRY

    assert all(kind.__name__ == name and issubclass(kind, Layer) for name, kind in REGISTRY.items())

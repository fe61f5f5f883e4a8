"""The checks can fail: deliberately wrong layers, each with a mistake that people make, are caught."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from contract import LAYER_CHECKS

from pellucid.layers import (
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    LogSoftmax,
    MaxPool2d,
    Multiply,
    PReLU,
    ReLU,
    Scale,
    Softmax,
    Subtract,
)
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


class ProseFormula(BatchNorm2d):
    """Tells a formula that is not what it computes."""

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Tell another."""
        return replace(super().explain(index, *inputs, w=w, run=run), formula="x + 1", numbers={"mean": 42.0})


class MadeUpShares(Softmax):
    """Tells exponentials that are none."""

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Double them all: their shares stay what they were."""
        told = super().explain(index, *inputs, w=w, run=run)
        return replace(told, terms=replace(told.terms, product=told.terms.product * 2))


class PositiveDifference(Subtract):
    """Gives both branches the same gradient."""

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Forget the sign."""
        found = super().backward(grad, *inputs, y=y, w=w, run=run).inputs
        return Gradients((found[0], -found[1]))


class SharedGate(Multiply):
    """Divides the gradient of a number that weighs many places by their number."""

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Average where a sum belongs."""
        found = super().backward(grad, *inputs, y=y, w=w, run=run).inputs
        return Gradients(tuple(of * (of.size / grad.size) for of in found))


class ToldAsSum(Multiply):
    """Tells a sum where it multiplies."""

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Tell another rule."""
        return replace(super().explain(index, *inputs, w=w, run=run), rule="sum")


class EverywhereReads(Multiply):
    """Claims to read every place of an input, where one stands for all."""

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Spread too far."""
        return tuple(np.ones(shape, np.bool_) for shape in shapes)


class TurnedJoin(Concat):
    """Joins the branches in the order that it does not tell."""

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Join the last one first."""
        return super().forward(*inputs[::-1], w=w, run=run)


class SlopeOfAll(PReLU):
    """Lets positive numbers pull at the slope."""

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Forget to leave them out."""
        right = super().backward(grad, *inputs, y=y, w=w, run=run)
        return Gradients(right.inputs, {"weight": self.gathered(grad * inputs[0])})


class TrainedConstant(Scale):
    """Gives constants a gradient."""

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Forget that nobody trains them."""
        return Scale(self.axes, trainable=True).backward(grad, *inputs, y=y, w=w, run=run)


class LogOfRounded(LogSoftmax):
    """Tells another number's exponential as its own."""

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Turn the exponentials."""
        told = super().explain(index, *inputs, w=w, run=run)
        return replace(told, terms=replace(told.terms, product=told.terms.product[::-1]))


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
    ("explanation", Example(ProseFormula(), (3, 4, 5))),
    ("explanation", Example(MadeUpShares(), (7,))),
    ("gradients", Example(PositiveDifference(), (5,), (1,))),
    ("gradients", Example(SharedGate(), (3, 2, 5), (3, 1, 1))),
    ("explanation", Example(ToldAsSum(), (3, 2, 5), (3, 1, 1))),
    ("reads", Example(EverywhereReads(), (3, 2, 5), (3, 1, 1))),
    ("explanation", Example(TurnedJoin(1), (3, 2, 5), (3, 4, 5))),
    ("gradients", Example(SlopeOfAll(), (3, 2, 5))),
    ("gradients", Example(TrainedConstant(), (3, 2, 5))),
    ("explanation", Example(LogOfRounded(), (7,))),
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


def test_the_contract_takes_every_layer() -> None:
    """A wrong layer cannot hide in the registry: its kind is the class that it says."""
    from pellucid.layers import REGISTRY

    assert all(kind.__name__ == name and issubclass(kind, Layer) for name, kind in REGISTRY.items())

"""Losses: how far outputs are from targets, as one number a sample, and the gradient that training follows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engines import ends_in_softmax
from ..errors import DataError, ParameterError, ShapeError
from ..layers.node import Shape
from ..network import Network
from .labels import as_labels

Array = NDArray[Any]


class Loss(ABC):
    """How wrong a network's first output is. A loss computes in the precision of the outputs that it is given."""

    @property
    def kind(self) -> str:
        """Its kind, such as "CrossEntropy": engines recognise it by this."""
        return type(self).__name__

    def config(self) -> dict[str, Any]:
        """Return its settings by name."""
        return dict(vars(self))

    @abstractmethod
    def values(self, outputs: Array, targets: Array) -> Array:
        """Return each sample's loss, (N,), for outputs and targets (N, ...)."""

    @abstractmethod
    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return the gradient of the batch's mean loss in the outputs, in their shape."""

    @abstractmethod
    def check(self, net: Network, targets: Any) -> Array:
        """Return targets in the form that `values` takes for the outputs of `net`.

        Raises:
            DataError: a target that cannot be; the error names the sample.
            ShapeError: the network's output is not what this loss compares.
        """


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """The negative logarithm of the probability that the network gives to the right class.

    With logits x and the class y the loss is log(sum over k of exp(x[k])) - x[y], shifted by the largest logit so that
    nothing overflows; its gradient is softmax(x) - onehot(y). Source: C. Bishop, Pattern Recognition and Machine
    Learning (2006), equations 4.108 and 4.109. PyTorch: CrossEntropyLoss, or NLLLoss on the log of probabilities;
    Keras: SparseCategoricalCrossentropy(from_logits=not probabilities).

    Args:
        probabilities: the outputs are probabilities already: the network itself ends in Softmax.

    >>> float(CrossEntropy().values(np.array([[0.0, 0.0]]), np.array([1]))[0])  # log(2)
    0.6931471805599453
    """

    probabilities: bool = False

    def values(self, outputs: Array, targets: Array) -> Array:
        """Return each sample's loss, (N,), for outputs (N, K) and class numbers (N,)."""
        logarithms = np.log(_floored(outputs)) if self.probabilities else log_softmax(outputs)
        return -logarithms[np.arange(len(targets)), targets]

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return the gradient (N, K) of the mean loss."""
        rows = np.arange(len(targets))
        if self.probabilities:
            grad = np.zeros_like(outputs)
            grad[rows, targets] = -1 / _floored(outputs[rows, targets])
        else:
            grad = np.exp(log_softmax(outputs))
            grad[rows, targets] -= 1
        return grad / len(targets)

    def check(self, net: Network, targets: Any) -> Array:
        """Return class numbers (N,) as int64, for a network with one score a class."""
        shape = net.outputs[0].shape
        if len(shape) != 1 or shape[0] < 2:
            raise ShapeError(
                "CrossEntropy",
                got=f"output {shape} of {net.outputs[0].name!r}",
                expected="one score a class: (classes,), 2 classes or more",
                fix="end the network with Flatten() and Linear(classes)",
            )
        if not self.probabilities and ends_in_softmax(net):
            raise ParameterError(
                "CrossEntropy",
                got=f"a network that ends in {net.outputs[0].layer!r}: its outputs are probabilities",
                expected="logits, because this loss takes the softmax itself",
                fix="use CrossEntropy(probabilities=True), or end the network before its Softmax",
            )
        return as_labels("CrossEntropy", targets, shape[0])


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """The mean of the squared differences between outputs and targets.

    Targets are arrays in the outputs' shape; or class numbers, which stand for 1 at the class and 0 elsewhere.
    Source: C. Bishop, Pattern Recognition and Machine Learning (2006), section 3.1.1. PyTorch: MSELoss;
    Keras: MeanSquaredError.

    >>> float(MeanSquaredError().values(np.array([[1.0, 3.0]]), np.array([[0.0, 1.0]]))[0])  # (1 + 4) / 2
    2.5
    """

    def values(self, outputs: Array, targets: Array) -> Array:
        """Return each sample's loss, (N,), for outputs (N, ...) and targets (N, ...) or class numbers (N,)."""
        squares = (outputs - _spread(outputs, targets)) ** 2
        return squares.reshape(len(outputs), -1).mean(axis=1)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return the gradient (N, ...) of the mean loss."""
        return 2 * (outputs - _spread(outputs, targets)) / outputs.size

    def check(self, net: Network, targets: Any) -> Array:
        """Return targets (N, ...) as float32, or class numbers (N,) as int64."""
        shape = net.outputs[0].shape
        array = np.asarray(targets)
        if array.dtype.kind in "iub" and array.ndim == 1 == len(shape) and shape[0] > 1:
            return as_labels("MeanSquaredError", array, shape[0])
        return _as_targets(array, shape)


def default_loss(net: Network) -> Loss:
    """Return the cross-entropy that fits the network's last layer: of probabilities if it is a Softmax."""
    return CrossEntropy(probabilities=ends_in_softmax(net))


def log_softmax(logits: Array) -> Array:
    """Return the logarithms of the probabilities, (N, K), for logits (N, K)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _floored(probabilities: Array) -> Array:
    """Return probabilities that have a logarithm: one that underflowed counts as the smallest normal number."""
    return np.maximum(probabilities, np.finfo(probabilities.dtype).tiny)


def _spread(outputs: Array, targets: Array) -> Array:
    """Return targets in the outputs' shape and precision: class numbers become rows with one 1."""
    if targets.dtype.kind in "iu" and targets.ndim == 1 and outputs.ndim == 2:
        return np.equal.outer(targets, np.arange(outputs.shape[1], dtype=np.int64)).astype(outputs.dtype)
    return targets.astype(outputs.dtype)


def _as_targets(targets: Array, shape: Shape) -> Array:
    """Return targets (N, ...) as float32, checked against the output's shape."""
    expected = f"finite numbers of shape (N, {', '.join(map(str, shape))})"
    if targets.shape[1:] != shape or targets.ndim == 0 or targets.dtype.kind not in "fiub":
        raise DataError(
            "MeanSquaredError",
            got=f"targets of shape {targets.shape}, dtype {targets.dtype}",
            expected=expected,
            fix="give one target an output, or class numbers (N,) to a network with one output a class",
        )
    bad = ~np.isfinite(targets).reshape(len(targets), -1).all(axis=1)
    if bad.any():
        raise DataError(
            "MeanSquaredError",
            got=f"a target of sample {int(bad.argmax())} that is not finite",
            expected=expected,
            fix="correct the target, or leave the sample out",
        )
    return np.ascontiguousarray(targets, np.float32)

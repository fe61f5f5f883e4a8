"""Evaluation: how well a network does on samples whose answers are known."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..engines import Engine, Program, get, probabilities
from ..network import Network
from .checks import made, whole
from .dataset import Dataset
from .losses import Loss, default_loss
from .samples import Samples, as_samples


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What an evaluation found. Where the targets are not classes there is only the loss: the accuracy is NaN.

    Args:
        accuracy: share of the samples whose largest output is the right class.
        loss: mean loss.
        confusion: (K, K) numbers of samples, a row for each true class, a column for each predicted one.
        predicted: (N,) predicted classes.
        probabilities: (N, K) probabilities of the classes: the outputs' softmax, if the network takes none itself.
    """

    accuracy: float
    loss: float
    confusion: NDArray[np.int64] = field(repr=False)
    predicted: NDArray[np.int64] = field(repr=False)
    probabilities: NDArray[np.float64] = field(repr=False)


def evaluate(
    net: Network,
    data: Dataset | tuple[ArrayLike, ArrayLike],
    *,
    engine: str | Engine | None = None,
    loss: Loss | None = None,
    batch_size: int = 256,
    channels_last: bool = False,
) -> Evaluation:
    """Return accuracy, loss and confusion matrix of a network.

    Args:
        net: the network.
        data: a Dataset, or (images (N, C, H, W), labels (N,)).
        engine: what runs the network; None is the default engine.
        loss: the loss; None is the cross-entropy of the network's outputs.
        batch_size: samples run at a time.
        channels_last: images are (N, H, W, C).

    Raises:
        DataError, ShapeError: the data do not fit the network.
        ParameterError: the batch size is not a whole number of 1 or more.

    >>> from pellucid.layers import Flatten, Linear
    >>> net = Network((1, 2, 2), [Flatten(), Linear(3)])
    >>> evaluate(net, (np.zeros((4, 1, 2, 2)), [0, 1, 2, 0])).confusion.sum()
    np.int64(4)
    """
    loss = default_loss(net) if loss is None else made("evaluate", "loss", loss, Loss, "CrossEntropy()")
    size = whole("evaluate", "batch_size", batch_size)
    samples = as_samples("evaluation data", net, data, loss, channels_last=channels_last)
    return judge(net, get(engine).program(net), samples, loss, size)


def judge(net: Network, program: Program, samples: Samples, loss: Loss, batch_size: int) -> Evaluation:
    """Return the evaluation of a program of `net` on checked samples."""
    parts = [
        program.run(samples.batch(slice(first, first + batch_size))[0])[0]
        for first in range(0, len(samples), batch_size)
    ]
    outputs = np.concatenate(parts)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a loss that is not finite says so itself
        value = float(loss.values(outputs, samples.targets).mean(dtype=np.float64))
    labels = samples.labels
    if labels is None:
        none = np.zeros((0, 0))
        return Evaluation(math.nan, value, none.astype(np.int64), none.ravel().astype(np.int64), none)
    predicted = outputs.argmax(axis=1)
    confusion = np.zeros((outputs.shape[1], outputs.shape[1]), np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    return Evaluation(float((predicted == labels).mean()), value, confusion, predicted, probabilities(net, outputs))

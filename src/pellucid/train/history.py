"""What a training gave, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """One pass over the training data.

    Args:
        number: 1 is the first.
        loss: mean loss of the batches, each before its step, with dropout and the batch's own statistics.
        accuracy: the same of the accuracy; NaN where the targets are not classes.
        test_loss: mean loss on the test data after the epoch; None without test data.
        test_accuracy: accuracy on the test data after the epoch; None without test data.
        seconds: time it took, testing included.
        rate: learning rate of its last step.
    """

    number: int
    loss: float
    accuracy: float
    test_loss: float | None
    test_accuracy: float | None
    seconds: float
    rate: float


@dataclass(frozen=True)
class History:
    """All epochs of a training.

    Args:
        epochs: what each epoch gave.
        stopped: the training was interrupted, and the network has the weights of the best epoch.
        best: the number of the best epoch: by test accuracy, then test loss; without test data by training loss. 0
            before an epoch is complete.
    """

    epochs: tuple[Epoch, ...]
    stopped: bool
    best: int


@dataclass(frozen=True)
class Status:
    """Where a training is after one of its steps.

    Args:
        epoch: the number of the epoch, 1 is the first.
        epochs: how many there will be.
        step: steps made in this epoch.
        steps: steps of an epoch.
        loss: mean loss of the epoch so far.
        accuracy: accuracy of the epoch so far.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float


def best_of(epochs: Sequence[Epoch]) -> int:
    """Return the number of the best epoch, the first of equals; 0 if there is none.

    >>> best_of([Epoch(1, 0.5, 0.8, 0.4, 0.9, 1.0, 0.1), Epoch(2, 0.3, 0.9, 0.5, 0.9, 1.0, 0.1)])
    1
    """
    return min(epochs, key=_badness).number if epochs else 0


def _badness(epoch: Epoch) -> tuple[float, float]:
    """Return what is smaller for a better epoch; a NaN accuracy, of targets that are no classes, counts as none."""
    if epoch.test_loss is None or epoch.test_accuracy is None:
        return 0.0, epoch.loss
    return 0.0 if math.isnan(epoch.test_accuracy) else -epoch.test_accuracy, epoch.test_loss

"""Which epoch is the best."""

from __future__ import annotations

import math

from pellucid.train.history import Epoch, best_of


def epoch(number: int, loss: float, test: tuple[float, float] | None = None) -> Epoch:
    """An epoch with its training loss, and (accuracy, loss) on test data."""
    accuracy, test_loss = test or (None, None)
    return Epoch(number, loss, 0.5, test_loss, accuracy, 1.0, 0.1)


def test_by_test_accuracy_then_test_loss() -> None:
    """The highest test accuracy wins, whatever the training loss; of equals the lower test loss, then the first."""
    assert best_of([epoch(1, 0.1, (0.8, 0.1)), epoch(2, 0.9, (0.9, 0.7)), epoch(3, 0.5, (0.9, 0.6))]) == 3
    assert best_of([epoch(1, 0.1, (0.8, 0.1)), epoch(2, 0.1, (0.8, 0.1))]) == 1


def test_by_training_loss() -> None:
    """Without test data the least training loss wins."""
    assert best_of([epoch(1, 0.3), epoch(2, 0.1), epoch(3, 0.2)]) == 2


def test_by_test_loss_where_there_are_no_classes() -> None:
    """Where accuracy is no number, the test loss decides."""
    assert best_of([epoch(1, 0.1, (math.nan, 0.3)), epoch(2, 0.1, (math.nan, 0.2))]) == 2


def test_none() -> None:
    """Before the first epoch there is no best."""
    assert best_of([]) == 0

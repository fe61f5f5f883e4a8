"""How a training ends before its time: by Ctrl-C, by numbers that are not finite, by what is refused at its start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import Network
from pellucid.errors import DataError, ParameterError, PellucidError, TrainingError, UnknownNameError
from pellucid.train import SGD, Cosine, Dataset, Epoch, History, Status, fit

from .conftest import bits, small_network, stripes


def stop_at(number: int, step: int = 3) -> Callable[[Status], None]:
    """Ctrl-C in the middle of an epoch."""

    def on_step(status: Status) -> None:
        if (status.epoch, status.step) == (number, step):
            raise KeyboardInterrupt

    return on_step


def test_ctrl_c_keeps_the_best_epoch(data: Dataset) -> None:
    """Ctrl-C in the fifth epoch ends the training quietly, with the weights of the best of the four."""
    net, kept = small_network(), dict[int, bytes]()
    history = fit(
        net,
        data,
        test=stripes(seed=2),
        epochs=9,
        batch_size=8,
        optimizer=SGD(0.3, momentum=0.9),
        on_epoch=lambda epoch: kept.update({epoch.number: bits(net)}),
        on_step=stop_at(5),
    )
    assert history.stopped
    assert [epoch.number for epoch in history.epochs] == [1, 2, 3, 4]
    assert bits(net) == kept[history.best]
    best = history.epochs[history.best - 1]
    assert best.test_accuracy == max(epoch.test_accuracy or 0 for epoch in history.epochs)


def test_ctrl_c_in_the_first_epoch(net: Network, data: Dataset) -> None:
    """Before an epoch is complete there is no best: the steps made so far stay."""
    before = bits(net)
    history = fit(net, data, epochs=3, batch_size=8, on_step=stop_at(1))
    assert history == History((), True, 0)
    assert bits(net) != before
    assert all(np.isfinite(weight).all() for weight in net.weights.values())


def test_a_callback_may_stop(net: Network, data: Dataset) -> None:
    """KeyboardInterrupt from the callback after an epoch counts as Ctrl-C."""

    def enough(epoch: Epoch) -> None:
        if epoch.number == 2:
            raise KeyboardInterrupt

    history = fit(net, data, epochs=9, batch_size=8, on_epoch=enough)
    assert history.stopped
    assert len(history.epochs) == 2


def test_other_errors_of_callbacks_come_through(net: Network, data: Dataset) -> None:
    """An error in a callback is the caller's."""

    def broken(epoch: Epoch) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(net, data, epochs=2, on_epoch=broken)


def test_a_loss_that_is_not_finite(net: Network, data: Dataset) -> None:
    """A rate that is too large ends the training with an error that says so; the weights are those before."""
    before = bits(net)
    with pytest.raises(TrainingError) as caught:
        fit(net, data, epochs=3, batch_size=8, optimizer=SGD(1e30))
    assert str(caught.value) == (
        "training of 'network'\n"
        "  got       a loss that is not finite in epoch 1, step 2 of 5\n"
        "  expected  finite numbers\n"
        "  fix       use a smaller learning rate than 1e+30, such as 1e+29; "
        "the network has its weights of before the training"
    )
    assert bits(net) == before


class Late(Cosine):
    """A schedule that is wrong from the second epoch on."""

    def factor(self, step: int, total: int) -> float:
        """Return 1, then too much."""
        return 1.0 if step < total // 3 else 1e35


def test_the_last_good_epoch_is_kept(data: Dataset) -> None:
    """When the loss fails in the second epoch, the network has its weights of the first."""
    net, first = small_network(), small_network()
    with pytest.raises(TrainingError, match=r"in epoch 2, step . of 5(.|\n)*its weights of epoch 1$"):
        fit(net, data, epochs=3, batch_size=8, optimizer=SGD(0.1), schedule=Late())
    fit(first, data, epochs=1, batch_size=8, optimizer=SGD(0.1))
    assert bits(net) == bits(first)


def test_weights_that_are_not_finite(data: Dataset) -> None:
    """A last step that makes weights infinite is found at the end of its epoch."""
    net = small_network()
    before = bits(net)
    with pytest.raises(TrainingError, match=r"a weight '[\w.]+' that is not finite after epoch 1"):
        fit(net, data, epochs=1, batch_size=35, optimizer=SGD(1e38, weight_decay=10))
    assert bits(net) == before


REFUSED: list[tuple[dict[str, Any], type[PellucidError], str]] = [
    ({"epochs": 0}, ParameterError, "fit\n  got       epochs=0\n  expected  a whole number, 1 or more\n"),
    ({"epochs": 1.5}, ParameterError, "fit\n  got       epochs=1.5\n"),
    ({"batch_size": True}, ParameterError, "fit\n  got       batch_size=True\n"),
    ({"seed": 0.5}, ParameterError, "seed\n  got       0.5\n"),
    ({"engine": "gpu"}, UnknownNameError, "engine 'gpu'\n"),
    ({"test": (np.zeros((2, 1, 6, 6)), [0, 3])}, DataError, "test data\n  got       label 3 of sample 1\n"),
    ({"train": (np.zeros((2, 1, 6, 6)), [0, 3])}, DataError, "training data\n  got       label 3 of sample 1\n"),
]


@pytest.mark.parametrize(("changed", "kind", "text"), REFUSED)
def test_refused(changed: dict[str, Any], kind: type[PellucidError], text: str) -> None:
    """What cannot be trained with is refused before a weight moves."""
    net = small_network()
    before = bits(net)
    settings: dict[str, Any] = {"train": stripes(), **changed}
    with pytest.raises(kind) as caught:
        fit(net, **settings)
    assert str(caught.value).startswith(text)
    assert bits(net) == before


def test_a_test_loss_that_is_not_finite(data: Dataset) -> None:
    """Finite weights whose answers are not finite are no success: training ends as with any bad loss."""
    net = small_network()
    before = bits(net)
    with pytest.raises(TrainingError) as refused:
        fit(net, data, test=data, epochs=1, batch_size=len(data), optimizer=SGD(1e30))
    assert "got       a test loss that is not finite after epoch 1" in str(refused.value)
    assert bits(net) == before

"""The first network that anyone meets: small, trained in seconds on digits that are on every machine."""

from __future__ import annotations

from collections.abc import Callable

from ..engines import Engine
from ..layers import Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from ..network import Network
from .data import load
from .dataset import Dataset
from .history import Epoch, History, Status
from .loop import fit
from .optimizers import SGD
from .schedules import Cosine


def digits_network(seed: int = 0) -> Network:
    """Return the untrained network for the digits, 6,090 parameters: two convolutions, pools, dropout, one decision.

    >>> digits_network()
    <Network 'digits': input (1, 8, 8) -> linear1 (10,), 9 layers, 6,090 parameters>
    """
    layers = [
        *(Conv2d(16, 3, padding=1), ReLU(), MaxPool2d(2)),
        *(Conv2d(32, 3, padding=1), ReLU(), MaxPool2d(2)),
        *(Flatten(), Dropout(0.25), Linear(10)),
    ]
    return Network((1, 8, 8), layers, seed=seed, classes=tuple("0123456789"), name="digits")


def train_digits(
    seed: int = 0,
    *,
    progress: bool = False,
    engine: str | Engine | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
    on_step: Callable[[Status], None] | None = None,
) -> tuple[Network, History, Dataset, Dataset]:
    """Return the digits network trained, its history, and the training and test data.

    The recipe was found by measuring: with seeds 0 to 19 the test accuracy is 98.3 % or more, 99.0 % in the mean, on
    the reference engine as on the native one.

    Args:
        seed: of the first weights, the order of the samples, and dropout.
        progress: draw a bar in the terminal.
        engine: what trains; None is the default engine.
        on_epoch: called after each epoch.
        on_step: called after each step.
    """
    net = digits_network(seed)
    train, test = load("digits")
    history = fit(
        net,
        train,
        test=test,
        epochs=20,
        batch_size=32,
        optimizer=SGD(0.1, momentum=0.9, weight_decay=5e-4),
        schedule=Cosine(warmup=0.1),
        seed=seed,
        progress=progress,
        engine=engine,
        on_epoch=on_epoch,
        on_step=on_step,
    )
    return net, history, train, test

"""What the tests of training share: a small network with everything that depends on order or chance, and its data."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Network
from pellucid.layers import BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from pellucid.train import Dataset, History
from pellucid.train.digits import train_digits

Trained = tuple[Network, History, Dataset, Dataset]


def small_network(seed: int = 0) -> Network:
    """A network with weights that are trained, statistics that are followed, and chance."""
    layers = [Conv2d(3, 3, padding=1), BatchNorm2d(), ReLU(), MaxPool2d(2), Flatten(), Dropout(0.3), Linear(3)]
    return Network((1, 6, 6), layers, seed=seed)


def stripes(count: int = 35, seed: int = 0) -> Dataset:
    """Images of three kinds that a small network can tell apart: rows, columns, and noise alone."""
    rng = np.random.default_rng(seed)
    images = rng.random((count, 1, 6, 6), np.float32) * 0.5
    labels = np.arange(count) % 3
    images[labels == 0, :, ::2] += 0.5
    images[labels == 1, :, :, ::2] += 0.5
    return Dataset(images, labels, ("rows", "columns", "noise"), "stripes")


def bits(net: Network) -> bytes:
    """All weights of a network, byte by byte."""
    return b"".join(net.weights[name].tobytes() for name in net.weights)


@pytest.fixture(scope="session")
def digits() -> Trained:
    """The digits network, trained once for all tests: not to be changed."""
    return train_digits(engine="reference")


@pytest.fixture
def net() -> Network:
    """A small network."""
    return small_network()


@pytest.fixture
def data() -> Dataset:
    """Its training data."""
    return stripes()

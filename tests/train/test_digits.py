"""The digits network keeps what it promises."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

from pellucid.layers import Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from pellucid.train import Epoch, Status, evaluate
from pellucid.train.digits import digits_network, train_digits

from .conftest import Trained, bits


def test_has_every_family() -> None:
    """Convolution, activation, pooling, flatten, dropout and linear: all that a first lesson shows."""
    net = digits_network(seed=4)
    assert {type(layer) for layer in net.layers.values()} == {Conv2d, ReLU, MaxPool2d, Flatten, Dropout, Linear}
    assert net.classes == tuple("0123456789")
    assert (net.seed, net.name, net.params) == (4, "digits", 6090)


def test_reads_97_of_100(digits: Trained) -> None:
    """Trained by its recipe it reads more than 97 % of digits that it never saw."""
    net, history, train, test = digits
    assert evaluate(net, test).accuracy > 0.97
    assert history.epochs[-1].test_accuracy == evaluate(net, test).accuracy
    assert (len(history.epochs), history.stopped) == (20, False)
    assert (len(train), len(test)) == (1437, 360)


@pytest.mark.slow
def test_reads_98_of_100_whatever_the_seed() -> None:
    """The promise has a margin: with each of ten seeds it reads more than 98 %."""
    accuracies = [train_digits(seed, engine="reference")[1].epochs[-1].test_accuracy for seed in range(10)]
    assert min(accuracy or 0 for accuracy in accuracies) > 0.98


def test_tells_how_far_it_is() -> None:
    """Callbacks see each step and epoch, and may stop the training."""
    steps: list[Status] = []

    def stop(epoch: Epoch) -> None:
        raise KeyboardInterrupt

    _, history, _, _ = train_digits(engine="reference", on_epoch=stop, on_step=steps.append)
    assert [status.step for status in steps] == list(range(1, 46))
    assert (len(history.epochs), history.stopped) == (1, True)


CODE = """
import hashlib
from pellucid.train.digits import train_digits
net = train_digits(engine="reference")[0]
print(hashlib.sha256(b"".join(net.weights[name].tobytes() for name in net.weights)).hexdigest())
"""


def test_same_bits_in_another_process(digits: Trained) -> None:
    """The seed alone decides every bit: not the process, nor how many threads it has."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(bits(digits[0])).hexdigest()

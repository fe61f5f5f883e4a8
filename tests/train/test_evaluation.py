"""Evaluation: accuracy, loss, confusion and probabilities, against counting by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.errors import DataError, ParameterError, ShapeError
from pellucid.layers import Add, Flatten, Linear, Softmax
from pellucid.train import CrossEntropy, Dataset, MeanSquaredError, evaluate


def chooser() -> Network:
    """A network whose scores are its three inputs."""
    net = Network((1, 1, 3), [Flatten(), Linear(3)])
    net.weights["linear1.weight"], net.weights["linear1.bias"] = np.eye(3), np.zeros(3)
    return net


IMAGES = np.array([[2, 0, 0], [0, 2, 0], [0, 0, 2], [2, 0, 0]], np.float32).reshape(4, 1, 1, 3)
LABELS = [0, 1, 1, 2]


def test_by_hand() -> None:
    """Of four samples two are right; the confusion has a row for the truth and a column for the prediction."""
    found = evaluate(chooser(), (IMAGES, LABELS))
    assert found.accuracy == 0.5
    assert found.predicted.tolist() == [0, 1, 2, 0]
    assert found.confusion.tolist() == [[1, 0, 0], [0, 1, 1], [1, 0, 0]]
    right, wrong = math.exp(2) / (math.exp(2) + 2), 1 / (math.exp(2) + 2)
    assert found.loss == pytest.approx(-(math.log(right) + math.log(wrong)) / 2, rel=1e-6)
    np.testing.assert_allclose(found.probabilities[0], [right, wrong, wrong], rtol=1e-6)


def test_a_network_with_its_own_softmax_gives_the_same() -> None:
    """Probabilities are taken as they are, and the loss is theirs."""
    plain, ending = chooser(), Network((1, 1, 3), [Flatten(), Linear(3), Softmax()])
    ending.weights["linear1.weight"], ending.weights["linear1.bias"] = np.eye(3), np.zeros(3)
    ours, theirs = evaluate(plain, (IMAGES, LABELS)), evaluate(ending, (IMAGES, LABELS))
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-6)
    np.testing.assert_allclose(ours.probabilities, theirs.probabilities, rtol=1e-6)
    np.testing.assert_array_equal(ours.confusion, theirs.confusion)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 100])
def test_batches_change_nothing(batch_size: int) -> None:
    """However the samples are cut into batches, each counts once."""
    found = evaluate(chooser(), (IMAGES, LABELS), batch_size=batch_size)
    assert found.confusion.sum() == 4
    assert found.accuracy == 0.5
    assert found.loss == pytest.approx(evaluate(chooser(), (IMAGES, LABELS)).loss, rel=1e-6)


def test_the_door_leads_here() -> None:
    """Network.evaluate takes a data set, and a loss."""
    net, data = chooser(), Dataset(IMAGES / 2, LABELS, ("a", "b", "c"))
    assert net.evaluate(data).accuracy == evaluate(net, data).accuracy == 0.5
    assert net.evaluate(data, loss=MeanSquaredError()).loss == pytest.approx(
        4 / 12
    )  # 2 samples with 2 numbers off by 1


def test_targets_that_are_no_classes() -> None:
    """Where targets are values there is only the loss."""
    found = evaluate(chooser(), (IMAGES, IMAGES.reshape(4, 3) + 1), loss=MeanSquaredError())
    assert found.loss == 1.0
    assert math.isnan(found.accuracy)
    assert found.confusion.shape == (0, 0)
    assert found.predicted.shape == (0,)


def test_several_inputs() -> None:
    """A network of two inputs takes a tuple of two arrays."""
    a, b = Input((3,), name="a"), Input((3,), name="b")
    found = evaluate(Network([a, b], Add()(a, b)), ((np.eye(3), np.eye(3)), [0, 1, 2]))
    assert found.accuracy == 1.0


def test_refused() -> None:
    """Data that do not fit are told as evaluation data; so is a batch of nothing."""
    net = chooser()
    with pytest.raises(DataError) as caught:
        evaluate(net, (IMAGES, [0, 1, 2, 3]))
    assert caught.value.where == "evaluation data"
    assert caught.value.got == "label 3 of sample 3"
    with pytest.raises(DataError) as caught:
        evaluate(net, (IMAGES, LABELS[:3]))
    assert str(caught.value) == (
        "evaluation data\n  got       4 images and 3 labels\n  expected  one label an image, 1 or more\n"
        "  fix       leave out the rest, or find what is missing"
    )
    with pytest.raises(DataError) as caught:
        evaluate(net, (IMAGES[:0], []))
    assert caught.value.fix == "add samples"
    with pytest.raises(DataError) as caught:
        evaluate(net, IMAGES)  # pyright: ignore[reportArgumentType] - what the test is about
    assert str(caught.value) == (
        "evaluation data\n  got       a ndarray\n  expected  a Dataset, or (images, labels)\n"
        "  fix       give (images, labels)"
    )
    broken = IMAGES.copy()
    broken[2, 0, 0, 1] = math.nan
    with pytest.raises(DataError) as caught:
        evaluate(net, (broken, LABELS))
    assert str(caught.value) == (
        "evaluation data\n  got       a number that is not finite in sample 2 of input 'input'\n"
        "  expected  finite numbers\n  fix       correct it, or leave the sample out"
    )
    with pytest.raises(ShapeError):
        evaluate(net, (IMAGES[:, :, :, :2], LABELS))
    with pytest.raises(ParameterError, match="batch_size=0"):
        evaluate(net, (IMAGES, LABELS), batch_size=0)
    with pytest.raises(ParameterError, match="its outputs are probabilities"):
        evaluate(Network((1, 1, 3), [Flatten(), Softmax()]), (IMAGES, LABELS), loss=CrossEntropy())

"""Losses: values and gradients by hand, by finite differences and beside PyTorch; and what targets are refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid import Network
from pellucid.errors import DataError, ParameterError, PellucidError, ShapeError
from pellucid.layers import Conv2d, Flatten, Linear, ReLU, Softmax
from pellucid.train import CrossEntropy, Loss, MeanSquaredError
from pellucid.train.losses import default_loss

RNG = np.random.default_rng(0)
LOGITS = RNG.standard_normal((7, 5))
LABELS = RNG.integers(0, 5, 7)
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)

CASES: list[tuple[Loss, np.ndarray, np.ndarray]] = [
    (CrossEntropy(), LOGITS, LABELS),
    (CrossEntropy(probabilities=True), PROBABILITIES, LABELS),
    (MeanSquaredError(), LOGITS, LABELS),
    (MeanSquaredError(), LOGITS, RNG.standard_normal((7, 5))),
    (MeanSquaredError(), RNG.standard_normal((3, 2, 4, 5)), RNG.standard_normal((3, 2, 4, 5))),
]


def scores(*shape: int) -> Network:
    """A network whose output has one score a class."""
    return Network(shape or (4,), [Flatten(), Linear(3)])


def test_cross_entropy_by_hand() -> None:
    """Logits 0 and log 3 are probabilities 1/4 and 3/4: the loss of class 1 is log(4/3), its gradient 1/4 and -1/4."""
    logits = np.array([[0.0, math.log(3)]])
    np.testing.assert_allclose(CrossEntropy().values(logits, np.array([1])), [math.log(4 / 3)], rtol=1e-15)
    np.testing.assert_allclose(CrossEntropy().gradient(logits, np.array([1])), [[0.25, -0.25]], rtol=1e-15)


def test_cross_entropy_of_probabilities_by_hand() -> None:
    """Of probability 1/4 the loss is log 4, and its gradient -4, halved by the mean over two samples."""
    outputs, labels = np.array([[0.25, 0.75], [0.5, 0.5]]), np.array([0, 1])
    loss = CrossEntropy(probabilities=True)
    np.testing.assert_allclose(loss.values(outputs, labels), [math.log(4), math.log(2)], rtol=1e-15)
    np.testing.assert_allclose(loss.gradient(outputs, labels), [[-2, 0], [0, -1]], rtol=1e-15)


def test_mean_squared_error_by_hand() -> None:
    """Differences 1 and 3 have the mean square 5, and the gradient 2 * difference / 2 numbers."""
    outputs, targets = np.array([[2.0, 5.0]]), np.array([[1.0, 2.0]])
    assert MeanSquaredError().values(outputs, targets).tolist() == [5.0]
    assert MeanSquaredError().gradient(outputs, targets).tolist() == [[1.0, 3.0]]


def test_class_numbers_stand_for_rows_with_one_1() -> None:
    """The squared error from class 2 of 3 is the one from (0, 0, 1)."""
    outputs, row = RNG.standard_normal((1, 3)), np.array([[0.0, 0.0, 1.0]])
    loss, label = MeanSquaredError(), np.array([2])
    np.testing.assert_array_equal(loss.values(outputs, label), loss.values(outputs, row))
    np.testing.assert_array_equal(loss.gradient(outputs, label), loss.gradient(outputs, row))


@pytest.mark.parametrize(("loss", "outputs", "targets"), CASES)
def test_gradient_is_the_slope_of_the_mean(loss: Loss, outputs: np.ndarray, targets: np.ndarray) -> None:
    """The gradient equals central differences of the mean loss, in float64."""
    found, step = loss.gradient(outputs, targets), 1e-6
    for place in np.ndindex(outputs.shape):
        moved = [outputs.copy(), outputs.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        high, low = (loss.values(each, targets).mean() for each in moved)
        assert found[place] == pytest.approx((high - low) / (2 * step), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("loss", "outputs", "targets"), CASES)
def test_precision_is_the_outputs(loss: Loss, outputs: np.ndarray, targets: np.ndarray, dtype: type) -> None:
    """Values and gradient have the precision of the outputs."""
    assert loss.values(outputs.astype(dtype), targets).dtype == dtype
    assert loss.gradient(outputs.astype(dtype), targets).dtype == dtype


@pytest.mark.parametrize(("loss", "outputs", "targets"), CASES)
def test_same_as_pytorch(loss: Loss, outputs: np.ndarray, targets: np.ndarray) -> None:
    """Values and gradient are PyTorch's, to float64's rounding."""
    x, t = torch.tensor(outputs, requires_grad=True), torch.tensor(targets)
    if isinstance(loss, MeanSquaredError):
        t = functional.one_hot(t, 5).double() if t.dtype == torch.int64 else t
        each = functional.mse_loss(x, t, reduction="none").flatten(1).mean(dim=1)
    elif loss == CrossEntropy():
        each = functional.cross_entropy(x, t, reduction="none")
    else:
        each = functional.nll_loss(x.log(), t, reduction="none")
    each.mean().backward()
    assert x.grad is not None
    np.testing.assert_allclose(loss.values(outputs, targets), each.detach(), rtol=1e-13)
    np.testing.assert_allclose(loss.gradient(outputs, targets), x.grad, rtol=1e-13, atol=1e-16)


def test_large_logits_overflow_nothing() -> None:
    """Logits that differ by 20,000 give that loss, and a gradient of ones, in float32."""
    logits, labels = np.array([[1e4, -1e4], [1e4, -1e4]], np.float32), np.array([0, 1])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert CrossEntropy().values(logits, labels).tolist() == [0.0, 20000.0]
        assert CrossEntropy().gradient(logits, labels).tolist() == [[0.0, 0.0], [0.5, -0.5]]


def test_probabilities_that_underflowed_have_a_finite_loss() -> None:
    """Probability 0 counts as float32's smallest normal number: loss and gradient stay finite."""
    outputs, labels = np.array([[0, 1]], np.float32), np.array([0])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss = CrossEntropy(probabilities=True).values(outputs, labels)
        assert np.isfinite(CrossEntropy(probabilities=True).gradient(outputs, labels)).all()
    assert loss[0] == pytest.approx(126 * math.log(2), rel=1e-6)


def test_the_last_layer_decides_which_cross_entropy() -> None:
    """A network that ends in Softmax gives probabilities, any other logits."""
    assert default_loss(Network((4,), [Linear(3), Softmax()])) == CrossEntropy(probabilities=True)
    assert default_loss(scores()) == CrossEntropy(probabilities=False)


def test_targets_are_brought_to_one_form() -> None:
    """Class numbers become int64, also whole floats; other targets float32."""
    assert CrossEntropy().check(scores(), np.array([2.0, 0.0])).dtype == np.int64
    assert MeanSquaredError().check(scores(), np.array([2, 0], np.uint8)).tolist() == [2, 0]
    assert MeanSquaredError().check(scores(), [[1, 2, 3]]).dtype == np.float32


def test_one_output_has_values_and_no_classes() -> None:
    """Whole numbers are values where the network has a single output."""
    net = Network((4,), [Linear(1)])
    assert MeanSquaredError().check(net, [[4], [7]]).tolist() == [[4.0], [7.0]]


CROSS_ENTROPY: list[tuple[Any, str, str]] = [
    ([0, 3], "label 3 of sample 1", "count classes from 0, or build the network for 4 classes"),
    ([0, -1], "label -1 of sample 1", "correct the label, or leave the sample out"),
    ([0, 1, math.nan], "label nan of sample 2", "correct the label, or leave the sample out"),
    ([0, 1, math.inf], "label inf of sample 2", "correct the label, or leave the sample out"),
    ([0.5, 1], "label 0.5 of sample 0", "correct the label, or leave the sample out"),
    (["cat"], "labels of dtype <U3", "give each sample its class's number"),
    ([[0, 0, 1]], "labels of shape (1, 3)", "use labels.argmax(axis=1)"),
    ([[0], [1]], "labels of shape (2, 1)", "give one class number a sample, as with labels.ravel()"),
    (1, "labels of shape ()", "give one class number a sample"),
    ([[0], [1, 2]], "labels of shape ()", "give one class number a sample"),
]


@pytest.mark.parametrize(("targets", "got", "fix"), CROSS_ENTROPY)
def test_labels_that_are_no_class(targets: Any, got: str, fix: str) -> None:
    """A label that is no class's number is refused, with the sample's number and what to do."""
    with pytest.raises(DataError) as caught:
        CrossEntropy().check(scores(), targets)
    assert str(caught.value) == (
        f"CrossEntropy\n  got       {got}\n  expected  (N,) whole numbers from 0 to 2\n  fix       {fix}"
    )


def test_a_class_out_of_range_of_squared_error() -> None:
    """Squared error refuses class numbers as cross-entropy does."""
    with pytest.raises(DataError, match="label 3 of sample 0"):
        MeanSquaredError().check(scores(), [3])


SQUARED_ERROR: list[tuple[Any, str]] = [
    ([[1.0, 2.0]], "targets of shape (1, 2), dtype float64"),
    ([1.0, 2.0], "targets of shape (2,), dtype float64"),
    ([["a", "b", "c"]], "targets of shape (1, 3), dtype <U1"),
    (0.0, "targets of shape (), dtype float64"),
    ([[0.0, 0.0, 0.0], [0.0, math.nan, 0.0]], "a target of sample 1 that is not finite"),
]


@pytest.mark.parametrize(("targets", "got"), SQUARED_ERROR)
def test_targets_that_are_no_outputs(targets: Any, got: str) -> None:
    """Targets must have the outputs' shape and be finite; the error says which sample is not."""
    with pytest.raises(DataError) as caught:
        MeanSquaredError().check(scores(), targets)
    assert caught.value.got == got
    assert caught.value.expected == "finite numbers of shape (N, 3)"


def test_cross_entropy_needs_one_score_a_class() -> None:
    """Maps at the end of a network, or a single score, are no classes."""
    for net in (Network((1, 4, 4), [Conv2d(2, 3), ReLU()]), Network((4,), [Linear(1)])):
        with pytest.raises(ShapeError) as caught:
            CrossEntropy().check(net, [0])
        assert str(caught.value) == (
            f"CrossEntropy\n  got       output {net.outputs[0].shape} of {net.outputs[0].name!r}\n"
            "  expected  one score a class: (classes,), 2 classes or more\n"
            "  fix       end the network with Flatten() and Linear(classes)"
        )


def test_two_softmaxes_are_refused() -> None:
    """Cross-entropy of logits takes the softmax itself: a network that took it already is a mistake."""
    with pytest.raises(ParameterError) as caught:
        CrossEntropy().check(Network((4,), [Linear(3), Softmax()]), [0])
    assert str(caught.value) == (
        "CrossEntropy\n"
        "  got       a network that ends in Softmax(): its outputs are probabilities\n"
        "  expected  logits, because this loss takes the softmax itself\n"
        "  fix       use CrossEntropy(probabilities=True), or end the network before its Softmax"
    )
    assert issubclass(ParameterError, PellucidError)

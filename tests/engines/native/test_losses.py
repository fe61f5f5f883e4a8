"""Losses in sample lanes are those of train/losses.py, and free lanes get no gradient."""

from __future__ import annotations

import numpy as np
import pytest
from engines.native.harness import aligned, run

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.losses import CrossEntropyLoss, SquaredError
from pellucid.train import CrossEntropy, MeanSquaredError
from pellucid.train.losses import Loss

U = 2.0**-24

targets = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)


def block(kernel: Kernel, y: np.ndarray, wanted: np.ndarray, real: int, count: int, target: Target) -> list[np.ndarray]:
    """Losses and gradients (lanes, features) of outputs (lanes, features); free lanes hold the last real sample."""
    lanes = target.lanes
    rows = np.minimum(np.arange(lanes), real - 1)
    mask = aligned((np.arange(lanes) < real).astype(np.float32))
    losses, dy = aligned(np.full(lanes, -77, np.float32)), aligned(np.full((y.shape[1], lanes), -77, np.float32))
    number = aligned(np.array([count], np.float32))
    run(kernel, aligned(y[rows].T), aligned(wanted[rows].T), mask, number, losses, dy, target=target)
    return [losses, dy.T]


def check(kernel: Kernel, loss: Loss, y: np.ndarray, wanted: np.ndarray, target: Target) -> None:
    """Compare with the definition in double precision, for full and partly filled blocks."""
    for real in (target.lanes, target.lanes - 1, 1):
        count = 3 * target.lanes + real
        losses, dy = block(kernel, y, wanted, real, count, target)
        precise = y[:real].astype(np.float64)
        values, slopes = loss.values(precise, wanted[:real]), loss.gradient(precise, wanted[:real]) * real
        np.testing.assert_allclose(losses[:real], values, rtol=64 * U, atol=64 * U)
        np.testing.assert_allclose(dy[:real] * count, slopes, rtol=64 * U, atol=64 * U)
        assert (dy[real:] == 0).all()


@targets
def test_cross_entropy_of_logits(target: Target) -> None:
    """Losses and gradients are the definition's for few and many classes, and where the shift keeps them finite."""
    random = np.random.default_rng(1)
    for classes in (2, 10, 37):
        labels = random.integers(0, classes, target.lanes)
        for scale in (1, 40):
            y = (random.normal(size=(target.lanes, classes)) * scale).astype(np.float32)
            check(CrossEntropyLoss(classes, False), CrossEntropy(), y, labels, target)


@targets
def test_cross_entropy_of_equal_logits_is_exact(target: Target) -> None:
    """Four equal logits give a quarter each, and the gradient has no rounding."""
    labels = np.arange(target.lanes) % 4
    kernel = CrossEntropyLoss(4, False)
    _, dy = block(kernel, np.full((target.lanes, 4), 3, np.float32), labels, target.lanes, 8, target)
    np.testing.assert_array_equal(dy, (0.25 - np.eye(4)[labels]) / 8)


@targets
def test_cross_entropy_of_probabilities(target: Target) -> None:
    """Losses and gradients are the definition's; a probability of 0 counts as the smallest normal number."""
    random = np.random.default_rng(2)
    for classes in (2, 11):
        labels = random.integers(0, classes, target.lanes)
        y = random.dirichlet(np.ones(classes), target.lanes).astype(np.float32)
        check(CrossEntropyLoss(classes, True), CrossEntropy(probabilities=True), y, labels, target)
    y[:, :] = 0
    losses, dy = block(CrossEntropyLoss(11, True), y, labels, target.lanes, 1, target)
    tiny = np.finfo(np.float32).tiny
    np.testing.assert_allclose(losses, -np.log(tiny), rtol=1e-6)
    np.testing.assert_array_equal(dy, -np.eye(11, dtype=np.float32)[labels] / tiny)


@targets
def test_squared_error(target: Target) -> None:
    """Integers come out exact, class numbers count as rows with one 1, and long sums keep their precision."""
    random = np.random.default_rng(4)
    for features in (1, 5, 8, 64):
        y = random.integers(-9, 10, (target.lanes, features)).astype(np.float32)
        wanted = random.integers(-9, 10, (target.lanes, features)).astype(np.float32)
        check(SquaredError(features, False), MeanSquaredError(), y, wanted, target)
    y, wanted = (random.normal(size=(target.lanes, 1031)).astype(np.float32) for _ in range(2))
    check(SquaredError(1031, False), MeanSquaredError(), y, wanted, target)
    labels = random.integers(0, 7, target.lanes)
    y = random.normal(size=(target.lanes, 7)).astype(np.float32)
    check(SquaredError(7, True), MeanSquaredError(), y, labels, target)


@targets
def test_powers_of_two_are_exact(target: Target) -> None:
    """A mean over 8 whole numbers of a power of two samples has no rounding at all."""
    random = np.random.default_rng(6)
    y, wanted = (random.integers(-9, 10, (target.lanes, 8)).astype(np.float32) for _ in range(2))
    losses, dy = block(SquaredError(8, False), y, wanted, target.lanes, 64, target)
    np.testing.assert_array_equal(losses, ((y - wanted) ** 2).mean(axis=1))
    np.testing.assert_array_equal(dy, (y - wanted) / 256)


@targets
@pytest.mark.parametrize(
    "kernel", [CrossEntropyLoss(3, False), CrossEntropyLoss(3, True), SquaredError(3, True)], ids=str
)
def test_nan_stays_in_its_lane(kernel: Kernel, target: Target) -> None:
    """A sample that is NaN has a loss of NaN; the others do not notice, and free lanes are 0 even if they hold NaN."""
    y = np.full((target.lanes, 3), 0.25, np.float32)
    labels = np.zeros(target.lanes, np.int64)
    clean = block(kernel, y, labels, 3, 3, target)
    y[1, 0] = y[3:] = np.nan
    y[2:] = np.nan
    losses, dy = block(kernel, y, labels, 3, 3, target)
    assert np.isnan(losses[1])
    assert np.isnan(dy[1, 0])
    np.testing.assert_array_equal(losses[0], clean[0][0])
    np.testing.assert_array_equal(dy[0], clean[1][0])
    assert (dy[3:] == 0).all()


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_is_put_aside(target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    for kernel in (
        CrossEntropyLoss(10, False),
        CrossEntropyLoss(10, True),
        SquaredError(10, True),
        SquaredError(999, False),
    ):
        _, text = kernel.text(target)
        assert spills(assembly(text, target, str(kernel))) == 0

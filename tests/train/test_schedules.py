"""Schedules: the rate's factor at each step."""

from __future__ import annotations

import math

import pytest

from pellucid.errors import ParameterError
from pellucid.train import Constant, Cosine, StepDecay


def test_constant() -> None:
    """The factor is 1 at every step."""
    assert [Constant().factor(step, 3) for step in range(3)] == [1, 1, 1]


def test_step_decay() -> None:
    """The rate drops at half and at three quarters of the steps, and stays between."""
    factors = [StepDecay(drop=0.5).factor(step, 8) for step in range(8)]
    assert factors == [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25]


def test_cosine_rises_then_falls() -> None:
    """The rate rises by equal shares to 1 at the end of the warm-up, and falls along half a cosine."""
    factors = [Cosine(warmup=0.4).factor(step, 10) for step in range(10)]
    assert factors[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert factors[5:] == pytest.approx([0.5 * (1 + math.cos(math.pi * k / 6)) for k in range(1, 6)])


@pytest.mark.parametrize("total", [1, 2, 7, 45])
@pytest.mark.parametrize("warmup", [0.0, 0.01, 0.1, 0.5, 0.99])
def test_cosine_is_always_a_share(total: int, warmup: float) -> None:
    """Whatever the warm-up and the number of steps, each factor is above 0 and at most 1."""
    assert all(0 < Cosine(warmup).factor(step, total) <= 1 for step in range(total))


def test_refused() -> None:
    """A warm-up of the whole training, a drop of 0, or a point after the end cannot be."""
    with pytest.raises(ParameterError) as caught:
        Cosine(warmup=1)
    assert str(caught.value) == (
        "Cosine\n  got       warmup=1\n  expected  a finite number 0 or more and below 1\n"
        "  fix       give warmup a number in that range"
    )
    with pytest.raises(ParameterError, match=r"drop=0\n"):
        StepDecay(drop=0)
    with pytest.raises(ParameterError, match=r"at=1.5\n"):
        StepDecay(at=(0.5, 1.5))


def test_points_come_in_a_tuple() -> None:
    """A single point without its tuple is refused."""
    with pytest.raises(ParameterError) as caught:
        StepDecay(at=0.5)  # pyright: ignore[reportArgumentType] - what the test is about
    assert str(caught.value) == (
        "StepDecay\n  got       at=0.5\n  expected  a tuple of points\n  fix       use at=(0.5,) for a single one"
    )

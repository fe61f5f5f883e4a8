"""Optimizers: one step by hand, several beside PyTorch's, and the settings that are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from pellucid.errors import ParameterError
from pellucid.train import SGD, Adam, AdamW, Optimizer


def run(optimizer: Optimizer, weight: np.ndarray, grads: list[np.ndarray]) -> np.ndarray:
    """The weight after a step along each gradient."""
    slots = {name: np.zeros_like(weight) for name in optimizer.slots}
    for step, grad in enumerate(grads):
        weight, slots = optimizer.update(weight, grad, slots, step=step, rate=optimizer.rate)
        assert tuple(slots) == optimizer.slots
    return weight


ONES = np.ones(1)
BY_HAND: list[tuple[Optimizer, float]] = [  # from weight 1 with gradients 1, 1
    (SGD(0.1), 1 - 0.1 - 0.1),
    (SGD(0.1, momentum=0.5), 1 - 0.1 - 0.15),  # velocities 1, 1.5
    (SGD(0.1, momentum=0.5, nesterov=True), 1 - 0.15 - 0.175),  # 1 + 0.5 * 1, 1 + 0.5 * 1.5
    (SGD(0.1, weight_decay=0.5), 0.85 - 0.1425),  # gradients 1.5, 1 + 0.5 * 0.85
    (Adam(0.1, eps=1e-300), 1 - 0.1 - 0.1),  # equal gradients: steps of the rate
    (AdamW(0.1, eps=1e-300, weight_decay=0.5), (0.95 - 0.1) * 0.95 - 0.1),
]


@pytest.mark.parametrize(("optimizer", "expected"), BY_HAND, ids=lambda value: str(value))
def test_two_steps_by_hand(optimizer: Optimizer, expected: float) -> None:
    """Two steps along gradients of 1 end where the formula says."""
    assert run(optimizer, ONES, [ONES, ONES])[0] == pytest.approx(expected, rel=1e-12)


PYTORCH: list[tuple[Optimizer, Callable[[Any], torch.optim.Optimizer]]] = [
    (SGD(0.1), lambda w: torch.optim.SGD(w, lr=0.1)),
    (SGD(0.1, momentum=0.9), lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9)),
    (
        SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
        lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    ),
    (SGD(0.1, weight_decay=0.3), lambda w: torch.optim.SGD(w, lr=0.1, weight_decay=0.3)),
    (Adam(), lambda w: torch.optim.Adam(w)),
    (
        Adam(0.02, betas=(0.7, 0.9), eps=1e-3, weight_decay=0.1),
        lambda w: torch.optim.Adam(w, lr=0.02, betas=(0.7, 0.9), eps=1e-3, weight_decay=0.1),
    ),
    (AdamW(), lambda w: torch.optim.AdamW(w)),
    (AdamW(0.02, weight_decay=0.3), lambda w: torch.optim.AdamW(w, lr=0.02, weight_decay=0.3)),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("optimizer", "make"), PYTORCH, ids=lambda value: str(value) if hasattr(value, "rate") else "")
def test_same_as_pytorch(
    optimizer: Optimizer, make: Callable[[Any], torch.optim.Optimizer], dtype: type[np.floating[Any]]
) -> None:
    """Ten steps along the same gradients end where PyTorch's do, up to a few roundings a step."""
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((5, 7)).astype(dtype)
    grads = [rng.standard_normal((5, 7)).astype(dtype) for _ in range(10)]
    theirs = torch.tensor(weight.copy(), requires_grad=True)
    judge = make([theirs])
    for grad in grads:
        theirs.grad = torch.tensor(grad)
        judge.step()
    ours = run(optimizer, weight, grads)
    assert ours.dtype == dtype
    np.testing.assert_allclose(ours, theirs.detach(), rtol=0, atol=40 * float(np.finfo(dtype).eps))


def test_weights_and_slots_are_not_changed_in_place() -> None:
    """An update gives new arrays: what came is as before."""
    weight, grad = np.ones(3), np.full(3, 0.5)
    for optimizer in (SGD(0.1, momentum=0.9, weight_decay=0.1), Adam(weight_decay=0.1), AdamW()):
        slots = {name: np.ones(3) for name in optimizer.slots}
        optimizer.update(weight, grad, slots, step=3, rate=0.1)
        assert weight.tolist() == [1, 1, 1]
        assert grad.tolist() == [0.5, 0.5, 0.5]
        assert all(array.tolist() == [1, 1, 1] for array in slots.values())


def test_settings_have_one_form() -> None:
    """Whole numbers become floats, so that equal settings read equally."""
    assert repr(SGD(1)) == repr(SGD(1.0)) == "SGD(rate=1.0, momentum=0.0, nesterov=False, weight_decay=0.0)"
    assert Adam(betas=[0, 0.5]) == Adam(betas=(0.0, 0.5))  # pyright: ignore[reportArgumentType] - lists are let in


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: SGD(0),
        "SGD\n  got       rate=0\n  expected  a finite number above 0\n  fix       give rate a number in that range",
    ),
    (
        lambda: SGD(0.1, momentum=1),
        "SGD\n  got       momentum=1\n  expected  a finite number 0 or more and below 1\n"
        "  fix       give momentum a number in that range",
    ),
    (
        lambda: SGD(0.1, nesterov=True),
        "SGD\n  got       nesterov=True, momentum=0\n  expected  momentum above 0\n  fix       use momentum=0.9, say",
    ),
    (
        lambda: SGD(0.1, weight_decay=float("nan")),
        "SGD\n  got       weight_decay=nan\n  expected  a finite number 0 or more\n"
        "  fix       give weight_decay a number in that range",
    ),
    (
        lambda: Adam("fast"),  # pyright: ignore[reportArgumentType] - what the test is about
        "Adam\n  got       rate='fast'\n  expected  a finite number above 0\n"
        "  fix       give rate a number in that range",
    ),
    (
        lambda: Adam(betas=(0.9,)),  # pyright: ignore[reportArgumentType] - what the test is about
        "Adam\n  got       betas=(0.9,)\n  expected  two numbers\n  fix       use (0.9, 0.999)",
    ),
    (
        lambda: Adam(betas=0.9),  # pyright: ignore[reportArgumentType] - what the test is about
        "Adam\n  got       betas=0.9\n  expected  two numbers\n  fix       use (0.9, 0.999)",
    ),
    (
        lambda: SGD(10**5000),
        "SGD\n  got       rate beyond the largest float\n  expected  a finite number above 0\n"
        "  fix       give rate a number in that range",
    ),
    (
        lambda: SGD(0.1, 0.9, nesterov="no"),  # pyright: ignore[reportArgumentType] - what the test is about
        "SGD\n  got       nesterov='no'\n  expected  True or False\n  fix       write nesterov=True or nesterov=False",
    ),
    (
        lambda: AdamW(betas=(0.9, 1.0)),
        "AdamW\n  got       betas=1.0\n  expected  a finite number 0 or more and below 1\n"
        "  fix       give betas a number in that range",
    ),
    (
        lambda: AdamW(eps=0),
        "AdamW\n  got       eps=0\n  expected  a finite number above 0\n  fix       give eps a number in that range",
    ),
    (
        lambda: Adam(True),
        "Adam\n  got       rate=True\n  expected  a finite number above 0\n"
        "  fix       give rate a number in that range",
    ),
]


@pytest.mark.parametrize(("make", "text"), REFUSED)
def test_settings_out_of_range(make: Callable[[], Any], text: str) -> None:
    """A setting that cannot be is refused when the optimizer is made."""
    with pytest.raises(ParameterError) as caught:
        make()
    assert str(caught.value) == text

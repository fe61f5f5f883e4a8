"""Dropout: a mask that is a function of the sample, what survives is scaled, and inference changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ParameterError, ShapeError
from pellucid.layers import Dropout, Dropout2d
from pellucid.layers.base import Cost, Run
from pellucid.random import uniform

KINDS = [Dropout, Dropout2d]


def training(**of: Any) -> Run:
    """A run in training."""
    return Run(training=True, layer="dropout1", **of)


@pytest.mark.parametrize("kind", KINDS)
def test_inference_changes_nothing(kind: type[Dropout]) -> None:
    """Outside of training the very input comes out, and gradients pass."""
    x = np.arange(24.0).reshape(1, 2, 3, 4)
    assert kind(0.9).forward(x, w={}, run=Run()) is x
    assert backward(kind(0.9), x[0], x[0]).inputs[0].tolist() == x[0].tolist()
    told = kind(0.9).explain((1, 2, 3), x, w={}, run=Run())
    assert (told.rule, told.total, told.formula) == ("pick", 23, "x")


def test_the_mask_is_told() -> None:
    """Where the numbers drawn for (seed, step, layer, sample) are below p is 0; elsewhere stands 1 / (1 - p)."""
    run = training(seed=5, step=3, samples=np.array([40, 7]))
    drawn = uniform(5, 3, "dropout1", np.array([40, 7]), 12).reshape(2, 3, 4)
    factors = Dropout(0.25).factors((2, 3, 4), run)
    assert factors.tolist() == np.where(drawn < 0.25, 0, 4 / 3).tolist()
    x = np.arange(1.0, 25).reshape(2, 3, 4)
    assert Dropout(0.25).forward(x, w={}, run=run).tolist() == (x * factors).tolist()
    assert Dropout(0.25).backward(x, x, y=x, w={}, run=run).inputs[0].tolist() == (x * factors).tolist()
    told = Dropout(0.25).explain((1, 2), x, w={}, run=run)
    assert (told.rule, told.formula) == ("function", "x * factor")
    assert (told.numbers["factor"], told.total) == (factors[0, 1, 2], x[0, 1, 2] * factors[0, 1, 2])


def test_samples_are_numbered_from_zero_by_default() -> None:
    """Without numbers of their own, samples are numbered by their place in the batch."""
    counted = training(samples=np.arange(3))
    assert Dropout().factors((3, 50), training()).tolist() == Dropout().factors((3, 50), counted).tolist()


def test_a_sample_keeps_its_mask_in_any_batch() -> None:
    """The mask goes with the sample's number, whatever batch it comes in and wherever it stands there."""
    alone = Dropout().factors((1, 50), training(samples=np.array([9])))
    among = Dropout().factors((3, 50), training(samples=np.array([2, 9, 4])))
    assert alone[0].tolist() == among[1].tolist()


def test_masks_change_with_the_step_and_the_layer() -> None:
    """Every step, every layer of that name and every seed has its own mask."""
    masks = [
        Dropout().factors((1, 64), run).tobytes()
        for run in (training(), training(step=1), training(seed=1), training().at("dropout2"))
    ]
    assert len(set(masks)) == 4


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_shares_and_means(p: float) -> None:
    """A share p falls, within five standard errors, and the scale keeps the mean."""
    factors = Dropout(p).factors((100, 1000), training())
    error = (p * (1 - p) / 100_000) ** 0.5
    assert abs((factors == 0).mean() - p) < 5 * error
    assert abs(factors.mean() - 1) < 5 * error / (1 - p)
    assert set(np.unique(factors)) == {0, 1 / (1 - p)}


def test_whole_maps_fall() -> None:
    """Dropout2d silences or scales whole maps, and a share p of them."""
    factors = np.broadcast_to(Dropout2d(0.5).factors((200, 10, 3, 4), training()), (200, 10, 3, 4))
    assert (factors == factors[:, :, :1, :1]).all()
    assert abs((factors[:, :, 0, 0] == 0).mean() - 0.5) < 5 * (0.25 / 2000) ** 0.5
    x = np.ones((1, 10, 3, 4))
    y = Dropout2d(0.5).forward(x, w={}, run=training())
    assert y.tolist() == (x * factors[:1]).tolist()
    told = [Dropout2d(0.5).explain((channel, 1, 2), x, w={}, run=training()).total for channel in range(10)]
    assert told == y[0, :, 1, 2].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_and_everything(kind: type[Dropout]) -> None:
    """P = 0 keeps all as it is, p = 1 silences all."""
    x = doubles(np.ones((4, 3, 3)))
    assert forward(kind(0), x, run=training()).tolist() == x.tolist()
    assert not forward(kind(1), x, run=training()).any()
    assert not backward(kind(1), x, x, run=training()).inputs[0].any()


def test_a_number_drawn_at_p_survives() -> None:
    """A number falls if it is below p, not at p: so p = 0 drops nothing, however small a number is drawn."""
    drawn = uniform(0, 0, "dropout1", np.array([0]), 8)[0]
    middle = np.sort(drawn)[4]
    assert ((Dropout(float(middle)).factors((1, 8), training())[0] > 0) == (drawn >= middle)).all()


def test_signs_and_special_values() -> None:
    """A dropped negative is -0.0, as in PyTorch and TensorFlow; NaN and infinity times 0 are NaN."""
    y = forward(Dropout(1.0), [-1, 1, np.nan, np.inf], run=training())
    assert np.signbit(y[:2]).tolist() == [True, False]
    assert np.isnan(y[2:]).all()


def test_costs_nothing_at_inference() -> None:
    """Costs are those of inference: dropout has none, and no weights."""
    assert Dropout().cost((10,)) == Cost()
    assert Dropout().weights((10,)) == {}


def test_default_is_pytorchs() -> None:
    """Half of the numbers fall unless told otherwise."""
    assert Dropout().config() == Dropout2d().config() == {"p": 0.5}


ANY: Any = Dropout
REFUSED = [
    *(
        Refusal(lambda p=p: ANY(p), ParameterError, "Dropout", f"p={p!r}", "a number from 0 to 1", fix)
        for p, fix in [
            (1.5, "give a number in that range"),
            (-0.1, "give a number in that range"),
            (float("nan"), "give a number in that range"),
            (True, "give a number in that range"),
            ("0.5", "give a number in that range"),
            (None, "give a number"),
        ]
    ),
    Refusal(
        lambda: Dropout2d().shape_of((10,)),
        ShapeError,
        "Dropout2d",
        "input (10,): 1 axes",
        "maps of shape (channels, height, width)",
        "put it before Flatten",
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: f"{refusal.where} {refusal.got}")
def test_refused(refusal: Refusal) -> None:
    """What is no probability is refused, and vectors where maps should fall."""
    refusal.check()

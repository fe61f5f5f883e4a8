"""Batch normalisation: whose mean and variance, which variance, and how running averages follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from by_hand import Refusal, doubles

from pellucid.errors import ParameterError, ShapeError
from pellucid.layers import BatchNorm1d, BatchNorm2d
from pellucid.layers.base import Cost, Run

TRAINING = Run(training=True)
KEEP = {"running_mean": [0], "running_var": [1]}


def test_inference_on_paper() -> None:
    """The running averages normalise: (5 - 1) / sqrt(3.75 + 0.25) * 10 + 7 = 27, and the explanation tells all five."""
    layer = BatchNorm2d(eps=0.25)
    given = {"weight": [10], "bias": [7], "running_mean": [1], "running_var": [3.75]}
    x, w = doubles([[[[5]]]]), {name: doubles(value) for name, value in given.items()}
    assert layer.forward(x, w=w, run=Run()).tolist() == [[[[27]]]]
    told = layer.explain((0, 0, 0), x, w=w, run=Run())
    assert told.numbers == {"mean": 1, "variance": 3.75, "eps": 0.25, "weight": 10, "bias": 7}
    assert (told.formula, told.total) == ("(x - mean) / sqrt(variance + eps) * weight + bias", 27)


def test_training_on_paper() -> None:
    """In training the batch's own mean 4 and biased variance 5 - over all samples and places - normalise."""
    layer = BatchNorm2d(eps=4, affine=False)
    x = doubles([[[[1, 3]]], [[[5, 7]]]])  # (2, 1, 1, 2): mean 4, squares 9, 1, 1, 9
    w = {name: doubles(value) for name, value in KEEP.items()}
    assert layer.forward(x, w=w, run=TRAINING).ravel().tolist() == [-1, -1 / 3, 1 / 3, 1]
    told = layer.explain((0, 0, 1), x, w=w, run=TRAINING)
    assert told.numbers == {"mean": 4, "variance": 5, "eps": 4}
    assert (told.formula, told.total) == ("(x - mean) / sqrt(variance + eps)", -1 / 3)


@pytest.mark.parametrize(
    ("layer", "mean", "variance"),
    [
        (BatchNorm2d(), 0.9 * 10 + 0.1 * 4, 0.9 * 2 + 0.1 * 5 * 4 / 3),  # PyTorch: over n - 1
        (BatchNorm2d(unbiased=False, momentum=0.01), 0.99 * 10 + 0.01 * 4, 0.99 * 2 + 0.01 * 5),  # Keras: over n
        (BatchNorm2d(momentum=0), 10, 2),
        (BatchNorm2d(momentum=1), 4, 5 * 4 / 3),
    ],
)
def test_running_averages(layer: BatchNorm2d, mean: float, variance: float) -> None:
    """Running averages move by `momentum` towards the batch's mean and its variance, over n - 1 or over n."""
    x = doubles([[[[1, 3]]], [[[5, 7]]]])
    found = layer.updates(x, w={"running_mean": doubles([10]), "running_var": doubles([2])})
    assert found["running_mean"] == pytest.approx([mean], rel=1e-15)
    assert found["running_var"] == pytest.approx([variance], rel=1e-15)


def test_published_variance_of_four() -> None:
    """Of 1, 2, 3, 4 the unbiased variance is 1.667 and the biased 1.25: Keras's issue 10443 tells them apart."""
    x = doubles([1, 2, 3, 4]).reshape(4, 1, 1, 1)
    w = {name: doubles(value) for name, value in KEEP.items()}
    assert BatchNorm2d(momentum=1).updates(x, w=w)["running_var"] == pytest.approx([5 / 3])
    assert BatchNorm2d(momentum=1, unbiased=False).updates(x, w=w)["running_var"] == pytest.approx([1.25])


def test_one_number_has_no_unbiased_variance() -> None:
    """A channel of a single number has variance 0, over n - 1 too: nothing is divided by zero."""
    w = {name: doubles(value) for name, value in KEEP.items()}
    assert BatchNorm2d(momentum=1).updates(doubles([[[[7]]]]), w=w)["running_var"].tolist() == [0]


def test_large_means_keep_their_digits() -> None:
    """With mean 1000 and deviation 0.02 float32 still normalises: the variance is no difference of large squares."""
    x = (1000 + 0.02 * np.random.default_rng(0).standard_normal((8, 1, 6, 6))).astype(np.float32)
    w = {name: np.array(value, np.float32) for name, value in KEEP.items()}
    y = BatchNorm2d(affine=False).forward(x, w=w, run=TRAINING)
    exact = x.astype(np.float64)
    wanted = (exact - exact.mean()) / np.sqrt(exact.var() + 1e-5)
    assert y.dtype == np.float32
    # 1000 has steps of 6e-5 in float32, which is 0.003 deviations: the mean can be off by about one of them
    assert np.abs(y - wanted).max() < 0.01


def test_nan_stays_in_its_channel() -> None:
    """In training NaN spoils its own channel, and no other."""
    x = np.ones((2, 2, 3, 3))
    x[0, 0, 0, 0] = np.nan
    w = {name: np.repeat(doubles(value), 2) for name, value in KEEP.items()}
    y = BatchNorm2d(affine=False).forward(x, w=w, run=TRAINING)
    assert np.isnan(y[:, 0]).all()
    assert (y[:, 1] == 0).all()


def test_weights_and_cost() -> None:
    """Four numbers a channel, two of them learned; folded together they cost a multiplication and an addition."""
    assert {name: of.shape for name, of in BatchNorm2d().weights((8, 7, 7)).items()} == {
        "weight": (8,),
        "bias": (8,),
        "running_mean": (8,),
        "running_var": (8,),
    }
    assert list(BatchNorm2d(affine=False).weights((8, 7, 7))) == ["running_mean", "running_var"]
    assert BatchNorm2d().cost((8, 7, 7)) == Cost(muls=392, adds=392)


def test_defaults_are_pytorchs() -> None:
    """Eps 1e-5, a tenth of the batch in the running averages, a learned scale and shift, variance over n - 1."""
    assert BatchNorm2d().config() == {"eps": 1e-5, "momentum": 0.1, "affine": True, "unbiased": True}


ANY: Any = BatchNorm2d
REFUSED = [
    *(
        Refusal(lambda settings=settings: ANY(**settings), ParameterError, "BatchNorm2d", got, expected, fix)
        for settings, got, expected, fix in [
            ({"eps": 0}, "eps=0", "a finite number above 0", "use a small number such as 1e-5"),
            ({"eps": -1e-5}, "eps=-1e-05", "a finite number above 0", "use a small number such as 1e-5"),
            ({"eps": "1e-5"}, "eps='1e-5'", "a finite number", "give a number in that range"),
            ({"momentum": 1.1}, "momentum=1.1", "a number from 0 to 1", "give a number in that range"),
            ({"momentum": None}, "momentum=None", "a number from 0 to 1", "give a number"),
            ({"affine": 0}, "affine=0", "True or False", "give True or False"),
            ({"unbiased": "no"}, "unbiased='no'", "True or False", "give True or False"),
        ]
    ),
    Refusal(
        lambda: BatchNorm2d().shape_of((10,), name="norm1"),
        ShapeError,
        "BatchNorm2d 'norm1'",
        "input (10,): 1 axes",
        "maps of shape (channels, height, width)",
        "put it before Flatten",
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: f"{refusal.where} {refusal.got}")
def test_refused(refusal: Refusal) -> None:
    """Impossible parameters are refused when the layer is made, and what is no maps when it meets a shape."""
    refusal.check()


def test_vectors_are_for_the_other_batch_norm():
    """Maps are refused by the batch norm of vectors, which names the one for maps."""
    with pytest.raises(ShapeError, match="use BatchNorm2d for maps"):
        BatchNorm1d().output_shape((3, 4, 5))

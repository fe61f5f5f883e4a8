"""Norms of a sample's own numbers: which are measured together, by hand, and what keeps its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ParameterError, ShapeError
from pellucid.layers import GroupNorm, InstanceNorm2d, Layer, LayerNorm
from pellucid.layers.base import Cost, Run
from pellucid.layers.sample_norms import SampleNorm
from pellucid.window import Window

X = [[[1, 3]], [[5, 7]]]  # all: mean 4, variance 5; maps: means 2 and 6, variance 1; places: means 3 and 5, variance 4


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (LayerNorm(eps=4, scale=False, bias=False), [[[-1, -1 / 3]], [[1 / 3, 1]]]),
        (LayerNorm((0,), eps=12, scale=False, bias=False), [[[-0.5, -0.5]], [[0.5, 0.5]]]),
        (LayerNorm((2,), eps=3, scale=False, bias=False), [[[-0.5, 0.5]], [[-0.5, 0.5]]]),
        (LayerNorm((1,), eps=3, scale=False, bias=False), [[[0, 0]], [[0, 0]]]),
        (GroupNorm(1, eps=4, affine=False), [[[-1, -1 / 3]], [[1 / 3, 1]]]),
        (GroupNorm(2, eps=3, affine=False), [[[-0.5, 0.5]], [[-0.5, 0.5]]]),
        (InstanceNorm2d(eps=3), [[[-0.5, 0.5]], [[-0.5, 0.5]]]),
    ],
    ids=repr,
)
def test_what_is_measured_together(layer: Layer, wanted: list[Any]) -> None:
    """All numbers, a place over the channels, a row, a group or a map: mean and variance over n are theirs."""
    assert forward(layer, X).tolist() == wanted


def test_samples_do_not_meet() -> None:
    """Another sample in the batch changes nothing, in training neither."""
    x = np.stack([doubles(X), 100 * doubles(X) ** 2])
    for run in (Run(), Run(training=True)):
        y = LayerNorm(eps=4, scale=False, bias=False).forward(x, w={}, run=run)
        assert y[0].tolist() == [[[-1, -1 / 3]], [[1 / 3, 1]]]


def test_each_place_has_its_weights() -> None:
    """A layer norm scales and shifts each place of its axes, whatever their order; the others share these."""
    layer = LayerNorm((2, 0), eps=4)
    assert {name: of.shape for name, of in layer.weights((2, 1, 2)).items()} == {"weight": (2, 2), "bias": (2, 2)}
    found = forward(layer, X, weight=[[1, 3], [6, 2]], bias=[[0, 0], [0, 10]])
    assert found.tolist() == [[[-1, -1]], [[2, 12]]]
    assert LayerNorm((2, 0)).weights((2, 5, 3))["weight"].shape == (2, 3)
    assert LayerNorm((0,)).weights((2, 5, 3))["bias"].shape == (2,)


def test_each_channel_has_its_weights() -> None:
    """Groups share mean and variance, but each channel has a scale and a shift of its own."""
    found = forward(GroupNorm(1, eps=4), X, weight=[3, 6], bias=[1, 0])
    assert found.tolist() == [[[-2, 0]], [[2, 6]]]
    assert forward(InstanceNorm2d(eps=3, affine=True), X, weight=[2, 4], bias=[0, 1]).tolist() == [[[-1, 1]], [[-1, 3]]]


def test_gradients_on_paper() -> None:
    """Of a row -1, 1 with deviation 2: what moves both alike, or stretches them, is mostly taken back."""
    found = backward(LayerNorm(eps=3), [8, 0], [-1, 1], weight=[1, 1], bias=[0, 0])
    # normal -0.5, 0.5; grad - mean 4 is 4, -4; mean of grad * normal is -2: 4 - 1 and -4 + 1, over 2
    assert found.inputs[0].tolist() == [1.5, -1.5]
    assert (found.weights["weight"].tolist(), found.weights["bias"].tolist()) == ([-4, 0], [8, 0])


def test_the_explanation_names_all_that_it_measures() -> None:
    """Mean, variance, eps and the affine step are exact numbers, of the terms that are listed."""
    layer, w = LayerNorm((0, 2), eps=4), {"weight": doubles([[1, 3], [6, 2]]), "bias": doubles([[0, 0], [0, 10]])}
    told = layer.explain((1, 0, 1), doubles([X]), w=w, run=Run())
    assert told.numbers == {"x": 7, "mean": 4, "variance": 5, "eps": 4, "weight": 2, "bias": 10}
    assert (told.rule, told.total) == ("normal", 12)
    assert told.formula == "(x - mean) / sqrt(variance + eps) * weight + bias"
    assert told.terms.index.tolist() == [[0, 0, 0], [0, 0, 1], [1, 0, 0], [1, 0, 1]]
    assert told.terms.value.tolist() == [1, 3, 5, 7]
    apart = InstanceNorm2d(eps=3).explain((1, 0, 0), doubles([X]), w={}, run=Run())
    assert (apart.formula, apart.total) == ("(x - mean) / sqrt(variance + eps)", -0.5)
    assert (apart.numbers, apart.terms.value.tolist()) == ({"x": 5, "mean": 6, "variance": 1, "eps": 3}, [5, 7])


def test_nan_stays_with_what_is_measured_together() -> None:
    """NaN spoils its own group, place or map, and no other."""
    x = np.ones((4, 2, 2))
    x[0, 0, 0] = np.nan
    for layer, spoiled in (
        (GroupNorm(2, affine=False), np.arange(16).reshape(4, 2, 2) < 8),
        (InstanceNorm2d(), np.arange(16).reshape(4, 2, 2) < 4),
        (LayerNorm((0,), scale=False, bias=False), np.arange(16).reshape(4, 2, 2) % 4 == 0),
    ):
        assert np.array_equal(np.isnan(forward(layer, x)), spoiled)


@pytest.mark.parametrize("layer", [LayerNorm(), GroupNorm(1), InstanceNorm2d()], ids=repr)
def test_large_means_keep_their_digits(layer: Layer) -> None:
    """With mean 1000 and deviation 0.02 float32 still normalises: the variance is no difference of large squares."""
    x = (1000 + 0.02 * np.random.default_rng(0).standard_normal((1, 1, 16, 16))).astype(np.float32)
    w = {name: of.initial(np.random.default_rng(0)) for name, of in layer.weights((1, 16, 16)).items()}
    y = layer.forward(x, w=w, run=Run())
    exact = x.astype(np.float64)
    assert y.dtype == np.float32
    # 1000 has steps of 6e-5 in float32, which is 0.003 deviations: the mean can be off by about one of them
    assert np.abs(y - (exact - exact.mean()) / np.sqrt(exact.var() + 1e-5)).max() < 0.01


def test_one_number_by_itself_is_0() -> None:
    """A map of one place has no variance: what is left of it is its shift."""
    assert forward(InstanceNorm2d(affine=True), [[[7]]], weight=[2], bias=[3]).tolist() == [[[3]]]


def test_costs() -> None:
    """Of n numbers in m groups: 3n - m additions, 2n multiplications and 3m divisions, m roots, and the affine step."""
    assert GroupNorm(2, affine=False).cost((4, 3, 5)) == Cost(adds=180 - 2, muls=120 + 6, specials=2)
    assert GroupNorm(2).cost((4, 3, 5)) == Cost(adds=240 - 2, muls=180 + 6, specials=2)
    assert LayerNorm((0,), bias=False).cost((4, 3, 5)) == Cost(adds=180 - 15, muls=180 + 45, specials=15)
    assert InstanceNorm2d().cost((4, 3, 5)) == Cost(adds=180 - 4, muls=120 + 12, specials=4)


def test_windows() -> None:
    """A unit reads the whole of the axes that are measured together, and one place of the others."""
    assert LayerNorm().windows((3, 4, 5)) == GroupNorm(3).windows((3, 4, 5)) == (None, None)
    assert LayerNorm((0,)).windows((3, 4, 5)) == (Window(1), Window(1))
    assert LayerNorm((1,)).windows((3, 4, 5)) == (None, Window(1))
    assert LayerNorm((-1,)).windows((3, 4, 5)) == (Window(1), None)
    assert LayerNorm().windows((5,)) == (None, None)


def test_defaults_are_pytorchs() -> None:
    """Eps 1e-5 for all; layer and group norm learn, instance norm does not."""
    assert LayerNorm().config() == {"eps": 1e-5, "axes": None, "scale": True, "bias": True}
    assert GroupNorm(2).config() == {"eps": 1e-5, "num_groups": 2, "affine": True}
    assert InstanceNorm2d().config() == {"eps": 1e-5, "affine": False}
    assert repr(GroupNorm(2, eps=0.5)) == "GroupNorm(2, eps=0.5)"
    assert repr(LayerNorm((0, 2), eps=0.5)) == "LayerNorm(axes=(0, 2), eps=0.5)"


ANY: Any = LayerNorm
AXES = ("axes without the batch, each named once", "write for instance (0,), (1, 2), or None for all")
REFUSED = [
    *(
        Refusal(make, ParameterError, where, got, expected, fix)
        for make, where, got, expected, fix in [
            (lambda: LayerNorm(()), "LayerNorm", "axes=()", *AXES),
            (lambda: LayerNorm((1, 1)), "LayerNorm", "axes=(1, 1)", *AXES),
            (
                lambda: ANY("last"),
                "LayerNorm",
                "axes='last'",
                "a whole number, -2147483647 to 2147483647",
                "give a whole number",
            ),
            (
                lambda: LayerNorm(eps=0),
                "LayerNorm",
                "eps=0",
                "a finite number above 0",
                "use a small number such as 1e-5",
            ),
            (lambda: GroupNorm(0), "GroupNorm", "num_groups=0", "a whole number, 1 to 2147483647", "use 1 or more"),
            (
                lambda: InstanceNorm2d(affine=1),  # pyright: ignore[reportArgumentType]
                "InstanceNorm2d",
                "affine=1",
                "True or False",
                "give True or False",
            ),
        ]
    ),
    *(
        Refusal(
            lambda axes=axes: LayerNorm(axes).shape_of((3, 4, 5), name="norm1"),
            ShapeError,
            "LayerNorm 'norm1'",
            f"axes {axes} of input (3, 4, 5)",
            "axes from 0 to 2, each once",
            "count axes without the batch",
        )
        for axes in ((3,), (-4,), (0, -3))
    ),
    Refusal(
        lambda: GroupNorm(4).shape_of((6, 2, 2), name="norm1"),
        ShapeError,
        "GroupNorm 'norm1'",
        "6 channels in 4 groups",
        "groups that divide the 6 channels",
        "use num_groups=2 or another divisor of 6",
    ),
    Refusal(
        lambda: InstanceNorm2d().shape_of((7,)),
        ShapeError,
        "InstanceNorm2d",
        "input (7,): 1 axes",
        "maps of shape (channels, height, width)",
        "put it before Flatten",
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: f"{refusal.where} {refusal.got}")
def test_refused(refusal: Refusal) -> None:
    """Axes that are not there, groups that do not divide, and what is no maps are refused, and told."""
    refusal.check()


def test_what_the_family_leaves_to_its_members() -> None:
    """What these norms share is no layer by itself: what is measured together must still be said."""
    for unsaid in (lambda: SampleNorm().cut((3,)), lambda: SampleNorm().learned()):
        with pytest.raises(NotImplementedError):
            unsaid()

"""Two networks that differ by one rule: it is found and worded; what explains nothing is not named."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Network
from pellucid.comparison import compare
from pellucid.errors import ParameterError
from pellucid.layers import AvgPool2d, BatchNorm2d, Conv2d, LeakyReLU, MaxPool2d, ReLU, Softmax

IMAGE = np.random.default_rng(3).normal(size=(3, 8, 9)).astype(np.float32)
PAIRS = [
    (Conv2d(5, 3, stride=2, padding="same"), Conv2d(5, 3, stride=2, padding=((1, 0), (1, 1))), "padding"),
    (AvgPool2d(2, padding=1), AvgPool2d(2, padding=1, count_include_pad=False), "count_include_pad"),
    (MaxPool2d(2), MaxPool2d(2, ceil_mode=True), "ceil_mode"),
    (BatchNorm2d(eps=1e-5), BatchNorm2d(eps=1e-3), "eps"),
    (LeakyReLU(0.01), LeakyReLU(0.3), "negative_slope"),
    (Softmax(0), Softmax(2), "axis"),
]


@pytest.mark.parametrize(("a", "b", "rule"), PAIRS, ids=[rule for *_, rule in PAIRS])
def test_a_parameter_is_named(a, b, rule):
    """The one parameter in which two layers differ is the only rule named."""
    found = compare(Network((3, 8, 9), [("x", a)]), Network((3, 8, 9), [("x", b)]), IMAGE)
    (words,) = found.rules
    assert words.startswith(f"{rule} is ")
    assert not found.same


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (lambda w: w[..., ::-1, ::-1], "B's kernel is A's rotated by 180 degrees"),
        (lambda w: w[..., ::-1, :], "B's kernel is A's flipped along the height"),
        (lambda w: w[..., ::-1], "B's kernel is A's flipped along the width"),
        (lambda w: w.swapaxes(2, 3), "B's kernel is A's transposed"),
    ],
)
def test_a_turned_kernel_is_named(turn, words):
    """A kernel in another order is found, beside the plain fact that the weights differ."""
    a, b = (Network((3, 8, 9), [Conv2d(5, 3), ReLU()], seed=1) for _ in range(2))
    b.weights["conv1.weight"] = turn(a.weights["conv1.weight"])
    first, second = compare(a, b, IMAGE).rules
    assert first.startswith(words)
    assert second.startswith("the weights differ: ")


def test_rounding_is_said_to_be_rounding():
    """Two engines' sums differ in their last digits."""
    net = Network((3, 8, 9), [Conv2d(5, 3), ReLU()])
    other = Network((3, 8, 9), [Conv2d(5, 3), ReLU()])
    other.weights["conv1.weight"] = np.nextafter(net.weights["conv1.weight"], np.float32(9))
    assert str(compare(net, other, IMAGE)) == "the same, but for rounding"


def test_nothing_is_named_that_does_not_explain_the_numbers():
    """Two tensors differ at once: neither alone gives the other's numbers, so no rule is named."""
    a, b = (Network((3, 8, 9), [Conv2d(5, 3)], seed=seed) for seed in (1, 2))
    found = compare(a, b, IMAGE)
    assert found.rules == ()
    assert str(found).endswith("no rule that was tried explains it")


def test_nan_in_the_same_places_is_the_same():
    """NaN on both sides is no difference."""
    net = Network((3, 8, 9), [ReLU()])
    assert str(compare(net, net, np.full((3, 8, 9), np.nan))) == "the same, number by number"


def test_other_layers_are_refused():
    """Networks of other layers are not compared by guesswork."""
    with pytest.raises(ParameterError, match="1 and 2 layers whose kinds, order or wiring differ"):
        compare(Network((3, 8, 9), [ReLU()]), Network((3, 8, 9), [ReLU(), ReLU()]), IMAGE)

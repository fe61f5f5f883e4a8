"""Two networks that differ by one rule: it is found and worded; what explains nothing is not named."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Network, compare
from pellucid.engines.reference import ReferenceEngine, ReferenceProgram
from pellucid.layers import (
    GELU,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Softmax,
)

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
    """Two engines' sums differ in their last digits, and the definitions do not."""
    net = Network((3, 8, 9), [Conv2d(5, 3), Flatten(), Linear(7)])
    found = compare(net, net, IMAGE, engines=("reference", "native"))
    assert "rounding" in {layer.verdict for layer in found.layers}
    assert found.sentence == "the same, but for rounding"


@pytest.mark.parametrize(
    ("a", "b", "rule"),
    [(BatchNorm2d(eps=1e-5), BatchNorm2d(eps=1.001e-5), "eps"), (GELU(), GELU("tanh"), "approximate")],
)
def test_a_small_rule_is_not_taken_for_rounding(a, b, rule):
    """A difference that float32 could have made is still a rule's where the definitions differ in float64."""
    image = IMAGE * np.float32(1e-3)
    found = compare(Network((3, 8, 9), [("x", a)]), Network((3, 8, 9), [("x", b)]), image)
    assert found.layers[-1].relative < 2**-15
    (words,) = found.rules
    assert words.startswith(f"{rule} is ")


def test_weights_that_differ_in_a_last_digit_are_found():
    """One number of one tensor, moved to the next float32, is told as that."""
    a, b = (Network((3, 8, 9), [Conv2d(5, 3)], seed=1) for _ in range(2))
    weight = a.weights["conv1.weight"].copy()
    weight[2, 1, 0, 1] = np.nextafter(weight[2, 1, 0, 1], np.float32(9))
    b.weights["conv1.weight"] = weight
    assert compare(a, b, IMAGE).rules == ("the weights differ: 1 of 135 numbers of 'weight'; load the same weights",)


def test_a_bias_that_is_missing_is_named():
    """A convolution with a bias, and one whose bias is zero."""
    a, b = (Network((3, 8, 9), [Conv2d(5, 3)], seed=1) for _ in range(2))
    b.weights["conv1.bias"] = np.zeros(5)
    assert compare(a, b, IMAGE).rules[0] == "B adds no bias; add A's bias along the channels (axis 0)"


class Off(ReferenceEngine):
    """An engine whose last layer is off by 1 in one number."""

    name = "off"

    def program(self, net):
        """Make `net` ready to run."""
        return OffProgram(net)


class OffProgram(ReferenceProgram):
    """Runs a network, and spoils a number."""

    def trace(self, inputs):
        """Return every value."""
        found = super().trace(inputs)
        last = list(found)[-1]
        spoiled = found[last].copy()
        spoiled.ravel()[7] += 1
        return {**found, last: spoiled}


def test_an_engine_that_is_wrong_is_told_from_a_rule():
    """Where the definitions agree and the numbers do not, it is an engine's fault; without a rule none is named."""
    net = Network((3, 8, 9), [ReLU()])
    found = compare(net, net, IMAGE, engines=("reference", Off()))
    assert not found.same
    assert found.rules == ()
    assert found.sentence == (
        "first difference: 'relu1' and 'relu1', by 1: the engine 'off' of B does not follow the definition of ReLU: no "
        "rule that was tried explains it"
    )


def test_weights_that_all_differ_are_named_together():
    """Two tensors differ at once: neither alone gives the other's numbers, and both together do."""
    a, b = (Network((3, 8, 9), [Conv2d(5, 3)], seed=seed) for seed in (1, 2))
    assert compare(a, b, IMAGE).rules == (
        "the weights differ: 5 of 5 numbers of 'bias' and 135 of 135 numbers of 'weight'; load the same weights",
    )


def test_nan_in_the_same_places_is_the_same():
    """NaN on both sides is no difference."""
    net = Network((3, 8, 9), [ReLU()])
    assert compare(net, net, np.full((3, 8, 9), np.nan)).sentence == "the same, number by number"


def test_the_place_of_the_largest_difference_is_told():
    """Each pair of layers says where in A's value they are farthest apart; layers that are the same say nothing."""
    a, b = Network((1, 2, 2), [ReLU(), Flatten()]), Network((1, 2, 2), [LeakyReLU(0.5), Flatten()])
    found = compare(a, b, [[[1.0, -1.0], [-4.0, -2.0]]])
    assert [layer.place for layer in found.layers] == [None, (0, 1, 0), (2,)]
    assert found.facts()["trials"][0]["layers"][1]["place"] == [0, 1, 0]

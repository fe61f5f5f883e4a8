"""Add and concat: which number of the output comes from which input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ShapeError
from pellucid.layers import Add, Concat
from pellucid.layers.base import Cost, Run


def test_add_on_paper() -> None:
    """Numbers at the same place are added, of two inputs or of more; each input gets the whole gradient."""
    assert forward(Add(), [1, 2], [10, 20]).tolist() == [11, 22]
    assert forward(Add(), [1, 2], [10, 20], [100, 200]).tolist() == [111, 222]
    assert [x.tolist() for x in backward(Add(), [5, 7], [1, 2], [3, 4], [5, 6]).inputs] == [[5, 7]] * 3
    told = Add().explain((1,), doubles([[1, 2]]), doubles([[10, 20]]), doubles([[100, 200]]), w={}, run=Run())
    assert (told.terms.value.tolist(), told.terms.source.tolist(), told.total) == ([2, 20, 200], [0, 1, 2], 222)


def test_add_of_a_value_to_itself() -> None:
    """The same value can be added to itself."""
    x = doubles([1, -2])
    assert forward(Add(), x, x).tolist() == [2, -4]


def test_add_follows_ieee() -> None:
    """Infinities of both signs add up to NaN, two negative zeros to a negative zero."""
    assert np.isnan(forward(Add(), [math.inf], [-math.inf])).all()
    assert np.signbit(forward(Add(), [-0.0], [-0.0])).all()


def test_concat_on_paper() -> None:
    """Channels follow one another in the order of the inputs, and gradients go back the same way."""
    a, b, c = [[[1, 2]]], [[[3, 4]], [[5, 6]]], [[[7, 8]]]
    assert forward(Concat(), a, b, c).tolist() == [[[1, 2]], [[3, 4]], [[5, 6]], [[7, 8]]]
    grad = [[[10, 20]], [[30, 40]], [[50, 60]], [[70, 80]]]
    found = backward(Concat(), grad, a, b, c).inputs
    assert [x.tolist() for x in found] == [[[[10, 20]]], [[[30, 40]], [[50, 60]]], [[[70, 80]]]]
    assert forward(Concat(), [1, 2], [3]).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("channel", "source", "place"), [(0, 0, [0, 0, 1]), (1, 1, [0, 0, 1]), (2, 1, [1, 0, 1]), (3, 2, [0, 0, 1])]
)
def test_concat_explained(channel: int, source: int, place: list[int]) -> None:
    """A number names the input that it came from, and its place there."""
    a, b, c = doubles([[[[1, 2]]]]), doubles([[[[3, 4]], [[5, 6]]]]), doubles([[[[7, 8]]]])
    told = Concat().explain((channel, 0, 1), a, b, c, w={}, run=Run())
    assert (told.terms.source.tolist(), told.terms.index.tolist()) == ([source], [place])
    assert (told.total, told.rule) == ([2, 4, 6, 8][channel], "pick")
    mask = np.zeros((4, 1, 2), bool)
    mask[channel, 0, 1] = True
    reads = Concat().reads(mask, (1, 1, 2), (2, 1, 2), (1, 1, 2))
    assert [read.any() for read in reads] == [i == source for i in range(3)]
    assert reads[source][tuple(place)]


def test_costs() -> None:
    """Adding n inputs takes n - 1 additions a number; putting side by side costs nothing."""
    assert Add().cost((2, 3, 4), (2, 3, 4), (2, 3, 4)) == Cost(adds=48)
    assert Concat().cost((2, 3, 4), (2, 3, 4)) == Cost()


MORE = "call it on 2 or more node(s)"
REFUSED = [
    Refusal(
        lambda: Add().shape_of((8, 7, 7), (8, 7, 6), name="join"),
        ShapeError,
        "Add 'join'",
        "inputs (8, 7, 7) and (8, 7, 6)",
        "inputs of one shape",
        "bring the branches to one shape, for instance with a 1x1 convolution",
    ),
    Refusal(
        lambda: Add().shape_of((3,), (3,), (1,)),
        ShapeError,
        "Add",
        "inputs (3,) and (3,) and (1,)",
        "inputs of one shape",
        "bring the branches to one shape, for instance with a 1x1 convolution",
    ),
    *(
        Refusal(
            lambda shapes=shapes: Concat().shape_of(*shapes),
            ShapeError,
            "Concat",
            f"inputs {shapes[0]} and {shapes[1]}",
            "inputs that differ in channels only",
            "bring the branches to one height and width, for instance with padding or pooling",
        )
        for shapes in (((8, 7, 7), (8, 7, 6)), ((8,), (8, 1, 1)))
    ),
    Refusal(lambda: Add().shape_of((3,)), ShapeError, "Add", "1 inputs", "2 or more", MORE),
    Refusal(lambda: Concat().shape_of(), ShapeError, "Concat", "0 inputs", "2 or more", MORE),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: f"{refusal.where} {refusal.got}")
def test_refused(refusal: Refusal) -> None:
    """Branches that do not fit, and fewer than two, are refused: nothing is stretched silently."""
    refusal.check()

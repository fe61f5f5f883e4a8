"""Add, subtract, multiply, concat: which number of the output comes from which input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ShapeError
from pellucid.layers import Add, Concat, Layer, Multiply, Subtract
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


def test_one_number_for_many_places() -> None:
    """A size of 1 stands for the whole axis: its number meets every place, and collects the gradient of all of them."""
    maps, one, row = [[[1, 2], [3, 4]]], [[[10]]], [[[100, 200]]]
    assert forward(Add(), maps, one).tolist() == [[[11, 12], [13, 14]]]
    assert forward(Add(), maps, one, row).tolist() == [[[111, 212], [113, 214]]]
    found = backward(Add(), [[[1, 2], [3, 5]]], maps, one, row).inputs
    assert [x.tolist() for x in found] == [[[[1, 2], [3, 5]]], [[[11]]], [[[4, 7]]]]
    assert forward(Multiply(), maps, row).tolist() == [[[100, 400], [300, 800]]]
    assert forward(Subtract(), one, maps).tolist() == [[[9, 8], [7, 6]]]
    assert forward(Add(), [[[1], [2]]], [[[10, 20, 30]]]).tolist() == [[[11, 21, 31], [12, 22, 32]]]


def test_subtract_on_paper() -> None:
    """The second input is taken from the first, and gets the negative gradient."""
    assert forward(Subtract(), [5, 7], [3, 10]).tolist() == [2, -3]
    assert [x.tolist() for x in backward(Subtract(), [5, 7], [1, 2], [3, 4]).inputs] == [[5, 7], [-5, -7]]
    assert [x.tolist() for x in backward(Subtract(), [5, 7], [1, 2], [3]).inputs] == [[5, 7], [-12]]
    told = Subtract().explain((1,), doubles([[5, 7]]), doubles([[10]]), w={}, run=Run())
    assert (told.rule, told.formula, told.total) == ("difference", "first - second", -3)
    assert (told.terms.value.tolist(), told.terms.index.tolist()) == ([7, 10], [[1], [0]])


def test_multiply_on_paper() -> None:
    """Numbers at the same place are multiplied; each input gets the gradient times all the others, even beside a 0."""
    assert forward(Multiply(), [2, 3], [5, -7]).tolist() == [10, -21]
    assert forward(Multiply(), [2, 3], [5, -7], [0, 10]).tolist() == [0, -210]
    found = backward(Multiply(), [1, 2], [2, 3], [5, -7], [0, 10]).inputs
    assert [x.tolist() for x in found] == [[0, -140], [0, 60], [10, -42]]
    told = Multiply().explain((1,), doubles([[2, 3]]), doubles([[5, -7]]), doubles([[0, 10]]), w={}, run=Run())
    assert (told.rule, told.formula, told.total) == ("product", "product(x)", -210)
    assert (told.terms.value.tolist(), told.terms.source.tolist()) == ([3, -7, 10], [0, 1, 2])


def test_a_gate_weighs_channels() -> None:
    """One number a channel weighs all places of it, and its gradient is the sum of what it weighed."""
    maps, gate = [[[1, 2]], [[3, 4]]], [[[10]], [[0]]]
    assert forward(Multiply(), maps, gate).tolist() == [[[10, 20]], [[0, 0]]]
    in_maps, in_gate = backward(Multiply(), [[[1, 1]], [[1, 2]]], maps, gate).inputs
    assert (in_maps.tolist(), in_gate.tolist()) == ([[[10, 10]], [[0, 0]]], [[[3]], [[11]]])
    told = Multiply().explain((0, 0, 1), doubles([maps]), doubles([gate]), w={}, run=Run())
    assert told.terms.index.tolist() == [[0, 0, 1], [0, 0, 0]]
    mask = np.zeros((2, 1, 2), bool)
    mask[0, 0, 1] = True
    assert [read.tolist() for read in Multiply().reads(mask, (2, 1, 2), (2, 1, 1))] == [
        [[[False, True]], [[False, False]]],
        [[[True]], [[False]]],
    ]


def test_products_and_differences_follow_ieee() -> None:
    """Zero times infinity is NaN, and so is infinity less infinity; the explanation says the same, without a word."""
    assert np.isnan(forward(Multiply(), [0.0], [math.inf])).all()
    assert np.isnan(forward(Subtract(), [math.inf], [math.inf])).all()
    for layer, first in ((Multiply(), 0.0), (Subtract(), math.inf)):
        assert math.isnan(layer.explain((0,), doubles([[first]]), doubles([[math.inf]]), w={}, run=Run()).total)
    assert np.signbit(forward(Multiply(), [-0.0], [2.0])).all()


def test_concat_along_rows() -> None:
    """Along another axis, rows follow rows; each part gets its own gradient back."""
    a, b = [[[1, 2]], [[3, 4]]], [[[5, 6], [7, 8]], [[9, 10], [11, 12]]]
    assert forward(Concat(1), a, b).tolist() == [[[1, 2], [5, 6], [7, 8]], [[3, 4], [9, 10], [11, 12]]]
    assert forward(Concat(-2), a, b).tolist() == forward(Concat(1), a, b).tolist()
    assert forward(Concat(2), a, a).tolist() == [[[1, 2, 1, 2]], [[3, 4, 3, 4]]]
    grad = [[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]]
    found = backward(Concat(1), grad, a, b).inputs
    assert [x.tolist() for x in found] == [[[[1, 2]], [[7, 8]]], [[[3, 4], [5, 6]], [[9, 10], [11, 12]]]]
    told = Concat(1).explain((1, 2, 0), doubles([a]), doubles([b]), w={}, run=Run())
    assert (told.terms.source.tolist(), told.terms.index.tolist(), told.total) == ([1], [[1, 1, 0]], 11)


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
    """Adding n inputs takes n - 1 additions a number of the result; putting side by side costs nothing."""
    assert Add().cost((2, 3, 4), (2, 3, 4), (2, 3, 4)) == Cost(adds=48)
    assert Add().cost((2, 1, 1), (2, 3, 4)) == Subtract().cost((2, 1, 1), (2, 3, 4)) == Cost(adds=24)
    assert Multiply().cost((2, 3, 4), (2, 1, 1), (1, 3, 4)) == Cost(muls=48)
    assert Concat().cost((2, 3, 4), (2, 3, 4)) == Cost()


JOINS: tuple[Layer, ...] = (Add(), Multiply(), Subtract())
MORE = "call it on 2 or more node(s)"
REFUSED = [
    Refusal(
        lambda: Add().shape_of((8, 7, 7), (8, 7, 6), name="join"),
        ShapeError,
        "Add 'join'",
        "inputs (8, 7, 7) and (8, 7, 6)",
        "inputs of one shape, or of size 1 where they differ",
        "bring the branches to one shape, for instance with a 1x1 convolution",
    ),
    Refusal(
        lambda: Multiply().shape_of((3,), (1,), (2,)),
        ShapeError,
        "Multiply",
        "inputs (3,) and (1,) and (2,)",
        "inputs of one shape, or of size 1 where they differ",
        "bring the branches to one shape, for instance with a 1x1 convolution",
    ),
    *(
        Refusal(
            lambda layer=layer: layer.shape_of((3, 5, 5), (3,)),
            ShapeError,
            layer.kind,
            "inputs (3, 5, 5) and (3,)",
            "inputs with the same number of axes",
            "give all of them the same axes, for instance with Reshape((-1, 1, 1))",
        )
        for layer in JOINS
    ),
    Refusal(
        lambda: Concat(1).shape_of((8, 7, 7), (8, 3, 7), (8, 1, 6)),
        ShapeError,
        "Concat",
        "inputs (8, 7, 7) and (8, 3, 7) and (8, 1, 6)",
        "inputs that differ in size along axis 1 only",
        "bring the branches to one size along the other axes",
    ),
    Refusal(
        lambda: Concat(3).shape_of((8, 7, 7), (8, 7, 7)),
        ShapeError,
        "Concat",
        "axis 3 of input (8, 7, 7)",
        "an axis from -3 to 2",
        "count axes without the batch",
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
    Refusal(
        lambda: Subtract().shape_of((3,), (3,), (3,)),
        ShapeError,
        "Subtract",
        "3 inputs",
        "2",
        "call it on 2 node(s)",
    ),
    Refusal(lambda: Add().shape_of((3,)), ShapeError, "Add", "1 inputs", "2 or more", MORE),
    Refusal(lambda: Concat().shape_of(), ShapeError, "Concat", "0 inputs", "2 or more", MORE),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: f"{refusal.where} {refusal.got}")
def test_refused(refusal: Refusal) -> None:
    """Branches that do not fit, and fewer than two, are refused: no axis is added silently."""
    refusal.check()

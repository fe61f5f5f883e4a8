"""Flatten and linear layers: which place goes where, and sums that can be checked on paper."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ParameterError, ShapeError
from pellucid.layers import Flatten, Linear
from pellucid.layers.base import Cost, Run

MAPS = [[[1, 2, 3], [4, 5, 6]], [[10, 20, 30], [40, 50, 60]]]  # (2, 2, 3)


def test_order_of_pytorch() -> None:
    """Channel by channel, row by row: element k is channel k // 6, row k // 3 % 2, column k % 3."""
    y = forward(Flatten(), MAPS)
    assert y.tolist() == [1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60]
    assert all(y[k] == MAPS[k // 6][k // 3 % 2][k % 3] for k in range(12))


def test_order_of_keras() -> None:
    """Keras lays out row by row, column by column, all channels of a place together."""
    assert forward(Flatten("HWC"), MAPS).tolist() == [1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60]


@pytest.mark.parametrize("order", ["CHW", "HWC"])
def test_everything_finds_its_way_back(order: str) -> None:
    """Gradients, explanations and reads name the very place that a number came from."""
    layer, x = Flatten(order), doubles(MAPS)
    y = forward(layer, x)
    assert backward(layer, y, x).inputs[0].tolist() == MAPS
    for k, value in enumerate(y):
        told = layer.explain((k,), x[None], w={}, run=Run())
        assert (told.rule, told.total, told.terms.value.tolist()) == ("pick", value, [value])
        assert x[tuple(told.terms.index[0])] == value
        mask = np.arange(12) == k
        assert x[layer.reads(mask, x.shape)[0]].tolist() == [value]


def test_what_else_can_be_flattened() -> None:
    """A vector stays a vector, and any number of axes becomes one; only maps have Keras's order."""
    assert Flatten().output_shape((4,)) == (4,)
    assert Flatten().output_shape((2, 3, 4, 5)) == (120,)
    assert forward(Flatten(), [[1, 2], [3, 4]]).tolist() == [1, 2, 3, 4]


W, B = [[1, 10, 100], [2, 0, -1]], [0.5, -0.5]


def test_linear_on_paper() -> None:
    """Each output is its row of the weight times the input, plus its bias."""
    assert forward(Linear(2), [3, 4, 5], weight=W, bias=B).tolist() == [543.5, 0.5]
    assert forward(Linear(2, bias=False), [3, 4, 5], weight=W).tolist() == [543, 1]


def test_linear_backward_on_paper() -> None:
    """An input collects the weights that it met, a weight its input, each times the output's gradient."""
    found = backward(Linear(2), [1, 2], [3, 4, 5], weight=W, bias=B)
    assert found.inputs[0].tolist() == [1 + 4, 10, 100 - 2]
    assert found.weights["weight"].tolist() == [[3, 4, 5], [6, 8, 10]]
    assert found.weights["bias"].tolist() == [1, 2]


def test_linear_explained() -> None:
    """Every product stands with its weight's place; the bias is told apart."""
    told = Linear(2).explain((1,), doubles([[3, 4, 5]]), w={"weight": doubles(W), "bias": doubles(B)}, run=Run())
    assert (told.terms.product.tolist(), told.bias, told.total) == ([6, 0, -5], -0.5, 0.5)
    assert told.terms.weight_index is not None
    assert told.terms.weight_index.tolist() == [[1, 0], [1, 1], [1, 2]]
    assert (told.formula, told.rule) == ("sum(x * w) + b", "sum")


def test_linear_along_the_last_axis() -> None:
    """On maps a linear layer weighs each row by itself, as in PyTorch: that is the width, not the channels."""
    x = doubles(MAPS)
    y = forward(Linear(2, bias=False), x, weight=W)
    assert y.shape == Linear(2, bias=False).output_shape(x.shape) == (2, 2, 2)
    assert y[1, 0].tolist() == [1 * 10 + 10 * 20 + 100 * 30, 2 * 10 - 30]
    told = Linear(2, bias=False).explain((1, 0, 1), x[None], w={"weight": doubles(W)}, run=Run())
    assert (told.total, told.terms.index.tolist()) == (-10, [[1, 0, 0], [1, 0, 1], [1, 0, 2]])


def test_special_values() -> None:
    """NaN reaches every output of its vector, and none of another vector; 0 * inf is NaN."""
    found = forward(Linear(1, bias=False), [[1, 1, math.nan], [math.inf, 1, 1]], weight=[[0, 1, 1]])
    assert np.isnan(found).tolist() == [[True], [True]]
    assert forward(Linear(1, bias=False), [[math.nan], [7]], weight=[[1]])[1].tolist() == [7]


def test_weights_and_cost() -> None:
    """The weight is (out, in); each weight multiplies once for each vector."""
    shapes = {name: of.shape for name, of in Linear(10).weights((84,)).items()}
    assert shapes == {"weight": (10, 84), "bias": (10,)}
    assert Linear(10).cost((84,)) == Cost(macs=840, adds=10)
    assert Linear(10, bias=False).cost((2, 3, 84)) == Cost(macs=6 * 840)
    assert list(Linear(10, bias=False).weights((84,))) == ["weight"]
    assert Flatten().cost((2, 3, 4)) == Cost()


def test_defaults_are_pytorchs() -> None:
    """A bias, PyTorch's order and PyTorch's first values."""
    assert Linear(3).config() == {"out_features": 3, "bias": True, "weight_init": "pytorch", "bias_init": "pytorch"}
    assert Flatten().config() == {"order": "CHW"}


ANY: Any = Linear
REFUSED = [
    Refusal(lambda: Flatten("WHC"), ParameterError, "Flatten", "order='WHC'", "one of 'CHW', 'HWC'", "use 'CHW'"),
    Refusal(
        lambda: Flatten("HWC").shape_of((5,), name="flat"),
        ShapeError,
        "Flatten 'flat'",
        "input (5,) in order HWC",
        "(channels, height, width)",
        'use order="CHW"',
    ),
    *(
        Refusal(make, ParameterError, "Linear", got, "a whole number, 1 to 2147483647", fix)
        for make, got, fix in [
            (lambda: Linear(0), "out_features=0", "use 1 or more"),
            (lambda: Linear(2**62), f"out_features={2**62}", "use a smaller number"),
            (lambda: ANY("10"), "out_features='10'", "give a whole number"),
            (lambda: ANY((10, 2)), "out_features=(10, 2)", "give a whole number"),
        ]
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: f"{refusal.where} {refusal.got}")
def test_refused(refusal: Refusal) -> None:
    """Orders that do not exist or do not apply, and impossible numbers of outputs, are refused."""
    refusal.check()

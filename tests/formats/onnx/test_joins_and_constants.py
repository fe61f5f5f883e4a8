"""Where values meet values or constants in ONNX: ONNX Runtime's numbers, as few layers as it takes, or a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_models import Step, assert_close, by_runtime, small_model

import pellucid
from pellucid import Network
from pellucid.errors import UnmappedError
from pellucid.layers import Add, Concat, Layer, LogSoftmax, Multiply, PReLU, Scale, Subtract

F = np.float32
GATE: list[Step] = [("GlobalAveragePool", ["x"], "m", {}), ("Sigmoid", ["m"], "g", {})]


def constant(*shape: int) -> Any:
    """Numbers other than 0 and 1."""
    random = np.random.default_rng(7)
    return (random.uniform(0.5, 2, shape) * random.choice([-1, 1], shape)).astype(F)


def opened(*steps: Step, shape: tuple[int, ...] = (3, 5, 7), **model: Any) -> Network:
    """The network of a model, after its numbers for several images were compared with ONNX Runtime's."""
    made = small_model(steps, shape=("N", *shape), **model)
    net = pellucid.load(made)
    given = np.random.default_rng(4).normal(0, 2, (2, *shape)).astype(F)
    assert_close(net.predict(given, engine="reference"), by_runtime(made, [given])[0])
    return net


def reason(*steps: Step, **model: Any) -> str:
    """Why a model's only node that has no layer has none."""
    with pytest.raises(UnmappedError) as refused:
        pellucid.load(small_model(steps, **model))
    (only,) = refused.value.unmapped
    return only.reason


@pytest.mark.parametrize(
    ("op", "layer"), [("Add", Add()), ("Mul", Multiply()), ("Sub", Subtract()), ("Sum", Add())], ids=str
)
@pytest.mark.parametrize("turned", [False, True])
def test_values_meet_values(op: str, layer: Layer, turned: bool) -> None:
    """Two computed values, one of them one number a channel, in either order."""
    net = opened(*GATE, (op, ["g", "x"] if turned else ["x", "g"], "y", {}))
    assert list(net.layers.values())[-1] == layer


def test_many_values_are_one_sum() -> None:
    """Sum takes any number of values, and one alone is itself."""
    net = opened(*GATE, ("Sum", ["x", "g", "m", "x"], "y", {}))
    assert [layer.kind for layer in net.layers.values()].count("Add") == 1
    assert [layer.kind for layer in opened(("Sum", ["x"], "s", {}), ("Relu", ["s"], "y", {})).layers.values()] == [
        "ReLU"
    ]


SHAPES: dict[tuple[int, ...], tuple[int, ...]] = {
    (): (),
    (1,): (),
    (7,): (2,),
    (5, 1): (1,),
    (3, 1, 1): (0,),
    (1, 3, 1, 1): (0,),
    (1, 1, 5, 7): (1, 2),
    (3, 5, 7): (0, 1, 2),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("op", ["Add", "Mul", "Sub", "Div"])
def test_values_meet_constants(op: str, shape: tuple[int, ...]) -> None:
    """Shapes line up from the right: the axes that a constant varies along are told, and it is no parameter."""
    net = opened((op, ["x", "c"], "y", {}), constants={"c": constant(*shape)})
    (layer,) = net.layers.values()
    assert layer == Scale(SHAPES[shape], scale=op in ("Mul", "Div"), shift=op in ("Add", "Sub"))
    assert net.params == 0


@pytest.mark.parametrize("op", ["Add", "Mul", "Sub"])
def test_constants_meet_values(op: str) -> None:
    """A constant may come first, and a value may be taken from it."""
    (layer,) = opened((op, ["c", "x"], "y", {}), constants={"c": constant(3, 1, 1)}).layers.values()
    assert layer == Scale(scale=op in ("Mul", "Sub"), shift=op in ("Add", "Sub"))


def test_a_value_less_nothing() -> None:
    """Neg is a factor of -1."""
    net = opened(("Neg", ["x"], "y", {}))
    assert list(net.layers.values()) == [Scale((), shift=False)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_slopes(shape: tuple[int, ...]) -> None:
    """PRelu's slopes line up from the right as well: (C,) varies along the width, (C, 1, 1) along the channels."""
    net = opened(("PRelu", ["x", "c"], "y", {}), constants={"c": constant(*shape or (1,))})
    (layer,) = net.layers.values()
    assert layer == PReLU(SHAPES[shape])


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -3])
def test_concatenation_along_any_axis(axis: int) -> None:
    """The axis does not count the batch here."""
    net = opened(("Relu", ["x"], "r", {}), ("Concat", ["x", "r", "x"], "y", {"axis": axis}))
    assert list(net.layers.values())[-1] == Concat(axis % 4 - 1)


@pytest.mark.parametrize(("axis", "opset"), [(1, 13), (-1, 13), (2, 17)])
def test_logarithms_of_softmax(axis: int, opset: int) -> None:
    """From opset 13 on, along one axis."""
    net = opened(("LogSoftmax", ["x"], "y", {"axis": axis}), opset=opset)
    assert list(net.layers.values()) == [LogSoftmax(axis % 4 - 1)]


def test_logarithms_of_softmax_before_opset_13() -> None:
    """Over an axis and all after it; of a vector, and of the last axis, that is one."""
    net = opened(("LogSoftmax", ["x"], "y", {}), opset=11, shape=(7,))
    assert list(net.layers.values()) == [LogSoftmax()]
    assert list(opened(("LogSoftmax", ["x"], "y", {"axis": 3}), opset=11).layers.values()) == [LogSoftmax(2)]
    opened(("LogSoftmax", ["x"], "y", {}), opset=11)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([("Add", ["x", "c"], "y", {})], "a constant of shape (2, 1, 1) with a value of shape (batch, (3, 5, 7))"),
        ([("Add", ["x", "d"], "y", {})], "a constant of shape (2, 3, 5, 7)"),
        ([("PRelu", ["x", "c"], "y", {})], "a constant of shape (2, 1, 1)"),
        ([("PRelu", ["x", "x"], "y", {})], "input 1 is not a constant"),
        ([("Div", ["c", "x"], "y", {})], "a constant divided by a computed value"),
        ([("Div", ["x", "x"], "y", {})], "a division by a computed value"),
        ([*GATE, ("Flatten", ["g"], "f", {}), ("Mul", ["f", "x"], "y", {})], "values of different numbers of axes"),
        ([("Sum", ["x", "x", "c"], "y", {})], "input 2 is a constant or left out"),
        ([("Concat", ["x", "x"], "y", {"axis": 0})], "axis 0 of 4, where one without the batch is expected"),
    ],
)
def test_what_is_told(steps: list[Step], told: str) -> None:
    """Constants that would make a value larger, divisions by values, values without an axis of their own."""
    model = {"constants": {"c": constant(2, 1, 1), "d": constant(2, 3, 5, 7)}}
    if "divided" in told:
        model["constants"]["c"] = constant(3, 1, 1)
    assert told in reason(*steps, **model)

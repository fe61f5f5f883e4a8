"""PyTorch's own samples of its operations, all that are layers here: its outputs, gradients and running averages.

`tests/opinfo.json` holds the samples, what PyTorch gives for them, and those that are no layers here, with reasons;
`tests/opinfo_freezing.py` writes it. PyTorch is not needed to run these tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opinfo_samples import Call, called, digest, numbers
from opinfo_table import OPERATIONS

from pellucid import Input, Network
from pellucid.engines import NativeEngine
from pellucid.engines.native.samples.rules import RULES
from pellucid.layers.base import Run

LIST: dict[str, Any] = json.loads((Path(__file__).parents[1] / "opinfo.json").read_text(encoding="utf-8"))
PASSING: dict[str, list[dict[str, Any]]] = LIST["passing"]
GRAD = 99
SLOPES = {"nn.functional.hardsigmoid": 1e-7}  # PyTorch's slope is a sixth in float32, in float64 too


def whole(sample: Mapping[str, Any]) -> dict[str, Any]:
    """A sample with the arguments that were left out because there are none."""
    return {"args": [], "kwargs": {}, "grads": {}, "running": {}, **sample}


def arrays(call: Call) -> tuple[list[Any], dict[str, Any]]:
    """The inputs and the weights of a call."""
    w = {name: of if isinstance(of, np.ndarray) else of[0].array(*of[1]) for name, of in call.weights.items()}
    return [given.array(*shape) for given, shape in call.inputs], w


def assert_is(array: Any, told: float, what: str, tolerance: float = 1e-10) -> None:
    """The array's digest is the one told, but for the order of sums and the digits that are kept."""
    size = max(float(np.abs(array).sum()), 1e-3)
    assert abs(digest(np.ascontiguousarray(array)) - told) <= tolerance * size, what


def check(name: str, sample: Mapping[str, Any]) -> None:
    """Demand PyTorch's output, every gradient, and what follows the data."""
    call = called(name, sample)
    xs, w = arrays(call)
    run = Run(training=call.training)
    said = f"{name} {sample}: {call.layer}"
    y = call.layer.forward(*xs, w=w, run=run)
    assert y.size == int(np.prod(sample["shape"])), said
    assert [n for n in y.shape if n != 1] == [n for n in sample["shape"] if n != 1], said
    assert_is(y, sample["y"], said)
    grad = numbers(tuple(sample["shape"]), GRAD).reshape(y.shape)
    found = call.layer.backward(grad, *xs, y=y, w=w, run=run)
    grads = {given.number: one for (given, _), one in zip(call.inputs, found.inputs, strict=True)}
    grads |= {call.weights[n][0].number: one for n, one in found.weights.items() if isinstance(call.weights[n], tuple)}
    assert {str(number) for number in grads} == set(sample["grads"]), said
    for number, one in grads.items():
        assert_is(one, sample["grads"][str(number)], f"{said}: gradient of tensor {number}", SLOPES.get(name, 1e-10))
    moved = call.layer.updates(*xs, w=w) if call.training else {}
    for short, of in call.weights.items():
        if isinstance(of, tuple) and str(of[0].number) in sample["running"]:
            assert_is(moved.get(short, w[short]), sample["running"][str(of[0].number)], f"{said}: {short}")


@pytest.mark.parametrize("name", PASSING)
def test_samples(name: str) -> None:
    """Every sample of the operation gives PyTorch's numbers, forward and backward."""
    for sample in PASSING[name]:
        check(name, whole(sample))


def test_samples_are_counted() -> None:
    """All operations that are layers here are sampled; so many samples pass, and so many have a reason not to."""
    assert set(PASSING) == set(OPERATIONS)
    passing = {name: sum(one["times"] for one in some) for name, some in PASSING.items()}
    excluded = {name: {why: len(some) for why, some in of.items()} for name, of in LIST["excluded"].items()}
    assert (passing["nn.functional.max_pool2d"], passing["nn.functional.conv2d"]) == (1440, 30)
    assert sum(passing.values()) == 1847
    assert sum(sum(of.values()) for of in excluded.values()) == 226


@pytest.mark.parametrize("name", ["nn.functional.conv2d", "nn.functional.group_norm", "cat"])
def test_a_wrong_number_would_be_noticed(name: str) -> None:
    """A digest that differs in its ninth digit fails: of the output, and of each gradient."""
    sample = whole(PASSING[name][0])
    check(name, sample)
    for key in ("y", *sample["grads"]):
        grads: dict[str, Any] = dict(sample["grads"])
        other: dict[str, Any] = {**sample, "grads": grads}
        where = other if key == "y" else grads
        where[key] += 1e-8 * max(abs(where[key]), 1.0)
        with pytest.raises(AssertionError):
            check(name, other)


def kernels(every: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Samples of layers for which the native engine has kernels, every so manieth of each operation."""
    for name, some in PASSING.items():
        for sample in some[::every]:
            call = called(name, whole(sample))
            if call.layer.kind in RULES and not call.training and all(len(shape) < 5 for _, shape in call.inputs):
                yield name, whole(sample)


@pytest.mark.parametrize("every", [24, pytest.param(1, marks=pytest.mark.slow)])
def test_samples_in_machine_code(every: int) -> None:
    """The native engine gives the definition's numbers in float32 on the same samples."""
    engine, seen = NativeEngine(), set[str]()
    for name, sample in kernels(every):
        call = called(name, sample)
        seen.add(call.layer.kind)
        xs, w = arrays(call)
        inputs = [Input(x.shape[1:]) for x in xs]
        net = Network(inputs, call.layer(*inputs, name="here"))
        for short, value in w.items():
            net.weights[f"here.{short}"] = value
        (found,) = engine.program(net).run(tuple(x.astype(np.float32) for x in xs))
        wanted = call.layer.forward(*xs, w=w, run=Run())
        assert np.abs(found - wanted).max() <= 2e-6 * max(float(np.abs(wanted).max()), 1.0), f"{name} {sample}"
    assert {"Conv2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "Linear", "ReLU", "Softmax"} <= seen

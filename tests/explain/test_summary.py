"""A summary's facts add up, and its table shows them."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from golden import check_golden
from rich.console import Console

from pellucid import Input, Network
from pellucid.errors import UnknownNameError
from pellucid.explain import facts
from pellucid.layers import Add, BatchNorm2d, Conv2d, Dropout, Flatten, GlobalMaxPool2d, Linear, MaxPool2d, ReLU


def lenet() -> Network:
    """The small network of the documentation."""
    return Network(
        (1, 28, 28),
        [
            Conv2d(6, 5, padding=2), ReLU(), MaxPool2d(2), Conv2d(16, 5), ReLU(), MaxPool2d(2),
            Flatten(), Linear(120), ReLU(), Linear(84), ReLU(), Dropout(0.5), Linear(10),
        ],
    )  # fmt: skip


def branched() -> Network:
    """Branches, dilation, batch norm, unequal sides, and a layer that is used twice."""
    x = Input((3, 12, 10), name="picture")
    shared = Conv2d(4, 3, padding=1)
    y = shared(x, name="first")
    z = BatchNorm2d()(Conv2d(3, (3, 1), padding=(2, 0), dilation=2)(y))
    again = shared(z, name="again")
    joined = Add()(y, again)
    return Network(x, GlobalMaxPool2d()(Conv2d(2, 3, stride=(2, 1))(joined)))


@pytest.mark.parametrize(("name", "make"), [("lenet", lenet), ("branched", branched)])
def test_the_table_reads_as_it_should(name: str, make: type) -> None:
    """The table is what it was, and its columns add up to its totals."""
    summary = make().summary()
    text = str(summary)
    check_golden(f"summary {name}", text)
    rows = [line for line in text.splitlines() if line.strip().split(" ")[0] in make().layers]
    assert len(rows) == len(summary.layers)
    assert f"{summary.params:,} parameters" in text
    assert f"{summary.macs:,} MACs" in text


def test_facts_add_up() -> None:
    """Parameters are the weights' sizes, and the totals are the sums of the layers'."""
    net = lenet()
    summary = net.summary()
    assert summary.params == net.params == sum(net.weights[name].size for name in net.weights.trainable) == 61706
    assert summary.macs == sum(layer.macs for layer in summary.layers)
    assert summary["conv1"].macs == 6 * 28 * 28 * 25
    assert summary.values == sum(int(np.prod(shape)) for name, shape in net.shapes.items() if name != "input")
    assert summary["conv1"].formulas == ("(28 + 2*2 - 5)/1 + 1 = 28",) * 2
    assert summary["linear1"].formulas is None
    assert summary.cost.compares > 0


def test_what_is_shared_counts_once() -> None:
    """A layer used twice has its parameters counted at its first place, and its cost at both."""
    summary = branched().summary()
    assert summary["first"].params > 0
    assert summary["again"].params == 0
    assert summary["again"].macs == summary["first"].macs > 0
    assert summary["again"].weights == summary["first"].weights
    assert summary.params == branched().params
    assert summary.untrained == 6


def test_facts_become_json() -> None:
    """Summaries, explanations and fields survive JSON, NaN and infinity included."""
    net = branched()
    told = facts.summary(net.summary())
    assert json.loads(json.dumps(told)) == told
    assert told["layers"][0]["name"] == "first"
    image = np.zeros((3, 12, 10))
    image[0, 0, 0], image[0, 1, 1] = np.nan, np.inf
    found = net.trace(image)
    explained = facts.explanation(found.explain("first", (0, 0, 0)))
    assert json.loads(json.dumps(explained, allow_nan=False)) == explained
    assert explained["value"] == "nan"
    assert "inf" in explained["terms"]["value"]
    assert len(explained["terms"]["index"]) == 27
    assert facts.explanation(found.explain("pool1", (0,)))["terms"]["weight"] is None
    field = facts.receptive_field(found.receptive_field("conv2", (0, 0, 0)))
    assert field["status"] in ("exact", "upper bound", "whole input")
    assert field["rows"][0] == 0


def test_an_unknown_layer_is_named() -> None:
    """Asking for a layer that is not there says what is."""
    with pytest.raises(UnknownNameError, match="did you mean 'conv1'"):
        lenet().summary()["conv11"]


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_no_number_is_cut_on_a_narrow_terminal(width: int) -> None:
    """However narrow the terminal, every layer and every number of it stands there whole."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    summary = lenet().summary()
    console.print(summary)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    words = text.replace(",\n", "\n").replace(", ", " ").split()
    for layer in summary.layers:
        assert layer.name in words
        if layer.params:
            assert {f"{layer.params:,}", f"{layer.macs:,}"} <= set(words)


def test_names_are_shown_as_they_are() -> None:
    """Colons around a word in a layer's name are no picture."""
    x = Input((2,), name=":dog:")
    text = str(Network(x, ReLU()(x, name=":smile:")).summary())
    assert ":dog:" in text
    assert ":smile:" in text

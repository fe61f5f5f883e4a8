"""Receptive fields are what the numbers really depend on: through branches, dilation, groups and borders."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.layers import (
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    Layer,
    LeakyReLU,
    Linear,
    Multiply,
    Node,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)


def smooth() -> Network:
    """A network of layers through which every change can be seen: no maxima, no dead units."""
    x = Input((4, 11, 13))
    a = Conv2d(4, 3, stride=2, padding=1, groups=2)(x)
    b = Conv2d(4, 1, stride=2)(x)
    joined = Add()(Tanh()(BatchNorm2d()(a)), b)
    dilated = Conv2d(3, 3, padding=((0, 2), (2, 1)), dilation=2)(joined)
    pooled = AvgPool2d(2, stride=1, padding=1, ceil_mode=True)(dilated)
    parts = AdaptiveAvgPool2d((3, 2))(Concat()(pooled, AvgPool2d(2, stride=1, padding=1, ceil_mode=True)(dilated)))
    y = Linear(3)(Dropout()(Flatten("HWC")(LeakyReLU()(parts))))
    return Network(x, [Softmax()(y), GlobalAvgPool2d()(joined)], seed=5)


@pytest.mark.parametrize("name", list(smooth().layers))
def test_masks_are_exactly_what_changes(name: str) -> None:
    """Changing every input place one by one changes the number just where the mask says."""
    net = smooth()
    rng = np.random.default_rng(1)
    image = rng.standard_normal(net.shapes["input"])
    places = list(np.ndindex(net.shapes["input"]))
    batch = np.repeat(image[None], len(places), axis=0)
    for i, place in enumerate(places):
        batch[(i, *place)] += 1.0
    program = net.trace(image, engine="reference")
    from pellucid.engines import get

    changed = get("reference").program(net).trace((batch.astype(np.float32),))[name]
    units = list(np.ndindex(net.shapes[name]))
    for unit in (units[i] for i in rng.permutation(len(units))[:6]):
        mask = program.receptive_masks(name, unit)["input"]
        differs = (changed[(slice(None), *unit)] != program[name][unit]).reshape(mask.shape)
        assert not (differs & ~mask).any(), f"{name}{unit} depends on places outside its field"
        assert (differs | ~mask).mean() > 0.98, f"{name}{unit}: the field claims places that change nothing"


def test_borders_clip_the_field() -> None:
    """At the border a unit reads fewer pixels, and the box says so."""
    net = Network((1, 9, 9), [Conv2d(2, 3, padding=1), Conv2d(2, 3, padding=1)])
    found = net.trace(np.zeros((1, 9, 9)))
    corner = found.receptive_field("conv2", (0, 0, 0))
    assert (corner.rows, corner.columns, corner.status) == (range(3), range(3), "exact")
    middle = found.receptive_field("conv2", (1, 4, 5))
    assert (middle.rows, middle.columns, middle.status) == (range(2, 7), range(3, 8), "exact")
    assert found.receptive_field("conv2", (1, 4, 5), of="conv1").rows == range(3, 6)


def test_status_words() -> None:
    """A filled box is exact, one with gaps an upper bound, and everything is the whole input."""
    net = Network((1, 9, 9), [Conv2d(1, 3, dilation=3), Flatten(), Linear(2)])
    found = net.trace(np.zeros((1, 9, 9)))
    gaps = found.receptive_field("conv1", (0, 1, 1))
    assert (gaps.rows, gaps.columns, gaps.status) == (range(1, 8), range(1, 8), "upper bound")
    assert int(gaps.mask.sum()) == 9
    assert found.receptive_field("linear1", (0,)).status == "whole input"
    assert found.receptive_field("flatten1", (0,)).status == "upper bound"


def test_a_unit_may_read_nothing() -> None:
    """A unit whose window holds only padding depends on no pixel: an empty box."""
    net = Network((1, 3, 3), [Conv2d(1, 1, padding=2)])
    corner = net.trace(np.zeros((1, 3, 3))).receptive_field("conv1", (0, 0, 0))
    assert (corner.rows, corner.columns) == (range(0), range(0))


def test_vectors_have_places_too() -> None:
    """Of a vector, the columns are its places."""
    net = Network(5, [Linear(4), ReLU()])
    found = net.trace(np.zeros(5)).receptive_field("relu1", (2,), of="linear1")
    assert (found.rows, found.columns, found.status) == (range(1), range(2, 3), "exact")


def _branches(left: list[Layer], right: list[Layer], shape: tuple[int, int, int] = (1, 32, 32)) -> Network:
    """Two chains from one input, added."""
    x = Input(shape)
    ends: list[Node] = []
    for chain in (left, right):
        node: Node = x
        for layer in chain:
            node = layer(node)
        ends.append(node)
    return Network(x, Add()(*ends))


@pytest.mark.parametrize(
    ("net", "size", "jump", "padding", "status"),
    [
        # google-research/receptive_field, unit tests net1, net2, net5: size, stride and padding as published
        (
            _branches(
                [Conv2d(1, 1, stride=4)],
                [Conv2d(1, 3, stride=2, padding=((1, 0), (1, 0))), Conv2d(1, 1, stride=2)],
            ),
            (3, 3), (4, 4), (1, 1), "exact",
        ),
        (
            _branches([AvgPool2d(1, 4)], [AvgPool2d(3, 2, padding=((1, 0), (1, 0))), AvgPool2d(1, 2)]),
            (3, 3), (4, 4), (1, 1), "exact",
        ),
        (
            Network((1, 32, 32), [Conv2d(1, (5, 3), stride=2), Conv2d(1, (1, 3), stride=2)]),
            (5, 7), (4, 4), (0, 0), "exact",
        ),
        # branches whose steps differ drift apart: the box that holds all units is an upper bound
        (
            _branches([Conv2d(1, 1), AdaptiveAvgPool2d(16)], [Conv2d(1, 1), Conv2d(1, 17)]),
            (32, 32), (2, 2), (15, 15), "upper bound",
        ),
        # dilation whose gaps a first convolution fills, and one whose gaps stay
        (Network((1, 32, 32), [Conv2d(1, 3), Conv2d(1, 3, dilation=2)]), (7, 7), (1, 1), (0, 0), "exact"),
        (Network((1, 32, 32), [Conv2d(1, 3, dilation=2)]), (5, 5), (1, 1), (0, 0), "upper bound"),
        (Network((1, 30, 30), [AdaptiveAvgPool2d(6)]), (5, 5), (5, 5), (0, 0), "exact"),
        (Network((1, 32, 32), [Conv2d(1, 3), GlobalMaxPool2d(), Sigmoid()]), (32, 32), (0, 0), (0, 0), "whole input"),
    ],
)  # fmt: skip
def test_fields_of_whole_layers(
    net: Network, size: tuple[int, int], jump: tuple[int, int], padding: tuple[int, int], status: str
) -> None:
    """Size, step, padding and status as published, or as worked out by hand."""
    layer = net.summary().layers[-1]
    assert (layer.receptive_field, layer.jump, layer.padding, layer.status) == (size, jump, padding, status)


def test_the_bound_of_drifting_branches_holds() -> None:
    """No unit of branches with different steps reads outside the box that the layer's field tells."""
    net = _branches([Conv2d(1, 1), AdaptiveAvgPool2d(16)], [Conv2d(1, 1), Conv2d(1, 17)])
    rows = net.summary().layers[-1].field[0]
    found = net.trace(np.zeros((1, 32, 32)))
    for o in range(16):
        unit = found.receptive_field("add1", (0, o, 3)).rows
        assert rows.start + o * rows.jump <= unit.start
        assert unit.stop <= rows.start + o * rows.jump + rows.size


def test_one_axis_may_be_whole_and_the_other_not() -> None:
    """A linear layer on maps reads a row of them: exact along the height, whole along the width."""
    layer = Network((2, 6, 8), [Conv2d(2, 3, padding=1), Linear(4), Softmax(-1)]).summary().layers[-1]
    assert (layer.receptive_field, layer.jump, layer.status) == ((3, 8), (1, 0), "exact")
    assert [axis.status for axis in layer.field] == ["exact", "whole input"]


def test_each_input_has_coordinates_of_its_own() -> None:
    """With several inputs, a layer's field is that in the first input which it depends on."""
    small, large = Input((1, 8, 8), name="small"), Input((1, 32, 32), name="large")
    b = Conv2d(1, 4, stride=4)(large, name="b")
    net = Network([small, large], Add()(Conv2d(1, 1)(small, name="a"), b))
    summary = net.summary()
    assert summary["a"].receptive_field == (1, 1)
    assert (summary["b"].receptive_field, summary["b"].jump) == ((4, 4), (4, 4))
    assert (summary["add1"].receptive_field, summary["add1"].status) == ((1, 1), "exact")
    found = net.trace((np.zeros((1, 8, 8)), np.zeros((1, 32, 32))))
    assert found.receptive_field("add1", (0, 2, 3), of="large").rows == range(8, 12)


def test_a_place_that_stands_for_an_axis() -> None:
    """A branch of one place is read by every unit: the field is a bound that holds all of them."""
    x = Input((2, 8, 8))
    gate = Conv2d(2, 5, stride=8)(x)  # one place: rows and columns 0 to 4
    net = Network(x, Multiply()(Conv2d(2, 3, padding=1)(x), gate))
    layer = net.summary()["multiply1"]
    assert (layer.status, layer.jump) == ("upper bound", (1, 1))
    rows = layer.field[0]
    found = net.trace(np.zeros((2, 8, 8)))
    for o in range(8):
        unit = found.receptive_field("multiply1", (0, o, 7)).rows
        assert rows.start + o * rows.jump <= unit.start
        assert unit.stop <= rows.start + o * rows.jump + rows.size


def test_rows_behind_rows_have_coordinates_of_their_own() -> None:
    """Behind a concatenation of rows, a unit of the second branch reads the rows that this branch reads."""
    x = Input((1, 6, 6))
    net = Network(x, Concat(axis=1)(Conv2d(1, 3, padding=1)(x), Conv2d(1, 1)(x)))
    found = net.trace(np.zeros((1, 6, 6)))
    assert found.receptive_field("concat1", (0, 2, 2)).rows == range(1, 4)
    assert found.receptive_field("concat1", (0, 8, 2)).rows == range(2, 3)
    rows, columns = net.summary()["concat1"].field
    assert (rows.status, columns.status) == ("upper bound", "exact")
    assert (rows.start, rows.size, columns.start, columns.size) == (-6, 8, -1, 3)


def test_two_rows_one_behind_the_other() -> None:
    """Branches of one row each, which meet without a gap, are still a bound: each unit reads one of them."""
    x = Input((1, 1, 6))
    net = Network(x, Concat(axis=1)(x, ReLU()(x)))
    assert net.summary()["concat1"].status == "upper bound"

"""Projective fields are receptive fields read from their other end: exactly what a number reaches."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.errors import ShapeError, UnknownNameError
from pellucid.explain import trace
from pellucid.explain.projective import GROUPS, through
from pellucid.layers import REGISTRY, Add, Conv2d, Flatten, Linear, MaxPool2d, ReLU
from pellucid.layers.base import Run

EXAMPLES = [(kind, number) for kind, layer in REGISTRY.items() for number in range(len(layer.examples()))]


@pytest.mark.parametrize(("kind", "number"), EXAMPLES)
def test_the_two_fields_are_one_relation(kind: str, number: int) -> None:
    """Of every example and input: a place reaches exactly those outputs that say they read it."""
    example = REGISTRY[kind].examples()[number]
    layer, shapes = example.layer, example.shapes
    shape = layer.output_shape(*shapes)
    read = np.zeros((int(np.prod(shape)), len(shapes)), object)
    for at in range(len(read)):
        asked = np.zeros(shape, np.bool_)
        asked.flat[at] = True
        read[at] = [np.ascontiguousarray(mask).ravel() for mask in layer.reads(asked, *shapes)]
    for source, given in enumerate(shapes):
        relation = np.stack([read[at, source] for at in range(len(read))])  # (outputs, inputs)
        places = np.random.default_rng(0).permutation(relation.shape[1])[:12]
        for place in places:
            mask = np.zeros(given, np.bool_)
            mask.flat[place] = True
            reached = through(layer, mask, source, shapes, shape)
            assert reached.shape == shape
            assert (reached.ravel() == relation[:, place]).all()
        several = np.zeros(given, np.bool_)
        several.flat[places] = True
        wanted = relation[:, places].any(axis=1)
        assert (through(layer, several, source, shapes, shape).ravel() == wanted).all()


def test_the_quick_way_is_for_layers_that_there_are() -> None:
    """Its table names kinds of the registry, each with groups that divide channels."""
    assert set(GROUPS) <= set(REGISTRY.values())


def branched() -> Network:
    """Two branches of different reach that meet, and a decision behind them."""
    image = Input((2, 7, 6))
    near, far = Conv2d(3, 1)(image, name="near"), Conv2d(3, 3, padding=2, dilation=2)(image, name="far")
    pooled = MaxPool2d(2)(ReLU()(Add()(near, far, name="both")), name="pooled")
    return Network(image, Linear(4)(Flatten()(pooled)))


def test_what_a_number_reaches_changes_with_it() -> None:
    """Through branches: without what cuts off, the places that change are those that are told."""
    net = branched()
    run = trace(net, np.zeros((2, 7, 6)))
    found = run.projective_masks("input", (1, 3, 2))
    assert list(found) == ["input", "near", "far", "both", "relu1", "pooled", "flatten1", "linear1"]
    assert found["near"].sum() == 3
    assert found["far"].sum() == 3 * 9
    assert (found["both"] == found["near"] | found["far"]).all()
    for name, mask in found.items():
        for index in [tuple(i) for i in np.argwhere(np.ones(net.shapes[name]))][::7]:
            assert run.receptive_masks(name, index)["input"][1, 3, 2] == mask[index]
    x = np.random.default_rng(0).normal(size=(1, 2, 7, 6))
    moved = x.copy()
    moved[0, 1, 3, 2] += 1
    w = {short: net.weights[full].astype(np.float64) for short, full in net.weight_names("far").items()}
    far = net.layers["far"]
    changed = far.forward(moved, w=w, run=Run()) != far.forward(x, w=w, run=Run())
    assert (changed[0] == found["far"]).all()


def test_boxes_and_their_status() -> None:
    """A gap makes an upper bound, a whole map is whole, and a full box is exact."""
    run = trace(branched(), np.zeros((2, 7, 6)))
    assert run.projective_field("input", (0, 3, 2), on="near").status == "exact"
    far = run.projective_field("input", (0, 3, 2), on="far")
    assert (far.rows, far.columns, far.status) == (range(1, 6), range(5), "upper bound")
    assert run.projective_field("input", (0, 3, 2)).status == "whole input"
    assert run.projective_field("pooled", (0, 1, 1), on="flatten1").columns == range(4, 5)


def test_what_reaches_nothing_is_left_out() -> None:
    """A row that no window reads reaches no later layer; asking for it says so."""
    net = Network((1, 5, 5), [Conv2d(1, 2, stride=3), ReLU()])
    run = trace(net, np.zeros((1, 5, 5)))
    assert list(run.projective_masks("input", (0, 2, 0))) == ["input"]
    with pytest.raises(UnknownNameError, match="layer that 'input' reaches"):
        run.projective_field("input", (0, 2, 0))
    with pytest.raises(ShapeError, match="place"):
        run.projective_masks("input", (0, 9, 0))
    assert list(run.projective_masks("relu1", (0, 1, 1))) == ["relu1"]

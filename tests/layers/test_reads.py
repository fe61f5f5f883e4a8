"""What a layer says a unit reads is what the unit's explanation names, place by place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from torch_judge import drawn

from pellucid.layers import REGISTRY, Flatten, GlobalAvgPool2d, Linear, ReLU
from pellucid.layers.activations import Elementwise
from pellucid.layers.base import Example, Run
from pellucid.layers.merging import Merging
from pellucid.layers.pooling import MaxPool2d
from pellucid.window import Window

EXAMPLES = [example for kind in REGISTRY.values() for example in kind.examples()]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example.layer))
def test_reads_are_the_explanations_places(example: Example) -> None:
    """For every unit, the places of the mask are those of the explanation's terms inside the inputs, and no other."""
    layer, shapes = example.layer, example.shapes
    xs = drawn(shapes)
    rng = np.random.default_rng(0)
    w: dict[str, Any] = {name: np.abs(rng.standard_normal(of.shape)) for name, of in layer.weights(*shapes).items()}
    shape = layer.shape_of(*shapes)
    for unit in np.ndindex(shape):
        mask = np.zeros(shape, bool)
        mask[unit] = True
        terms = layer.explain(unit, *xs, w=w, run=Run()).terms
        named = {
            (int(s), *i) for s, i in zip(terms.source[terms.inside], terms.index[terms.inside].tolist(), strict=True)
        }
        reads = layer.reads(mask, *shapes)
        assert [read.shape for read in reads] == list(shapes)
        assert {(source, *place) for source, read in enumerate(reads) for place in np.argwhere(read).tolist()} == named


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example.layer))
def test_many_units_read_what_each_reads(example: Example) -> None:
    """A mask of several units reads the union of what they read; none read nothing."""
    layer, shapes = example.layer, example.shapes
    shape = layer.shape_of(*shapes)
    masks = [np.random.default_rng(key).random(shape) < 0.3 for key in (0, 1)]
    both = layer.reads(masks[0] | masks[1], *shapes)
    for whole, one, other in zip(both, *(layer.reads(mask, *shapes) for mask in masks), strict=True):
        assert np.array_equal(whole, one | other)
    assert not any(read.any() for read in layer.reads(np.zeros(shape, bool), *shapes))


def test_windows_of_units() -> None:
    """A unit without a window reads the whole axis; activations and flatten read place by place."""
    assert Linear(3).windows((5,)) == GlobalAvgPool2d().windows((5, 2, 2)) == (None, None)
    assert Linear(3).windows((2, 4, 5)) == (Window(1), None)
    assert ReLU().windows((5,)) == Flatten().windows((5, 2, 2)) == Linear.__mro__[1]().windows()


def test_what_a_family_leaves_to_its_members() -> None:
    """What pools and activations share is no layer by itself: the rule of each must still be said."""
    x = np.ones((1, 1, 2, 2))
    for unsaid in (
        lambda: MaxPool2d.__mro__[1](2).windows(),  # pyright: ignore[reportCallIssue]
        lambda: Elementwise().value(x),
        lambda: Elementwise().slope(x, x),
        lambda: Merging().total(x),
    ):
        with pytest.raises(NotImplementedError):
            unsaid()

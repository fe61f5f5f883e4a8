"""Nodes and inputs: shapes without a batch, in an order that can be run."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import Refusal

from pellucid.errors import ShapeError
from pellucid.layers import Conv2d, Input, Node, ReLU


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ((1, 28, 28), (1, 28, 28)),
        ([3, 4, 5], (3, 4, 5)),
        (7, (7,)),
        ((np.int64(2), 3), (2, 3)),
        ((2, 3, 4, 5), (2, 3, 4, 5)),
    ],
)
def test_shapes_of_inputs(given: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """An input's shape is a tuple of one to four whole numbers; one number is a vector's length."""
    made = Input(given)
    assert made.shape == shape
    assert all(type(size) is int for size in made.shape)
    assert (made.layer, made.inputs, made.name) == (None, (), None)


@pytest.mark.parametrize(
    "shape", [(), (0, 3, 3), (-1, 3, 3), (1, 28.0, 28), ("a",), "abc", None, True, (1, 2, 3, 4, 5), (2**31,)]
)
def test_no_shapes(shape: object) -> None:
    """Anything else is refused, under the input's name if it has one."""
    for name, where in ((None, "Input"), ("left", "Input 'left'")):
        Refusal(
            lambda name=name: Input(shape, name),  # pyright: ignore[reportArgumentType]
            ShapeError,
            where,
            f"shape {shape!r}",
            "(channels, height, width), each a whole number of 1 or more, without the batch",
            "write for instance Input((3, 224, 224))",
        ).check()


def test_wiring() -> None:
    """A layer called on a node gives a node that knows its layer, what it reads, its shape and its name."""
    x = Input((3, 8, 8))
    layer = Conv2d(4, 3)
    y = layer(x, name="conv")
    assert (y.layer, y.inputs, y.shape, y.name) == (layer, (x,), (4, 6, 6), "conv")
    assert repr(y) == "<conv: Conv2d(4, 3) -> (4, 6, 6)>"
    assert repr(x) == "<node: Input -> (3, 8, 8)>"


def test_nodes_are_numbered_after_what_they_read() -> None:
    """A node's number is above those of its inputs, also of inputs that another process had numbered."""
    x = Input((3,))
    x.serial = 10**9
    y = ReLU()(x)
    z = Node(ReLU(), (y, Input((3,))), (3,))
    assert x.serial < y.serial < z.serial

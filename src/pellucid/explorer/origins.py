"""Where the places of a vector came from: the maps behind a flatten, so that a vector's places can be shown on them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..explain import Trace
from ..layers.base import Run
from ..layers.node import Node

Places = NDArray[np.intp]


def origins(trace: Trace, node: Node) -> tuple[Node, Places] | None:
    """Return the maps whose numbers a vector holds in another order, and the place (n, 3) of each; None for others."""
    order: Places = np.arange(math.prod(node.shape))
    while len(node.shape) == 1:
        if node.layer is None or len(node.inputs) != 1 or not _passes(trace, node):
            return None
        (before,) = node.inputs
        order = _sent(node)[order]
        node = before
    return (node, np.stack(np.unravel_index(order, node.shape), axis=1)) if len(node.shape) == 3 else None


def _passes(trace: Trace, node: Node) -> bool:
    """Return whether a layer only passes numbers on."""
    return trace.explain(str(node.name), (0,)).rule == "pick"


def _sent(node: Node) -> Places:
    """Return which number of its input each output of such a layer holds: send the numbers' places through it."""
    assert node.layer is not None
    shape = node.inputs[0].shape
    places: Any = np.arange(math.prod(shape), dtype=np.float64).reshape(1, *shape)
    return node.layer.forward(places, w={}, run=Run())[0].astype(np.intp)

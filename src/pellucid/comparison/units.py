"""What of a network lies between compared values: one layer, or several where the other network has them otherwise."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..layers import Layer, Node
from ..layers.base import Run
from ..network import Network
from ..wiring import in_order, name_of

Array = NDArray[Any]
Values = Mapping[str, Array]
Step = Callable[..., Array]


class Unit:
    """The layers that compute one compared value from others.

    Args:
        net: the network.
        name: the value.
        known: the names of the values from which it is computed, as far as it needs them; the value itself may be one
            of them, and then there is nothing to compute.

    Attributes:
        members: the layers, in the order in which they run.
        reads: the names of the known values that they read, in the order in which they are read.
    """

    def __init__(self, net: Network, name: str, known: Collection[str]) -> None:
        self.net, self.name = net, name
        start = [node for node in (*net.inputs, *net.nodes) if name_of(node) in known]
        nodes = in_order([net.node(name)], start)
        self.members: tuple[Node, ...] = tuple(nodes)
        inside = {name_of(node) for node in nodes}
        before = [name_of(n) for node in nodes for n in node.inputs] if nodes else [name]
        self.reads: tuple[str, ...] = tuple(dict.fromkeys(n for n in before if n not in inside))

    @cached_property
    def weights(self) -> dict[str, dict[str, NDArray[np.float64]]]:
        """The members' weights in float64, by member and the layer's own names."""
        return {
            name_of(node): {
                short: self.net.weights[full].astype(np.float64)
                for short, full in self.net.weight_names(name_of(node)).items()
            }
            for node in self.members
        }

    @property
    def layers(self) -> dict[str, Layer]:
        """The members' layers by name."""
        return {name_of(node): node.layer for node in self.members if node.layer is not None}

    def run(self, values: Values, steps: Mapping[str, Step] | None = None) -> Array:
        """Return the unit's value by the definitions in float64.

        Args:
            values: the known values, (N, ...) each.
            steps: what computes members instead of themselves.
        """
        found: dict[str, Array] = {name: _of_shape(values[name], self.net.shapes[name]) for name in self.reads}
        with np.errstate(all="ignore"):  # infinities and NaN speak for themselves
            for node in self.members:
                assert node.layer is not None
                name = name_of(node)
                read = [found[name_of(before)] for before in node.inputs]
                if steps and name in steps:
                    found[name] = steps[name](*read)
                else:
                    found[name] = node.layer.forward(*read, w=self.weights[name], run=Run())
        return found[self.name]

    def size(self, values: Values) -> float:
        """Return how large the terms of its sums may be, by which rounding is judged: more than what they sum to."""
        found: dict[str, float] = {}
        for name in self.reads:
            finite = values[name][np.isfinite(values[name])]
            found[name] = float(np.abs(finite).max(initial=0.0))
        largest = max(found.values(), default=0.0)
        for weights in self.weights.values():
            if "weight" in weights and weights["weight"].ndim > 1:
                kernel = np.abs(weights["weight"])
                largest *= float(kernel.reshape(len(kernel), -1).sum(axis=1).max(initial=0.0))
        return largest


def _of_shape(value: Array, shape: tuple[int, ...]) -> Array:
    """Return a value in the other network's shape, where it has other axes of one place."""
    same = value.shape[1:] != shape and value[0].size == np.prod(shape)
    return value.reshape(len(value), *shape) if same else value

"""What is compared: a network with what runs it, opened from whatever it was given as."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from ..engines import Engine, get
from ..errors import ShapeError
from ..formats import load
from ..network import Network


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two that are compared.

    Args:
        label: "A" or "B", as words call it.
        source: what it came from: a file's name, or the network's own.
        net: the network.
        engine: what runs it.
    """

    label: str
    source: str
    net: Network
    engine: Engine

    @property
    def about(self) -> str:
        """What it is, in a line.

        >>> from pellucid.layers import ReLU
        >>> Side("A", "small", Network(2, [ReLU()]), get("reference")).about
        'small: 1 layers, 0 parameters, on reference'
        """
        return f"{self.source}: {len(self.net.nodes)} layers, {self.net.params:,} parameters, on {self.engine.name}"


def opened(label: str, source: Any, engine: str | Engine) -> Side:
    """Return a side of a network, a file of one, or a model object of another framework.

    Raises:
        ModelFileError, UnmappedError, MissingPackageError: it cannot be opened.
        UnknownNameError, EngineError: there is no such engine, or not here.
    """
    runs = get(engine)
    if isinstance(source, Network):
        return Side(label, source.name, source, runs)
    net = load(source)
    is_path = isinstance(source, (str, os.PathLike))
    return Side(label, os.path.basename(os.fspath(source)) if is_path else net.name, net, runs)


def check_inputs(a: Side, b: Side) -> None:
    """Raise ShapeError where the two do not read the same."""
    shapes = [tuple(node.shape for node in side.net.inputs) for side in (a, b)]
    if shapes[0] == shapes[1]:
        return
    told = [" and ".join(map(str, shape)) for shape in shapes]
    moved = all(len(x) == 3 and y == (*x[1:], x[0]) for x, y in zip(*shapes, strict=False))
    raise ShapeError(
        "compare",
        got=f"inputs {told[0]} in A and {told[1]} in B",
        expected="two networks that read the same",
        fix="one is channels-last: put Permute((2, 0, 1)) in front of it"
        if moved
        else "build or open one with the input's shape of the other",
    )

"""What is compared: a network with what runs it, opened from whatever it was given as."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..engines import Engine, get
from ..errors import ShapeError
from ..formats import OBJECTS, load
from ..network import Network
from .itself import FILES, ITSELF, itself


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


def opened(sources: tuple[Any, Any], engines: tuple[str | Engine, str | Engine], images: Any) -> tuple[Side, Side]:
    """Return the sides of networks, files of them, or model objects of other frameworks.

    Args:
        sources: the two.
        engines: what runs each; "itself" is the own framework of a model object, or of a file of ONNX or Keras.
        images: what both will be given, or None: a module that does not say what it reads may be told by that.

    Raises:
        ModelFileError, UnmappedError, MissingPackageError: one cannot be opened.
        UnknownNameError, EngineError: there is no such engine, or not here, or not for this.
    """
    kinds = [next((name for name, kind in OBJECTS.items() if kind.holds(source)), None) for source in sources]
    shaped = [kind is not None and OBJECTS[kind].shaped for kind in kinds]
    nets: dict[int, Network] = {}
    for place in sorted((0, 1), key=lambda place: shaped[place]):  # what says what it reads goes first
        shape: Any = None
        if shaped[place]:
            shape = [node.shape for node in nets[1 - place].inputs] if 1 - place in nets else _shape(images)
        nets[place] = _net(sources[place], shape)
    a, b = (_side(place, sources[place], kinds[place], nets[place], engines[place]) for place in (0, 1))
    return a, b


def _shape(images: Any) -> tuple[int, ...] | None:
    """Return the shape of one image."""
    shape = np.shape(images)
    return None if len(shape) not in (3, 4) else shape[-3:]


def _net(source: Any, shape: Any) -> Network:
    if isinstance(source, Network):
        return source
    return load(source) if shape is None else load(source, input_shape=shape)


def _side(place: int, source: Any, kind: str | None, net: Network, engine: str | Engine) -> Side:
    is_path = isinstance(source, (str, os.PathLike))
    suffix = Path(os.fspath(source)).suffix.lower() if is_path else ""
    if engine == ITSELF:
        runs: Engine = FILES[suffix](source) if suffix in FILES else itself(source, kind or "")
    else:
        runs = get(engine)
    return Side("AB"[place], os.path.basename(os.fspath(source)) if is_path else net.name, net, runs)


def check_inputs(a: Network, b: Network) -> None:
    """Raise ShapeError where the two do not read the same."""
    shapes = [tuple(node.shape for node in net.inputs) for net in (a, b)]
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

"""Every value of one run of a network on one image, and where each of them came from."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engines import Engine, as_inputs, get
from ..errors import ShapeError, unknown_name
from ..layers.base import Mask, Run
from ..network import Network
from ..wiring import name_of
from .explanation import Explanation
from .receptive import ReceptiveField, masks, receptive_field

Floats = NDArray[np.float32]


class Trace(Mapping[str, Floats]):
    """Every value of one run, by name: `trace["conv1"]` is float32 (channels, height, width).

    Args:
        net: the network that ran.
        values: every value by name, without the batch.
        engine: the name of the engine that computed them.

    >>> from pellucid.layers import ReLU
    >>> run = trace(Network(2, [ReLU()]), [-1.0, 2.0])
    >>> list(run), run["relu1"].tolist()
    (['input', 'relu1'], [0.0, 2.0])
    """

    def __init__(self, net: Network, values: Mapping[str, Floats], engine: str) -> None:
        self.net = net
        self.engine = engine
        self._values = {name: value.view() for name, value in values.items()}
        for value in self._values.values():
            value.flags.writeable = False  # what is explained is what was computed
        self._weights = {name: net.weights[name] for name in net.weights}  # assigning replaces arrays: these stay

    def __getitem__(self, name: str) -> Floats:
        if name not in self._values:
            raise unknown_name("layer", name, self._values)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Trace of {self.net.name!r} on engine {self.engine!r}: {len(self)} values>"

    def explain(self, name: str, index: Sequence[int]) -> Explanation:
        """Take one number apart.

        Args:
            name: a layer's name.
            index: the number's place in the layer's output: (channel, row, column) for maps, (feature,) for vectors.

        Returns:
            what it read, the products, the sum in float64, and the engine's float32 value.

        Raises:
            UnknownNameError: there is no such layer.
            ShapeError: no number has this place; an input of the network was not computed.
        """
        place = self._place(name, index)
        node = self.net.node(name)
        if node.layer is None:
            raise ShapeError(
                f"input {name!r}",
                got="a request to explain it",
                expected="the name of a layer",
                fix="an input is given, not computed; explain what reads it",
            )
        inputs = tuple(str(before.name) for before in node.inputs)
        arithmetic = node.layer.explain(
            place,
            *(self[before][None] for before in inputs),
            w={short: self._weights[full] for short, full in self.net.weight_names(name).items()},
            run=Run(layer=name),
        )
        return Explanation(
            layer=name,
            kind=node.layer.kind,
            description=repr(node.layer),
            index=place,
            inputs=inputs,
            value=float(self[name][place]),
            **vars(arithmetic),
        )

    def receptive_masks(self, name: str, index: Sequence[int]) -> dict[str, Mask]:
        """Return every place that a number depends on, in every earlier layer and input, as masks of their shapes."""
        return masks(self.net, name, self._place(name, index))

    def receptive_field(self, name: str, index: Sequence[int], *, of: str | None = None) -> ReceptiveField:
        """Return the rows and columns of the input that a number depends on.

        Args:
            name: a layer's name.
            index: the number's place in the layer's output.
            of: the name of the input, or of an earlier layer; None: the network's first input.

        Raises:
            UnknownNameError: there is no such layer, or `of` does not come before it.
            ShapeError: no number has this place.
        """
        found = self.receptive_masks(name, index)
        wanted = str(self.net.inputs[0].name) if of is None else of
        if wanted not in found:
            raise unknown_name(f"layer before {name!r}", wanted, found)
        return receptive_field(found[wanted])

    def _place(self, name: str, index: Sequence[int]) -> tuple[int, ...]:
        shape = self[name].shape
        try:
            place = tuple(operator.index(i) for i in index)
        except TypeError:  # no sequence, or not of whole numbers
            place = None
        if (
            place is None
            or len(place) != len(shape)
            or not all(0 <= i < size for i, size in zip(place, shape, strict=True))
        ):
            last = "(" + ", ".join(str(size - 1) for size in shape) + ")"
            raise ShapeError(
                f"layer {name!r}",
                got=f"place {index if place is None else place!r}",
                expected=f"{len(shape)} numbers from {(0,) * len(shape)} to {last}",
                fix="count from 0: (channel, row, column) for maps, (feature,) for vectors",
            )
        return place


def trace(net: Network, image: Any, *, engine: str | Engine | None = None, channels_last: bool = False) -> Trace:
    """Return every value of one run of `net` on one image.

    Args:
        net: the network.
        image: (C, H, W), or a batch of one; a tuple for several inputs.
        engine: what runs it.
        channels_last: the image is (H, W, C).

    Raises:
        ShapeError: the image does not fit, or there are several.

    >>> from pellucid.layers import ReLU
    >>> trace(Network(2, [ReLU()]), [-1.0, 2.0]).explain("relu1", (1,)).value
    2.0
    """
    inputs = as_inputs(net, image, channels_last=channels_last)
    if len(inputs[0]) != 1:
        raise ShapeError(
            "trace", got=f"{len(inputs[0])} images", expected="one image", fix="trace them one by one: images[i]"
        )
    runner = get(engine)
    values = runner.program(net).trace(inputs)
    given = {name_of(node) for node in net.inputs}  # these may be the caller's own arrays
    kept = {name: value[0].copy() if name in given else value[0] for name, value in values.items()}
    return Trace(net, kept, runner.name)

"""Every value of one run of a network on one image, and where each of them came from."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engines import Engine, as_inputs, get
from ..errors import ShapeError, unknown_name
from ..layers.base import Mask, Run
from ..network import Network
from ..wiring import name_of
from .attribution import METHODS, Attribution, Method
from .attribution.asking import Target, ask, method_of
from .explanation import Explanation
from .projective import projections
from .receptive import ReceptiveField, masks, receptive_field

Floats = NDArray[np.float32]


class Trace(Mapping[str, Floats]):
    """Every value of one run, by name: `trace["conv1"]` is float32 (channels, height, width).

    Args:
        net: the network that ran.
        values: every value by name, without the batch.
        engine: the engine that computed them.

    >>> from pellucid.layers import ReLU
    >>> run = trace(Network(2, [ReLU()]), [-1.0, 2.0])
    >>> list(run), run["relu1"].tolist()
    (['input', 'relu1'], [0.0, 2.0])
    """

    def __init__(self, net: Network, values: Mapping[str, Floats], engine: Engine) -> None:
        self.net = net
        self.engine = engine.name
        self.runner = engine
        self._values = {name: value.view() for name, value in values.items()}
        for value in self._values.values():
            value.flags.writeable = False  # what is explained is what was computed
        self.weights = {name: net.weights[name] for name in net.weights}  # assigning replaces arrays: these stay

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
        place = self.place(name, index)
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
            w={short: self.weights[full] for short, full in self.net.weight_names(name).items()},
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
        return masks(self.net, name, self.place(name, index))

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

    def projective_masks(self, name: str, index: Sequence[int]) -> dict[str, Mask]:
        """Return every place that depends on a number, in every later layer that it reaches, as masks of their shapes.

        Args:
            name: a layer's name, or an input's.
            index: the number's place.

        Raises:
            UnknownNameError: there is no such layer.
            ShapeError: no number has this place.
        """
        return projections(self.net, name, self.place(name, index))

    def projective_field(self, name: str, index: Sequence[int], *, on: str | None = None) -> ReceptiveField:
        """Return the rows and columns of a later layer that depend on a number: a receptive field, read from its end.

        Args:
            name: a layer's name, or an input's.
            index: the number's place.
            on: the name of a later layer; None: the network's first output.

        Raises:
            UnknownNameError: there is no such layer, or nothing of the number reaches `on`.
            ShapeError: no number has this place.

        >>> from pellucid.layers import Conv2d
        >>> run = trace(Network((1, 4, 6), [Conv2d(1, 3)]), np.zeros((1, 4, 6)))
        >>> field = run.projective_field("input", (0, 1, 2))
        >>> field.rows, field.columns, field.status
        (range(0, 2), range(0, 3), 'exact')
        """
        found = self.projective_masks(name, index)
        wanted = str(self.net.outputs[0].name) if on is None else on
        if wanted not in found:
            raise unknown_name(f"layer that {name!r} reaches", wanted, found)
        return receptive_field(found[wanted])

    def attribute(
        self,
        method: str | Method,
        target: Target = None,
        *,
        of: str | None = None,
        engine: str | Engine | None = None,
        batch_size: int = 16,
        progress: Callable[[int, int], None] | None = None,
        **settings: Any,
    ) -> Attribution:
        """Tell how much each number of the image counts for a class, or for any other number of the run.

        A class's score is what the first output holds for it, before a softmax at the end.

        Args:
            method: "gradient", "gradient x input", "integrated gradients", "occlusion" or "grad-cam"; or one that is
                made, such as `attribution.Occlusion(size=3)`.
            target: a class's number or name; None: the predicted class, or the only number; or a layer's name with a
                place, (name, (channel, row, column)).
            of: the name of the input that is weighed; None: the first that is an image.
            engine: what computes scores and gradients; None: the engine of the trace.
            batch_size: images run at a time.
            progress: is told after each batch how many images were run, and how many there are.
            settings: the method's own: `steps` and `baseline` of integrated gradients; `size`, `stride` and `baseline`
                of occlusion; `layer` of Grad-CAM.

        Returns:
            values, a map over the image (H, W), and what they belong to.

        Raises:
            UnknownNameError: no such method, setting, class, layer or input.
            ParameterError: a setting that cannot be; weights that were assigned since the run.
            ShapeError: the network does not decide between classes; no number has this place; no image to cover.
            EngineError: the engine takes no gradients.

        >>> from pellucid.layers import Flatten, Linear
        >>> net = Network((1, 1, 2), [Flatten(), Linear(2, bias=False)])
        >>> net.weights["linear1.weight"] = [[1, -2], [0, 3]]
        >>> print(trace(net, [[[5.0, 1.0]]]).attribute("gradient x input", target=0))
        gradient x input for linear1[0]: score 3
          strongest (row, column): (0, 0) +5, (0, 1) -2
        """
        how = method_of(method, settings, METHODS)
        return ask(self, how, target, of=of, engine=engine, batch_size=batch_size, progress=progress)

    def place(self, name: str, index: Sequence[int]) -> tuple[int, ...]:
        """Return a number's place in a layer's output, checked.

        Raises:
            UnknownNameError: there is no such layer.
            ShapeError: no number has this place.
        """
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
    return Trace(net, kept, runner)

"""What a network is made of, layer by layer: shapes, parameters, cost and receptive field, as plain facts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import unknown_name
from ..field import Field
from ..layers.base import Cost
from ..layers.node import Node, Shape
from ..network import Network
from .receptive import fields, status_of

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True)
class LayerSummary:
    """One layer of a network.

    Args:
        name: its name.
        kind: its kind, such as "Conv2d".
        description: it with its parameters.
        inputs: the names of what it reads.
        input_shapes: their shapes, without the batch.
        shape: the output's shape.
        weights: the shape of each weight, by the layer's own name for it.
        params: trainable numbers; those of a layer used twice count at its first place.
        untrained: other numbers that it keeps, such as running means.
        cost: operations for one sample.
        field: the receptive field of its units along height and width.
        formulas: the rule of the output's height and width with numbers put in, or None.
    """

    name: str
    kind: str
    description: str
    inputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    shape: Shape
    weights: dict[str, Shape]
    params: int
    untrained: int
    cost: Cost
    field: tuple[Field, Field]
    formulas: tuple[str, str] | None

    @property
    def macs(self) -> int:
        """Multiply-adds for one sample, biases apart."""
        return self.cost.macs

    @property
    def receptive_field(self) -> tuple[int, int]:
        """The receptive field's (height, width) in input places, the image's borders aside."""
        return self.field[0].size, self.field[1].size

    @property
    def jump(self) -> tuple[float, float]:
        """Input places between neighbouring units along (height, width): the product of all strides before."""
        rows, columns = (float(axis.jump) for axis in self.field)
        return rows, columns

    @property
    def padding(self) -> tuple[float, float]:
        """How far the first unit's receptive field reaches beyond the input's top and left border."""
        rows, columns = (float(-axis.start) + 0.0 for axis in self.field)
        return rows, columns

    @property
    def status(self) -> str:
        """How exact the receptive field is: "whole input" (along both axes), "exact" or "upper bound"."""
        return status_of(self.field)


@dataclass(frozen=True)
class Summary:
    """A network's facts. Prints as a table.

    Args:
        name: the network's name.
        inputs: each input's shape by name.
        layers: its layers, in the order in which they run.
        outputs: the names of its outputs.

    >>> from pellucid import Network
    >>> from pellucid.layers import Conv2d, Flatten, Linear
    >>> summary = Network((1, 8, 8), [Conv2d(4, 3), Flatten(), Linear(10)]).summary()
    >>> summary.params, summary.macs, summary.layers[0].receptive_field
    (1490, 2736, (3, 3))
    >>> print(summary.markdown().splitlines()[3])
    | conv1 | Conv2d(4, 3) | 4 x 6 x 6 | 40 | 1,296 | 3 | 1 |
    """

    name: str
    inputs: dict[str, Shape]
    layers: tuple[LayerSummary, ...]
    outputs: tuple[str, ...]

    def __getitem__(self, name: str) -> LayerSummary:
        """Return the layer of that name; UnknownNameError if there is none."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise unknown_name("layer", name, [layer.name for layer in self.layers])

    @property
    def params(self) -> int:
        """Trainable numbers in all."""
        return sum(layer.params for layer in self.layers)

    @property
    def untrained(self) -> int:
        """Numbers kept but not trained, such as running means."""
        return sum(layer.untrained for layer in self.layers)

    @property
    def cost(self) -> Cost:
        """Operations for one sample, each counted in its own column."""
        return sum((layer.cost for layer in self.layers), Cost())

    @property
    def macs(self) -> int:
        """Multiply-adds of convolutions and linear layers for one sample, biases apart."""
        return self.cost.macs

    @property
    def values(self) -> int:
        """Numbers that one run computes, all layers together."""
        return sum(math.prod(layer.shape) for layer in self.layers)

    def latex(self) -> str:
        """Return the table as a LaTeX tabular that needs no package."""
        from .written import latex

        return latex(self)

    def markdown(self) -> str:
        """Return the table in Markdown."""
        from .written import markdown

        return markdown(self)

    def csv(self) -> str:
        """Return CSV (RFC 4180): a line of headings and a line a layer, all numbers plain."""
        from .written import comma_separated

        return comma_separated(self)

    def __str__(self) -> str:
        from .text import plain

        return plain(self.__rich__())

    def __rich__(self) -> RenderableType:
        from .tables import table

        return table(self)


def summarize(net: Network) -> Summary:
    """Return the facts of every layer of `net`.

    >>> from pellucid.layers import Conv2d
    >>> summarize(Network((1, 8, 8), [Conv2d(4, 3)]))["conv1"].shape
    (4, 6, 6)
    """
    found = fields(net)
    seen: set[str] = set()
    return Summary(
        name=net.name,
        inputs={str(node.name): node.shape for node in net.inputs},
        layers=tuple(_layer(net, node, found[str(node.name)], seen) for node in net.nodes),
        outputs=tuple(str(node.name) for node in net.outputs),
    )


def _layer(net: Network, node: Node, field: tuple[Field, Field], seen: set[str]) -> LayerSummary:
    assert node.layer is not None
    shapes = tuple(before.shape for before in node.inputs)
    full = net.weight_names(str(node.name))
    own = {short: net.weights.specs[name] for short, name in full.items() if name not in seen}
    seen.update(full.values())
    rows, columns = node.layer.windows(*shapes)
    formulas = None
    if rows is not None and columns is not None and len(shapes) == 1 and len(shapes[0]) == len(node.shape) == 3:
        formulas = rows.formula(shapes[0][1]), columns.formula(shapes[0][2])
    return LayerSummary(
        name=str(node.name),
        kind=node.layer.kind,
        description=repr(node.layer),
        inputs=tuple(str(before.name) for before in node.inputs),
        input_shapes=shapes,
        shape=node.shape,
        weights={short: net.weights.specs[name].shape for short, name in full.items()},
        params=sum(math.prod(spec.shape) for spec in own.values() if spec.trainable),
        untrained=sum(math.prod(spec.shape) for spec in own.values() if not spec.trainable),
        cost=node.layer.cost(*shapes),
        field=field,
        formulas=formulas,
    )

"""One layer being written: the ONNX nodes that compute it, the last of which has the layer's name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from ...layers.node import Shape

Array = NDArray[Any]


@dataclass(frozen=True)
class Laid:
    """How a weight is laid out in a file.

    Args:
        short: the layer's own name of it.
        own: its shape in the layer.
        order: which of its axes each axis of the tensor is.
        shape: the tensor's shape.
    """

    short: str
    own: Shape
    order: tuple[int, ...]
    shape: Shape


@dataclass
class Writing:
    """What writes one node of a network.

    Args:
        layer: the layer.
        name: the node's name, which will be that of the value it gives.
        reads: the names of the values that it reads.
        shapes: their shapes.
    """

    layer: Any
    name: str
    reads: Sequence[str]
    shapes: tuple[Shape, ...]
    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    weights: dict[str, Laid] = field(default_factory=dict[str, Laid])
    constants: dict[str, Array] = field(default_factory=dict[str, Array])

    @property
    def shape(self) -> Shape:
        """The shape of what the layer gives."""
        return self.layer.shape_of(*self.shapes)

    def add(self, op: str, *reads: str, **attributes: Any) -> str:
        """Add a node that reads these values, by default all that the layer reads; returns the name of its value."""
        same = sum(node.op_type == op for node in self.nodes)
        value = f"{self.name}/{op}{same + 1 if same else ''}"
        self.nodes.append(onnx.helper.make_node(op, reads or self.reads, [value], value, **attributes))
        return value

    def weight(self, short: str, *, shape: Shape | None = None, order: tuple[int, ...] | None = None) -> str:
        """Return the name of a weight's tensor, laid out with its axes in another order, or in another shape."""
        own: Shape = self.layer.weights(*self.shapes)[short].shape
        laid = order or tuple(range(len(own)))
        tensor = shape or tuple(own[axis] for axis in laid)
        assert math.prod(tensor) == math.prod(own), f"{self.name}.{short}: {own} as {tensor}"
        name = f"{self.name}.{short}"
        self.weights[name] = Laid(short, own, laid, tensor)
        return name

    def constant(self, name: str, values: Any, kind: type[np.generic] = np.int64) -> str:
        """Return the name of a constant's tensor."""
        full = f"{self.name}.{name}"
        self.constants[full] = np.asarray(values, kind)
        return full

    def number(self, name: str, value: float) -> str:
        """Return the name of a constant's tensor of one real number."""
        return self.constant(name, value, np.float32)

    def wide(self, axes: Sequence[int]) -> Shape:
        """Return the shape, without the batch, of numbers that vary along `axes` of the input and meet all of it."""
        return tuple(size if axis in axes else 1 for axis, size in enumerate(self.shapes[0]))

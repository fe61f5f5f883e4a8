"""A layer in its place: what it is called, what it reads, what shape it gives. Layers are called on nodes."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from ..errors import ParameterError, ShapeError
from .params import whole

if TYPE_CHECKING:
    from .base import Layer

Shape = tuple[int, ...]
_SERIALS = count()  # nodes are made after what they read, so that their order of making is an order to run in


class Node:
    """One value of a network while it is being wired: the output of `layer` on `inputs`.

    Args:
        layer: the layer, or None for an input of the network.
        inputs: the nodes it reads.
        shape: the value's shape without the batch, (channels, height, width) for maps.
        name: its name, or None to be named by the network.

    >>> from pellucid.layers import ReLU
    >>> ReLU()(Input((3, 4, 5)), name="bend")
    <bend: ReLU() -> (3, 4, 5)>
    """

    def __init__(self, layer: Layer | None, inputs: tuple[Node, ...], shape: Shape, name: str | None = None) -> None:
        self.layer = layer
        self.inputs = inputs
        self.shape = shape
        self.name = name
        self.serial = max([next(_SERIALS), *(node.serial + 1 for node in inputs)])  # inputs may be another process's

    def __repr__(self) -> str:
        what = "Input" if self.layer is None else repr(self.layer)
        return f"<{self.name or 'node'}: {what} -> {self.shape}>"


class Input(Node):
    """An input of a network.

    Args:
        shape: (channels, height, width); batch is never part of a shape. One number is a vector's length.
        name: its name; "input" by default.

    Raises:
        ShapeError: the shape is empty or holds anything but whole numbers of 1 or more.

    >>> Input((1, 28, 28)).shape
    (1, 28, 28)
    """

    def __init__(self, shape: int | tuple[int, ...], name: str | None = None) -> None:
        sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
        try:
            checked = tuple(whole(size, 1) for size in sizes)
        except ParameterError:
            checked = ()
        if not 1 <= len(checked) <= 4:
            raise ShapeError(
                f"Input {name!r}" if name else "Input",
                got=f"shape {shape!r}",
                expected="(channels, height, width), each a whole number of 1 or more, without the batch",
                fix="write for instance Input((3, 224, 224))",
            )
        super().__init__(None, (), checked, name)

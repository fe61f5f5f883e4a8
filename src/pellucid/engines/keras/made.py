"""One layer of ours as Keras has it: what computes it, and where its weights are kept and how they are turned.

Here a value is (N, C, H, W); in Keras it is (N, H, W, C). Values of fewer axes are the same in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...layers import Layer
from ...layers.node import Shape

Array = NDArray[Any]
Tensor = Any  # TensorFlow's, or Keras's symbol of one: neither has types that help
Computes = Callable[[Tensor], Tensor]  # several values are one list, as Keras's own layers take them


@dataclass(frozen=True)
class Kept:
    """A weight in Keras.

    Args:
        variable: Keras's variable.
        order: its axes as numbers of ours, after `split`.
        split: the shape that ours is seen in before it is turned; None: its own.
    """

    variable: Any
    order: tuple[int, ...] = ()
    split: tuple[int, ...] | None = None

    def there(self, array: Array) -> Array:
        """Return our array as Keras keeps it."""
        seen = array if self.split is None else array.reshape(self.split)
        return np.ascontiguousarray(seen.transpose(self.order) if self.order else seen).reshape(self.variable.shape)

    def back(self, array: Array, shape: Shape) -> Array:
        """Return Keras's array as we keep it."""
        if self.order:
            split = shape if self.split is None else self.split
            array = array.reshape(tuple(split[axis] for axis in self.order)).transpose(np.argsort(self.order))
        return np.ascontiguousarray(array.reshape(shape), np.float32)


@dataclass(frozen=True)
class Made:
    """A layer of ours in Keras.

    Args:
        call: computes it, not training, from tensors or from symbols of them.
        weights: where its weights are.
        careful: computes it where a number may be NaN, which `call` would lose.
        said: given the weights, what says the layer in an ordinary model, if that is not `call`.
        unsaid: why no ordinary model can have it.
        own: Keras's layer, if it gives the value by itself and may have an activation in it.
    """

    call: Computes
    weights: dict[str, Kept] = field(default_factory=dict[str, Kept])
    careful: Computes | None = None
    said: Callable[[Mapping[str, Array]], Computes] | None = None
    unsaid: str = ""
    own: Any = None


Entry = Callable[[Any, tuple[Shape, ...], str], Made]
Table = dict[type[Layer], Entry]


def steps(*layers: Computes) -> Computes:
    """Return what calls one after the other."""

    def call(x: Tensor) -> Tensor:
        for layer in layers:
            x = layer(x)
        return x

    return call


def titled(value: Tensor, name: str) -> Tensor:
    """Return a value; in a model that is being built, the operation that gives it is called `name`."""
    history = getattr(value, "_keras_history", None)
    if history is not None:
        history.operation.name = name
    return value


def theirs(shape: Shape) -> tuple[int | None, ...]:
    """Return a shape as Keras has it, the batch included."""
    return (None, *shape[1:], shape[0]) if len(shape) == 3 else (None, *shape)


def axis_of(axis: int, rank: int) -> int:
    """Return the number that Keras has for our axis."""
    place = axis % rank
    return (3, 1, 2)[place] if rank == 3 else place + 1


def outward(array: Array) -> Array:
    """Return our values (N, C, H, W) as Keras has them."""
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


def inward(array: Array) -> Array:
    """Return Keras's values as ours, which nobody else holds."""
    turned = array.transpose(0, 3, 1, 2) if array.ndim == 4 else array
    return np.array(turned, np.float32, order="C")

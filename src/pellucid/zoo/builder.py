"""What every network of the zoo is to the rest of the house: a function of classes, input shape and seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..layers.node import Shape
from ..network import Network

Classes = int | Sequence[str]
IMAGENET: Shape = (3, 224, 224)  # what the famous networks were made for: (channels, height, width)


class Builder(Protocol):
    """A function that builds a network with first values as its weights."""

    def __call__(self, classes: Classes = ..., *, input_shape: Shape = ..., seed: int = 0) -> Network:
        """Return the network for so many outputs, or one for each class name."""
        ...


def counted(classes: Classes) -> tuple[int, Sequence[str] | None]:
    """Return how many outputs are wanted, and their names if there are any.

    >>> counted(10), counted(["cat", "dog"])
    ((10, None), (2, ['cat', 'dog']))
    """
    return (classes, None) if isinstance(classes, int) else (len(classes), classes)

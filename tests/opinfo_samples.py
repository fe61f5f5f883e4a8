"""PyTorch's samples of its operations as calls of our layers: what each sample is here, or why it has no place.

A sample is what PyTorch's tests call an operation with: shapes, numbers and words. They are kept in `opinfo.json` with
what PyTorch gives for them; the numbers in its tensors are made by a rule, the same there and here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.layers import Layer

Array = NDArray[np.float64]
PRIME = 65521


def numbers(shape: tuple[int, ...], key: int, *, positive: bool = False) -> Array:
    """Distinct multiples of 1/16384 from -2 to 2 in no order, exact in float32; or from 0.5 to 2.5."""
    places = np.arange(math.prod(shape), dtype=np.int64)
    found = ((places * 40503 + key * 977 + 11) % PRIME / 16384 - 2).reshape(shape)
    return np.abs(found) + 0.5 if positive else found


def digest(array: Array) -> float:
    """One number that another array would hardly have: the sum of all, each times a weight of its place."""
    places = np.arange(array.size, dtype=np.int64)
    return float(((places * 30011 + 7) % PRIME / 32768 - 1) @ array.ravel())


class ExcludedError(Exception):
    """A sample that is no call of our layers; the text is the reason."""


@dataclass(frozen=True)
class Given:
    """A tensor of a sample: its number among them, and its shape."""

    number: int
    shape: tuple[int, ...]
    positive: bool = False

    def array(self, *shape: int) -> Array:
        """Its numbers, laid out in a shape."""
        return numbers(self.shape, self.number, positive=self.positive).reshape(shape or self.shape)


@dataclass(frozen=True)
class Call:
    """A layer on the tensors of a sample.

    Args:
        layer: the layer.
        inputs: each input's tensor, and its shape here, the batch included.
        weights: each weight's tensor, and its shape here; or constant numbers.
        training: whether it trains.
        updates: which weights follow the data, by name.
    """

    layer: Layer
    inputs: list[tuple[Given, tuple[int, ...]]]
    weights: Mapping[str, tuple[Given, tuple[int, ...]] | Array] = field(default_factory=dict[str, Any])
    training: bool = False


Mapped = Callable[..., Call]


def tensors(value: Any, found: list[Given]) -> Any:
    """A sample's words as they were, with `Given` for each description of a tensor."""
    if isinstance(value, dict) and "tensor" in value:
        given = Given(len(found), tuple(value["tensor"]), value.get("positive", False))
        found.append(given)
        return given
    if isinstance(value, dict):
        return {name: tensors(one, found) for name, one in value.items()}
    return [tensors(one, found) for one in value] if isinstance(value, list) else value


def called(name: str, sample: Mapping[str, Any]) -> Call:
    """What a sample of the operation is here.

    Raises:
        ExcludedError: nothing.
    """
    from opinfo_table import OPERATIONS

    found: list[Given] = []
    words = tensors([sample["input"], sample["args"], sample["kwargs"]], found)
    if any(math.prod(given.shape) == 0 for given in found):
        raise ExcludedError("a tensor without numbers")
    call = OPERATIONS[name](words[0], *words[1], **words[2])
    shapes = [shape[1:] for _, shape in call.inputs]
    if any(len(shape) == 0 for shape in shapes):
        raise ExcludedError("a number without axes")
    return call

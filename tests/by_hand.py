"""Running one layer by itself on numbers that are written down, and saying what must be refused and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import PellucidError
from pellucid.layers.base import Gradients, Layer, Run

Array = NDArray[Any]


def doubles(values: ArrayLike) -> Array:
    """Numbers as float64, in which small sums and products are exact."""
    return np.asarray(values, np.float64)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and infinities speak, as in the engines
def forward(layer: Layer, *inputs: ArrayLike, run: Run | None = None, **w: ArrayLike) -> Array:
    """The output of one sample: inputs without the batch axis, weights by their names."""
    weights = {name: doubles(value) for name, value in w.items()}
    return layer.forward(*(doubles(x)[None] for x in inputs), w=weights, run=run or Run())[0]


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def backward(layer: Layer, grad: ArrayLike, *inputs: ArrayLike, run: Run | None = None, **w: ArrayLike) -> Gradients:
    """The gradients of one sample, given the one in its output; gradients of inputs have no batch axis."""
    weights = {name: doubles(value) for name, value in w.items()}
    xs = [doubles(x)[None] for x in inputs]
    run = run or Run()
    y = layer.forward(*xs, w=weights, run=run)
    found = layer.backward(doubles(grad)[None], *xs, y=y, w=weights, run=run)
    return Gradients(tuple(x[0] for x in found.inputs), found.weights)


@dataclass(frozen=True)
class Refusal:
    """Something that must be refused, with the whole text of the error."""

    make: Callable[[], object]
    kind: type[PellucidError]
    where: str
    got: str
    expected: str
    fix: str

    def check(self) -> None:
        """Demand the error."""
        with pytest.raises(PellucidError) as caught:
            self.make()
        error = caught.value
        assert type(error) is self.kind
        assert (error.where, error.got, error.expected, error.fix) == (self.where, self.got, self.expected, self.fix)
        assert str(error) == (
            f"{self.where}\n  got       {self.got}\n  expected  {self.expected}\n  fix       {self.fix}"
        )

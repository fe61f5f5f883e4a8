"""Every kind of layer gives PyTorch's values and gradients, on its examples and over drawn geometries."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from geometries import PRIMES, convolutions, norms, pools, shapes
from geometries_of_movement import GEOMETRIES
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_judge import EXACT, THEIRS, compare, drawn, one_torch_thread

from pellucid.layers import REGISTRY, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Linear, MaxPool2d
from pellucid.layers.base import Example, Run

RUNS = [Run(layer="here"), Run(training=True, seed=3, step=5, samples=np.array([7, 4, 9]), layer="here")]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """On tensors this small PyTorch's threads only wait for each other."""
    with one_torch_thread():
        yield


def test_every_kind_has_its_judge() -> None:
    """No layer is left out."""
    assert set(THEIRS) == set(REGISTRY)


@pytest.mark.parametrize("run", RUNS, ids=["inference", "training"])
@pytest.mark.parametrize(
    "example",
    [pytest.param(example, id=str(example.layer)) for kind in REGISTRY.values() for example in kind.examples()],
)
def test_examples(example: Example, run: Run) -> None:
    """Every kind of layer gives PyTorch's values and gradients on its examples, in both modes."""
    compare(example.layer, drawn(example.shapes), THEIRS[example.layer.kind], run)


@settings(max_examples=150)
@given(example=convolutions())
def test_convolutions(example: Example) -> None:
    """Convolutions of any geometry: four sides, "same", dilation, groups, what padding holds."""
    compare(example.layer, drawn(example.shapes), THEIRS["Conv2d"], Run())


@settings(max_examples=150)
@given(example=pools(), whole=st.booleans())
def test_pools(example: Example, whole: bool) -> None:
    """Pools of any geometry; whole numbers bring ties, and the first of equal values wins as in PyTorch."""
    xs = drawn(example.shapes)
    compare(example.layer, [np.round(x) for x in xs] if whole else xs, THEIRS[example.layer.kind], Run())


@pytest.mark.parametrize("kind", GEOMETRIES)
@settings(max_examples=100)
@given(data=st.data())
def test_movements_and_joins(kind: str, data: st.DataObject) -> None:
    """Layers that grow, pad, resize, move, join and scale values, whatever their geometry."""
    example = data.draw(GEOMETRIES[kind])
    compare(example.layer, drawn(example.shapes), THEIRS[example.layer.kind], Run())


@settings(max_examples=100)
@given(example=norms())
def test_norms(example: Example) -> None:
    """Norms over any axes, groups and neighbours, of maps, rows and vectors."""
    compare(example.layer, drawn(example.shapes), THEIRS[example.layer.kind], Run())


@settings(max_examples=40)
@given(shape=shapes(), parts=st.tuples(st.integers(1, 8), st.integers(1, 8)))
def test_adaptive_pools(shape: tuple[int, int, int], parts: tuple[int, int]) -> None:
    """Any number of parts of any map, more parts than places too."""
    for layer in (AdaptiveAvgPool2d(parts), AdaptiveMaxPool2d(parts)):
        compare(layer, drawn((shape,)), THEIRS[layer.kind], Run())


@settings(max_examples=30)
@given(lead=st.lists(st.sampled_from(PRIMES), max_size=2), features=st.integers(1, 33), outputs=st.integers(1, 17))
def test_linear(lead: list[int], features: int, outputs: int) -> None:
    """Linear layers on vectors and on more axes, around the widths of vector units."""
    compare(Linear(outputs), drawn(((*lead, features),)), THEIRS["Linear"], Run())


def test_nan_through_pools_and_activations() -> None:
    """NaN and infinities come out where they come out of PyTorch."""
    (x,) = drawn(((2, 5, 5),))
    x[0, 0, 1, 1], x[1, 1, 2, 3], x[2, 0, 4, 4] = np.nan, np.inf, -np.inf
    for layer in (MaxPool2d(3, 2, padding=1), AvgPool2d(3, 2, padding=1), AdaptiveAvgPool2d(2), AdaptiveMaxPool2d(2)):
        ours = layer.forward(x, w={}, run=Run())
        np.testing.assert_array_equal(
            np.isnan(ours), THEIRS[layer.kind](layer, torch.tensor(x), w={}, run=Run()).isnan().numpy()
        )
    for kind in ("ReLU", "LeakyReLU", "Tanh", "Sigmoid"):
        layer = REGISTRY[kind]()
        wanted = THEIRS[kind](layer, torch.tensor(x), w={}, run=Run()).numpy()
        np.testing.assert_allclose(layer.forward(x, w={}, run=Run()), wanted, **EXACT)

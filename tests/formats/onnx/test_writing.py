"""Every layer written as ONNX: legal, the same numbers in ONNX Runtime, and in what is read from the nodes alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from small_models import assert_close, by_runtime

import pellucid
from pellucid import Network
from pellucid.errors import UnmappedError
from pellucid.formats.onnx.saving import model_of
from pellucid.formats.onnx.writers import WRITERS
from pellucid.layers import REGISTRY, Input
from pellucid.layers.base import Example

CASES = [
    pytest.param(example, id=f"{kind}-{number}")
    for kind in REGISTRY
    for number, example in enumerate(REGISTRY[kind].examples())
]


def of_example(example: Example) -> Network:
    """A network of the example's layer alone, with weights that are no first values."""
    inputs = [Input(shape, f"in{number}") for number, shape in enumerate(example.shapes)]
    net = Network(inputs, example.layer(*inputs, name="layer"), seed=3)
    random = np.random.default_rng(5)
    for name in net.weights:
        net.weights[name] = random.uniform(0.5, 1.5, net.weights[name].shape)
    return net


def images(net: Network, batch: int = 3) -> list[NDArray[np.float32]]:
    """Numbers for every input."""
    random = np.random.default_rng(7)
    return [random.normal(0, 2, (batch, *node.shape)).astype(np.float32) for node in net.inputs]


def without_metadata(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model as other tools may leave it: none of our metadata."""
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    del plain.metadata_props[:]
    for node in plain.graph.node:
        del node.metadata_props[:]
    return plain


def test_every_kind_has_a_writer() -> None:
    """A new layer must be said in ONNX, or be refused on purpose."""
    assert set(WRITERS) == set(REGISTRY)


@pytest.mark.parametrize("example", CASES)
def test_every_layer_runs_in_onnx_runtime(example: Example) -> None:
    """The checker finds nothing, shapes are those that ONNX infers, and ONNX Runtime gives our numbers."""
    net = of_example(example)
    model = model_of(net)
    onnx.checker.check_model(model, full_check=True)
    given = images(net)
    wanted = net.predict(tuple(given) if len(given) > 1 else given[0], engine="reference")
    assert_close(by_runtime(model, given)[0], wanted)


# What is written with operators that have no layer here: our metadata alone says which layer it was.
TOLD = {
    "AdaptiveMaxPool2d-1": "Gather",
    "AdaptiveMaxPool2d-3": "Gather",  # parts of different sizes, gathered from tables of places
    "LocalResponseNorm-2": "Pow",  # an even number of channels, or values that are no maps
    "LocalResponseNorm-3": "Pow",
    "LocalResponseNorm-4": "Pow",
    "LocalResponseNorm-5": "Pow",
    "LocalResponseNorm-6": "Pow",
    "LpPool2d-2": "Abs",  # a power that is no whole number
    "LpPool2d-5": "Abs",  # four sides that differ
}


@pytest.mark.parametrize("case", [str(case.id) for case in CASES])
def test_every_layer_is_read_from_its_nodes_alone(case: str) -> None:
    """Without our metadata other layers may come of it, whose numbers are the same; what cannot be read is told."""
    kind, number = case.rsplit("-", 1)
    net = of_example(REGISTRY[kind].examples()[int(number)])
    model = without_metadata(model_of(net))
    if case in TOLD:
        with pytest.raises(UnmappedError) as refused:
            pellucid.load(model)
        assert TOLD[case] in [item.op for item in refused.value.unmapped]
        return
    opened = pellucid.load(model)
    given = images(net)
    whole: Any = tuple(given) if len(given) > 1 else given[0]
    assert_close(opened.predict(whole, engine="reference"), net.predict(whole, engine="reference"))

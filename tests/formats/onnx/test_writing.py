"""Every layer written as ONNX: legal, and the same numbers in ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from pellucid import Network
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


def by_runtime(model: onnx.ModelProto, given: list[NDArray[np.float32]]) -> Any:
    """What ONNX Runtime gives."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {value.name: array for value, array in zip(session.get_inputs(), given, strict=True)})[0]


def assert_close(found: Any, wanted: Any) -> None:
    """The same numbers but for the order of sums in float32."""
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * max(float(np.abs(wanted).max()), 1e-6))


def test_every_kind_has_a_writer() -> None:
    """A new layer must be said in ONNX, or be refused on purpose."""
    assert set(REGISTRY) <= set(WRITERS)


@pytest.mark.parametrize("example", CASES)
def test_every_layer_runs_in_onnx_runtime(example: Example) -> None:
    """The checker finds nothing, shapes are those that ONNX infers, and ONNX Runtime gives our numbers."""
    net = of_example(example)
    model = model_of(net)
    onnx.checker.check_model(model, full_check=True)
    given = images(net)
    wanted = net.predict(tuple(given) if len(given) > 1 else given[0], engine="reference")
    assert_close(by_runtime(model, given), wanted)

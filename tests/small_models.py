"""Small ONNX models made for a test, and what ONNX Runtime gives for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Step = tuple[str, Sequence[str], str, dict[str, Any]]  # operator, inputs, outputs apart by blanks, attributes


def small_model(
    steps: Sequence[Step],
    *,
    opset: int = 17,
    shape: Sequence[int | str] = ("N", 3, 5, 7),
    constants: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = ("y",),
) -> onnx.ModelProto:
    """Return a model with the input "x" and, unless others are named, the output "y"."""
    graph = helper.make_graph(
        [helper.make_node(op, reads, gives.split(), f"{op}_{gives}", **more) for op, reads, gives, more in steps],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def by_runtime(model: onnx.ModelProto, given: Sequence[NDArray[np.float32]]) -> list[Any]:
    """Return what ONNX Runtime gives."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    named = {value.name: array for value, array in zip(session.get_inputs(), given, strict=True)}
    return list(session.run(None, named))


def assert_close(found: Any, wanted: Any) -> None:
    """Fail unless both are the same numbers but for the order of sums in float32."""
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * max(float(np.abs(wanted).max()), 1e-6))

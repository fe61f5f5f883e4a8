"""ONNX's own test cases, and what becomes of one here: how its inputs are given to an importer that wants constants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper, version_converter
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests, load_node_model_tests

import pellucid
from pellucid.errors import ModelFileError, UnmappedError

KINDS = ("pytorch-converted", "pytorch-operator", "simple")
# Operators of every number by itself: for them a row of numbers is as good as a column.
ALONE = {"Abs", "Add", "Cast", "CastLike", "Celu", "Clip", "Constant", "Div", "Dropout", "Elu", "Erf", "Exp", "Gelu",
         "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Log", "Max", "Min", "Mish", "Mul", "Neg", "PRelu", "Pow",
         "Relu", "Selu", "Sigmoid", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Swish", "Tanh"}  # fmt: skip
# Outputs beside the first that are nothing of a network in use: masks, indices and statistics.
BESIDE = {"Dropout", "LayerNormalization", "MaxPool"}


def all_cases() -> dict[str, TestCase]:
    """Return ONNX's cases of single nodes, and its small models, by name."""
    return {case.name: case for case in (*load_node_model_tests(), *small_cases())}


def small_cases() -> list[TestCase]:
    """Return the cases that are small models."""
    return [case for kind in KINDS for case in load_model_tests(kind=kind)]


Sets = list[tuple[list[Any], list[Any]]]


def outcome(case: TestCase, instead: Sets | None = None) -> str:
    """Return "" if a case opens and both engines give its stored outputs, else why it does not open.

    Args:
        case: the case.
        instead: inputs and outputs in place of its own.

    Raises:
        AssertionError: it opens, and gives something else.
    """
    model, sets = content(case)
    for inputs, outputs in instead or sets:
        if not all(isinstance(array, np.ndarray | np.generic | float | int) for array in (*inputs, *outputs)):
            return "sequences and optional values"
        if any(np.asarray(array).dtype.kind not in "fiubV" for array in (*inputs, *outputs)):
            return "texts or complex numbers"
        if any(map(_is_beyond, map(np.asarray, inputs))):
            return "numbers beyond float32's range"
        reasons: list[tuple[int, str]] = []
        passed = False
        for one, given in _givings(model, inputs):
            try:
                net = pellucid.load(one)
            except UnmappedError as error:
                told = dict.fromkeys(f"{item.op}: {item.reason}" for item in error.unmapped)
                reasons.append((len(told), "; ".join(told)))
                continue
            except ModelFileError as error:
                reasons.append((99, f"{error.where}: {error.got}"))
                continue
            for engine in ("reference", "native"):
                found: Any = net.predict(tuple(given) if len(given) > 1 else given[0], engine=engine)
                _compare(case, found if isinstance(found, tuple) else (found,), outputs)
            passed = True
        if not passed:
            return min(reasons)[1][:200]
    return ""


def _is_beyond(array: Any) -> bool:
    """Return whether a number of float64 is lost in float32."""
    with np.errstate(over="ignore"):
        single = array.astype(np.float32)
    return array.dtype == np.float64 and bool(
        np.any((array != 0) & ((single == 0) | np.isinf(single) & np.isfinite(array)))
    )


def _compare(case: TestCase, found: tuple[Any, ...], outputs: list[Any]) -> None:
    """Compare numbers of whatever type; those of a row were calculated as a column."""
    for ours, theirs in zip(found, outputs, strict=False):
        wanted = np.asarray(theirs)
        column = wanted.ndim == 1 and ours.shape == (len(wanted), 1)
        assert column or ours.shape == wanted.shape, f"{case.name}: shape {ours.shape}, not {wanted.shape}"
        rounded = ours.reshape(wanted.shape)
        np.testing.assert_allclose(
            (rounded.astype(wanted.dtype) if wanted.dtype.kind in "fV" else rounded).astype(np.float64),
            wanted.astype(np.float64),
            rtol=case.rtol,
            atol=case.atol,
            err_msg=case.name,
        )


def content(case: TestCase) -> tuple[onnx.ModelProto, Sets]:
    """Return a case's model, of an opset that is opened, and its inputs and outputs."""
    if case.model is not None:
        return _first_outputs(case.model), [(list(inputs), list(outputs)) for inputs, outputs in case.data_sets or ()]
    assert case.model_dir is not None
    folder = Path(case.model_dir)
    model = onnx.load(folder / "model.onnx")
    if all(opset.version < 7 for opset in model.opset_import if not opset.domain):
        with suppress(RuntimeError):  # some old operators have no converter; then our error stands
            model = version_converter.convert_version(model, 13)  # what our error says to do
    sets: Sets = []
    for data in sorted(folder.glob("test_data_set_*")):
        read = [[_tensor(path) for path in sorted(data.glob(f"{name}_*.pb"))] for name in ("input", "output")]
        sets.append((read[0], read[1]))
    return _first_outputs(model), sets


def _tensor(path: Path) -> Any:
    proto = onnx.TensorProto()
    proto.ParseFromString(path.read_bytes())
    return numpy_helper.to_array(proto)


def _first_outputs(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model of one node without the outputs beside the first that no network in use has."""
    nodes = model.graph.node
    if len(nodes) == 1 and nodes[0].op_type in BESIDE and len(nodes[0].output) > 1:
        model = _copy(model)
        del model.graph.node[0].output[1:]
        del model.graph.output[1:]
    return model


def _givings(model: onnx.ModelProto, inputs: list[Any]) -> Iterator[tuple[onnx.ModelProto, list[Any]]]:
    """Yield the model with all inputs computed, and with one of them alone, the others as constants."""
    known = {tensor.name for tensor in model.graph.initializer}
    names = [value.name for value in model.graph.input if value.name not in known]
    arrays = {name: np.asarray(array) for name, array in zip(names, inputs, strict=True)}
    for kept in ([names], [[name] for name in names])[: 1 + (len(names) > 1)]:
        for computed in kept:
            one = _copy(model)
            for value in [value for value in one.graph.input if value.name in names and value.name not in computed]:
                one.graph.input.remove(value)
                one.graph.initializer.append(_proto(arrays[value.name], value))
            given = [arrays[name].astype(np.float32) for name in computed]
            if {node.op_type for node in one.graph.node} <= ALONE and all(array.ndim == 1 for array in given):
                given = [array[:, None] for array in given]
                for value in one.graph.input:
                    value.type.tensor_type.shape.dim.add(dim_value=1)
            yield one, given


def _proto(array: Any, value: onnx.ValueInfoProto) -> onnx.TensorProto:
    """Return an input as a constant, of the type that the model says."""
    kind = value.type.tensor_type.elem_type
    return onnx.helper.make_tensor(value.name, kind, array.shape, np.ascontiguousarray(array).tobytes(), raw=True)


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy

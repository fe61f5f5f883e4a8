"""Tensors in places where no weight is read: none of them may lie in another file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import onnx

from ...errors import ModelFileError


def check_elsewhere(model: onnx.ModelProto) -> None:
    """Raise ModelFileError for a tensor outside the graph's own weights and constants that lies in another file."""
    for tensor in _tensors(model):
        if tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL:
            location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
            raise ModelFileError(
                f"tensor {tensor.name!r} in {location!r}",
                got="a tensor in another file, where no weight is read",
                expected="only the graph's own weights in other files",
                fix="save the model in one file",
            )


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Yield every tensor that is no initializer and no Constant of the main graph."""
    for node in model.graph.node:
        for attribute in node.attribute:
            yield from _of_attribute(attribute, read=node.op_type == "Constant" and attribute.name == "value")
    yield from _sparse(model.graph.sparse_initializer)
    for function in model.functions:
        for node in function.node:
            for attribute in node.attribute:
                yield from _of_attribute(attribute)
        for attribute in function.attribute_proto:
            yield from _of_attribute(attribute)
    for training in model.training_info:
        yield from _of_graph(training.initialization)
        yield from _of_graph(training.algorithm)


def _of_graph(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    yield from _sparse(graph.sparse_initializer)
    for node in graph.node:
        for attribute in node.attribute:
            yield from _of_attribute(attribute)


def _of_attribute(attribute: onnx.AttributeProto, *, read: bool = False) -> Iterator[onnx.TensorProto]:
    if attribute.HasField("t") and not read:
        yield attribute.t
    yield from attribute.tensors
    yield from _sparse(attribute.sparse_tensors)
    if attribute.HasField("sparse_tensor"):
        yield from _sparse([attribute.sparse_tensor])
    for graph in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
        yield from _of_graph(graph)


def _sparse(tensors: Iterable[onnx.SparseTensorProto]) -> Iterator[onnx.TensorProto]:
    for tensor in tensors:
        yield tensor.values
        yield tensor.indices

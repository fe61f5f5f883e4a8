"""A network as an ONNX model: readable, and with what ONNX cannot say beside it, so that it opens as it was.

The graph's values have the network's names, a weight's tensor is called "conv1.weight", the batch is "N". Each layer's
first node carries, as metadata under "pellucid", which layer it was; the model carries seed, classes and the name.
What runs a model reads nothing of it, and we believe it only where it is borne out by the nodes: see `hints`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ... import __version__
from ...errors import ModelFileError
from ...layers import Layer, Node
from ...layers.node import Shape
from ...network import Network
from ...wiring import name_of
from ..description import build, describe
from ..disk import write
from ..refusal import told
from ..strict_json import parse
from .hints import METADATA
from .writers import written
from .writing import Laid, Writing

OPSET, IR_VERSION = 22, 10  # averages are defined to the last window since 22; nodes have metadata since 10
LARGEST = 2**31 - 2**20  # bytes of weights: a protocol buffer has fewer than 2 GiB, names and nodes included
FLOAT = onnx.TensorProto.FLOAT


def save(net: Network, path: Path) -> None:
    """Write the network as an ONNX model; the file is replaced at once or not at all.

    Raises:
        ModelFileError: a layer cannot be said in ONNX, the weights are too large, or the file cannot be written.
    """
    try:
        data = model_of(net).SerializeToString(deterministic=True)
        write(path, (data,), len(data))
    except ModelFileError as error:
        raise told(error, path) from None


def model_of(net: Network) -> onnx.ModelProto:
    """Return the network as an ONNX model."""
    size = sum(array.nbytes for _, array in net.weights.items())
    if size > LARGEST:
        raise ModelFileError(
            "",
            got=f"{size} bytes of weights",
            expected=f"at most {LARGEST}, as much as fits one ONNX file",
            fix="save the network as .safetensors",
        )
    build(parse(json.dumps(describe(net)), "network"))  # what is too large to be opened must not be written
    graph = _Graph(net).graph
    model = onnx.helper.make_model(
        graph,
        producer_name="pellucid",
        producer_version=__version__,
        ir_version=IR_VERSION,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
    )
    about = {"name": net.name, "seed": net.seed, "classes": net.classes}
    model.metadata_props.add(key=METADATA, value=json.dumps(about, separators=(",", ":")))
    return model


class _Graph:
    """The graph of a network, written node by node."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self.taken = {name_of(node) for node in (*net.inputs, *net.nodes)}
        self.tensors: dict[tuple[str, Laid], str] = {}  # names of weights that are there already
        name = "".join(c if c.isprintable() else " " for c in net.name).strip() or "network"
        self.graph = onnx.GraphProto(name=name)
        self.graph.input.extend(self._info(name_of(node), node.shape) for node in net.inputs)
        first: dict[int, str] = {}
        for node in net.nodes:
            assert node.layer is not None
            owner = first.setdefault(id(node.layer), name_of(node))
            self._write(node, node.layer, owner)
        self._outputs()

    def _info(self, name: str, shape: Shape) -> onnx.ValueInfoProto:
        return onnx.helper.make_tensor_value_info(name, FLOAT, ["N", *shape])

    def _write(self, node: Node, layer: Layer, owner: str) -> None:
        name = name_of(node)
        reads = [name_of(before) for before in node.inputs]
        writing = written(layer, name, reads, tuple(before.shape for before in node.inputs))
        names = self._tensors(writing, self.net.weight_names(name))
        for inner in writing.nodes[:-1]:
            names[inner.output[0]] = self._own(inner.output[0])
        said = {"layer": layer.kind, "params": layer.config()} if owner == name else {"same_as": owner}
        text = json.dumps(said | {"reads": reads}, separators=(",", ":"))
        writing.nodes[0].metadata_props.add(key=METADATA, value=text)
        for proto in writing.nodes:
            for place, value in enumerate(proto.input):
                proto.input[place] = names.get(value, value)
            proto.name = proto.output[0] = names.get(proto.output[0], proto.output[0])
            self.graph.node.append(proto)
        if node not in self.net.outputs:
            self.graph.value_info.append(self._info(name, node.shape))

    def _tensors(self, writing: Writing, full: dict[str, str]) -> dict[str, str]:
        """Add the tensors of a layer; returns the names that they got."""
        names: dict[str, str] = {}
        for name, laid in writing.weights.items():
            key = full[laid.short], laid
            if key not in self.tensors:
                self.tensors[key] = self._own(full[laid.short])
                array = self.net.weights[full[laid.short]].transpose(laid.order).reshape(laid.shape)
                self._tensor(self.tensors[key], array, "<f4", FLOAT)
            names[name] = self.tensors[key]
        for name, array in writing.constants.items():
            names[name] = self._own(name)
            kind = onnx.TensorProto.INT64 if array.dtype == np.int64 else FLOAT
            self._tensor(names[name], array, "<i8" if array.dtype == np.int64 else "<f4", kind)
        return names

    def _tensor(self, name: str, array: Any, code: str, kind: int) -> None:
        data = np.ascontiguousarray(array, code).tobytes()
        self.graph.initializer.add(name=name, data_type=kind, dims=array.shape, raw_data=data)

    def _own(self, wanted: str) -> str:
        """Return a name that nothing else has."""
        name, number = wanted, 2
        while name in self.taken:
            name, number = f"{wanted}_{number}", number + 1
        self.taken.add(name)
        return name

    def _outputs(self) -> None:
        names = [name_of(node) for node in self.net.outputs]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ModelFileError(
                f"output {twice!r}",
                got="an output twice",
                expected="each output once, as ONNX wants it",
                fix="give the network each output once",
            )
        self.graph.output.extend(self._info(name_of(node), node.shape) for node in self.net.outputs)

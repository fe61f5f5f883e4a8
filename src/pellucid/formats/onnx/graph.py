"""An ONNX graph, walked in the order in which its nodes stand: constants are calculated, everything else is wired."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ...errors import ModelFileError, ParameterError, PellucidError, ShapeError
from ...layers import Node
from ...network import Network
from ..opening import Opening, UnreadableError
from ..stored import Stored
from .call import BATCH, Call, Tall, Value, attributes
from .folding import fold
from .hints import Hinted, about, hinted
from .patterns import Formulas
from .schemas import check_said
from .table import operator
from .tensors import stored

OLDEST = 7
MOST_NODES = 16  # of one layer of ours
MOST_FOLDED = 2**23  # numbers of all constants that are calculated
LATER = 2**16  # numbers from which on a cast is made when it is needed
HOME = ("", "ai.onnx")


def network(model: onnx.ModelProto, folder: Path | None, partial: bool) -> Network:
    """Return the network of a model; its external data are beneath `folder`."""
    versions = [opset.version for opset in model.opset_import if opset.domain in HOME]
    if len(versions) != 1 or versions[0] < OLDEST:
        raise ModelFileError(
            "",
            got=f"ONNX opset {versions[0]}" if versions else f"ONNX of IR version {model.ir_version}, without an opset",
            expected=f"opset {OLDEST} or newer",
            fix="export the model again, or convert it with onnx.version_converter",
        )
    newest = onnx.defs.onnx_opset_version()
    if versions[0] > newest:
        raise ModelFileError(
            "",
            got=f"ONNX opset {versions[0]}",
            expected=f"opset {newest} or older, which the installed onnx {onnx.__version__} knows",
            fix="install a newer onnx",
        )
    walk = _Walk(model.graph, versions[0], folder)
    name, seed, classes = about(model) or (model.graph.name or "network", 0, None)
    walk.opening.name = name
    return walk.network(partial, seed, classes)


class _Walk:
    """The values of a graph, by name, as far as it has been walked."""

    def __init__(self, graph: onnx.GraphProto, opset: int, folder: Path | None) -> None:
        self.graph, self.opset, self.folder = graph, opset, folder
        self.opening = Opening()
        self.values: dict[str, Value] = {}
        self.fused: dict[int, str] = {}  # nodes that are one with an earlier one, by number, and what they give
        self.layers: dict[str, Hinted] = {}
        self.names: dict[int, list[str]] = {}  # under which a node's value is read
        self.told = 0  # nodes before this one were opened by hints
        self.folded = 0  # numbers of constants that were calculated
        self.batch = BATCH
        self.readers: dict[str, list[int]] = {}
        for number, node in enumerate(graph.node):
            for name in node.input:
                self.readers.setdefault(name, []).append(number)
        self.ends = [value.name for value in graph.output]
        self.formulas = Formulas(graph, self._reads_of).found()
        self.inside = {inner for end, formula in self.formulas.items() for inner in formula.nodes - {end}}

    def network(self, partial: bool, seed: int, classes: list[str] | None) -> Network:
        """Return the network."""
        for tensor in self.graph.initializer:
            self._give(tensor.name, stored(tensor, tensor.name, self.folder))
        for tensor in self.graph.sparse_initializer:
            raise _damaged(f"tensor {tensor.values.name!r}", "a sparse tensor", "dense tensors")
        for value in self.graph.input:
            if value.name not in self.values:
                self._give(value.name, self._input(value))
        for number, node in enumerate(self.graph.node):
            if number not in self.fused and not self._hinted(number) and not self._is_formula(number):
                self._node(node, number)
        for name in self.ends:
            if name not in self.values:
                raise _damaged(f"output {name!r}", "no node that gives it", "the output of a node")
            if isinstance(self.values[name], Stored | Tall):
                constant = isinstance(self.values[name], Stored)
                self.opening.refuse(name, "output", "it is a constant" if constant else "it has more than 5 axes")
                self.values[name] = None
        outputs = [value if isinstance(value := self.values[name], Node) else None for name in self.ends]
        try:
            return self.opening.network(outputs, partial=partial, classes=classes, seed=seed)
        except (ParameterError, ShapeError) as error:
            raise _damaged(error.where, error.got, error.expected) from None

    def _give(self, name: str, value: Value) -> None:
        if name in self.values:
            raise _damaged(f"value {name!r}", "two tensors, inputs or nodes that give it", "one")
        self.values[name] = value
        if isinstance(value, Node):
            self.names.setdefault(id(value), []).append(name)

    def _reads_of_node(self, node: Node) -> int:
        return sum(map(self._reads_of, self.names.get(id(node), ())))

    def _input(self, value: onnx.ValueInfoProto) -> Node:
        dims = value.type.tensor_type.shape.dim
        sizes = [dim.dim_value if dim.HasField("dim_value") else 0 for dim in dims]
        if len(sizes) < 2 or any(size < 1 for size in sizes[1:]):
            told = tuple(size or "?" for size in sizes)
            raise _damaged(
                f"input {value.name!r}", f"shape {told!r:.100}", "(batch, ...) with every size but the batch's"
            )
        if sizes[0] > 0 and self.batch not in (BATCH, sizes[0]):
            raise _damaged(f"input {value.name!r}", f"a batch of {sizes[0]} beside one of {self.batch}", "one batch")
        if sizes[0] > 0:
            self.batch = sizes[0]
        try:
            return self.opening.input(value.name, tuple(sizes[1:]))
        except ShapeError as error:
            raise _damaged(f"input {value.name!r}", error.got, error.expected) from None

    def _hinted(self, number: int) -> bool:
        """Return whether a node is the first, or another one, of a layer that the model says and its nodes bear out."""
        if number < self.told:
            return True
        if not self.graph.node[number].metadata_props:
            return False
        nodes = self.graph.node[number : number + MOST_NODES]
        found = hinted(nodes, self.values, self.layers, self._reads_of)
        if found is None:
            return False
        last = nodes[found.count - 1]
        made = self.opening.add(found.layer, *found.reads, name=last.name, weights=found.weights, op=last.op_type)
        self._give(last.output[0], made)
        self.layers[last.name] = found
        self.told = number + found.count
        return True

    def _is_formula(self, number: int) -> bool:
        """Return whether a node is one of an activation's formula: the last is opened for all of them."""
        if number in self.inside:
            return True
        formula = self.formulas.get(number)
        if formula is None:
            return False
        node, value = self.graph.node[number], self.values.get(formula.reads)
        made: Value = None
        if isinstance(value, Stored | Tall):
            told = "a constant" if isinstance(value, Stored) else "a value of more than 5 axes"
            self.opening.refuse(_name(node, number), node.op_type, f"{formula.layer.kind} of {told}")
        else:
            made = self.opening.add(formula.layer, value, name=_name(node, number), op=node.op_type)
        self._give(node.output[0], made)
        return True

    def _reads_of(self, name: str) -> int:
        return len(self.readers.get(name, [])) + self.ends.count(name)

    def _node(self, node: onnx.NodeProto, number: int) -> None:
        name = _name(node, number)
        made: Value | tuple[Node | None, ...] = None
        for read in node.input:
            if read and read not in self.values:
                raise _damaged(
                    f"node {name!r}", f"{read!r}, which nothing before it gives", "nodes in the order they run"
                )
        values = [self.values[read] if read else None for read in node.input]
        if not any(read and self.values[read] is None for read in node.input):
            try:
                made = self._made(node, name, values)
            except UnreadableError as error:
                self.opening.refuse(name, node.op_type, str(error))
            except PellucidError as error:
                if isinstance(error, ModelFileError):
                    raise
                self.opening.refuse(name, node.op_type, f"{error.got}; expected {error.expected}")
        values_given = made if isinstance(made, tuple) else (made,)
        for place, output in enumerate(node.output):
            if place >= len(values_given) and self._reads_of(output):
                self.opening.refuse(name, node.op_type, f"its output {place} is used")
            if output:
                self._give(output, values_given[place] if place < len(values_given) else None)
        for reader in self.readers.get(next(iter(node.output), ""), []):
            if reader in self.fused:
                self._give(self.fused[reader], values_given[0])

    def _made(self, node: onnx.NodeProto, name: str, values: list[Value]) -> Value | tuple[Node | None, ...]:
        if node.domain not in HOME:
            raise UnreadableError(f"an operator of {node.domain!r:.60}")
        check_said(node, self.opset)
        if node.op_type == "Constant":
            return self._constant(node, name)
        given = attributes(node)

        def fuse(axis: int) -> Stored | None:
            return self._fused(node, axis)

        outputs = [output or f"{name}/{place}" for place, output in enumerate(node.output)]
        call = Call(self.opening, node.op_type, name, values, given, self.batch, outputs, self._reads_of_node, fuse)
        if node.op_type == "Shape" and isinstance(values[0], Node):
            sizes = np.array([self.batch, *values[0].shape], np.int64)
            return Stored.of(name, sizes[call.get("start", 0) : call.get("end", None)])
        present = [value for value in values if value is not None]
        if present and all(isinstance(value, Stored) for value in present):
            return self._folded(call, [value for value in present if isinstance(value, Stored)])
        entry = operator(node.op_type, self.opset)
        if entry is None:
            raise UnreadableError(f"no layer computes it (opset {self.opset})")
        made = entry(call)
        call.check_used()
        return made

    def _folded(self, call: Call, values: list[Stored]) -> Stored:
        """Return what a node gives for constants; weights of another type are read when they are needed."""
        first = values[0]
        if call.op == "Cast" and math.prod(first.shape) > LATER:
            return Stored(call.name, first.shape, lambda: fold(call, [first.read()]))
        folded = fold(call, [value.read() for value in values])
        self.folded += folded.size if folded.base is None else 0  # a view takes no memory
        if self.folded > MOST_FOLDED:
            raise UnreadableError(f"constants of more than {MOST_FOLDED} numbers calculated")
        return Stored.of(call.name, folded)

    def _constant(self, node: onnx.NodeProto, name: str) -> Stored:
        (kind, value), *more = attributes(node).items() or [("", None)]
        if more or kind not in ("value", "value_float", "value_floats", "value_int", "value_ints"):
            raise UnreadableError(f"a constant given as {kind or 'nothing'}")
        if kind == "value":
            return stored(value, name, self.folder)
        return Stored.of(name, np.asarray(value, np.float32 if "float" in kind else np.int64))

    def _fused(self, node: onnx.NodeProto, after: int) -> Stored | None:
        """Return what the only reader of a node adds to its channels, `after` axes from the end: the node's bias."""
        output = node.output[0]
        readers = self.readers.get(output, [])
        reader = self.graph.node[readers[0]] if len(readers) == 1 else None
        if reader is None or reader.op_type != "Add" or output in self.ends or len(reader.input) != 2:
            return None
        other = self.values.get(reader.input[1 - list(reader.input).index(output)])
        if not isinstance(other, Stored):
            return None
        padded = (1,) * (after + 1 - len(other.shape)) + other.shape
        place = len(padded) - 1 - after
        weight: Any = self.values[node.input[1]]
        count = weight.shape[0] if node.op_type == "Conv" else weight.shape[1]
        if node.op_type == "Gemm" or padded[place] != count or np.prod(padded) != count or len(padded) > after + 2:
            return None
        self.fused[readers[0]] = reader.output[0]
        return other.reshaped(count)


def _name(node: onnx.NodeProto, number: int) -> str:
    """Return a node's name, or what stands for it."""
    return node.name or next(iter(node.output), "") or f"{node.op_type}_{number}"


def _damaged(place: str, got: str, expected: str) -> ModelFileError:
    return ModelFileError(place, got=got, expected=expected, fix="get the model again, or export it anew")

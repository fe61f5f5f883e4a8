"""The graph of a .pt2 archive: JSON, read as what it is; no expression is evaluated and no operation is looked up.

Format: torch/_export/serde/schema.py, version 8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import ModelFileError
from ..stored import Stored
from ..strict_json import DAMAGED, as_list, as_names, as_text, as_whole
from .payloads import NAMES, expression, sizes_of
from .program import BATCH, UNKNOWN, Place, Program, Ref, Sizes, Step

MAJOR = 8
MODULE = re.compile(r"L__self__(?P<path>.*?)(?:@\d+)?,(?P=path),[^,]*")
BESIDE = {"parameter": "parameter_name", "buffer": "buffer_name", "tensor_constant": "tensor_constant_name"}
NUMBERS = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": float("nan")}  # written as texts


def program(model: object, tensors: Mapping[str, Stored], name: str) -> Program:
    """Return the program that a model.json describes; its constants are among `tensors`.

    Raises:
        ModelFileError: it is damaged, or of another version.
    """
    whole = as_names(model, "the model")
    version = as_names(whole.get("schema_version"), "schema_version").get("major")
    if version != MAJOR:
        raise ModelFileError(
            "schema_version",
            got=f"{version!r:.20}, by PyTorch {whole.get('torch_version')!r:.40}",
            expected=str(MAJOR),
            fix="open it in the PyTorch that wrote it, export the module again in a new one, and save that",
        )
    return _Read(as_names(whole.get("graph_module"), "graph_module"), tensors, name).program()


class _Read:
    """A graph being read."""

    def __init__(self, module: Mapping[str, object], tensors: Mapping[str, Stored], name: str) -> None:
        self.graph = as_names(module.get("graph"), "graph")
        self.signature = as_names(module.get("signature"), "signature")
        self.tensors, self.name = tensors, name
        self.values: dict[str, Any] = {}  # numbers by name
        self.metas = as_names(self.graph.get("tensor_values"), "tensor_values")

    def program(self) -> Program:
        """Return the program."""
        inputs: list[str] = []
        constants: dict[str, Stored] = {}
        trained: set[str] = set()
        for spec in as_list(self.signature.get("input_specs"), "input_specs"):
            kind, given = _only(spec, "input_specs")
            entry = as_names(given, kind)
            if kind == "user_input":
                inputs += [ref.name for ref in self._refs(entry.get("arg"))]
            elif kind == "constant_input":
                value = _only(entry.get("value"), "a constant input")
                self.values[as_text(entry.get("name"), kind)] = self._arg(*value)
            elif kind in BESIDE:
                name = as_text(as_names(entry.get("arg"), kind).get("name"), kind)
                target = as_text(entry.get(BESIDE[kind]), kind)
                if target in self.tensors:
                    constants[name] = self.tensors[target]
                if kind == "parameter" and as_names(self.metas.get(name), name).get("requires_grad") is True:
                    trained.add(name)
        batch = self._batch(inputs)
        text = batch if isinstance(batch, str) else None
        for name, value in as_names(self.graph.get("sym_int_values", {}), "sym_int_values").items():
            self.values[name] = sizes_of([value], name, text, BATCH)[0]
        shapes: dict[str, Sizes] = {
            name: sizes_of(as_names(meta, name).get("sizes"), name, text, BATCH) for name, meta in self.metas.items()
        }
        steps = [self._step(as_names(node, "a node")) for node in as_list(self.graph.get("nodes"), "nodes")]
        outputs: list[Ref | None] = []
        for spec in as_list(self.signature.get("output_specs"), "output_specs"):
            kind, given = _only(spec, "output_specs")
            entry = as_names(given, kind)
            if kind == "user_output":
                outputs += [*self._refs(entry.get("arg"))] or [None]
        known = batch if isinstance(batch, int) else BATCH
        return Program(self.name, inputs, constants, steps, outputs, shapes, known, trained)

    def _batch(self, inputs: list[str]) -> int | str:
        """Return the first size of the first input: a number, or the text of what stands for one."""
        for name in inputs:
            sizes = as_list(as_names(self.metas.get(name), name).get("sizes"), name)
            if sizes:
                first = as_names(sizes[0], name)
                return as_whole(first["as_int"], name) if "as_int" in first else expression(first, name)
        return BATCH

    def _step(self, node: Mapping[str, object]) -> Step:
        op = as_text(node.get("target"), "a node's target").removeprefix("torch.ops.")
        args: dict[str, Any] = {}
        for item in as_list(node.get("inputs"), op):
            entry = as_names(item, op)
            args[as_text(entry.get("name"), op)] = self._arg(*_only(entry.get("arg"), op))
        gives = [ref.name for output in as_list(node.get("outputs"), op) for ref in self._refs(output)]
        stack = as_names(node.get("metadata", {}), op).get("nn_module_stack", "")
        return Step(op, args, tuple(gives), _place(as_text(stack, op)))

    def _arg(self, kind: str, value: Any) -> Any:
        """Return an argument; what no operation here takes is told as its kind."""
        if kind == "as_none":
            return None
        if kind == "as_tensor":
            return self._named(as_names(value, kind))
        if kind in ("as_tensors", "as_optional_tensors"):
            return [self._tensor(as_names(item, kind)) for item in as_list(value, kind)]
        if kind == "as_optional_tensor":
            return self._tensor(as_names(value, kind))
        if kind == "as_sym_int":
            return self._symbol(as_names(value, kind))
        if kind == "as_sym_ints":
            return [self._symbol(as_names(item, kind)) for item in as_list(value, kind)]
        if kind in ("as_int", "as_bool", "as_string", "as_ints", "as_bools", "as_strings"):
            return value
        if kind == "as_float":
            return NUMBERS.get(value, value) if isinstance(value, str) else value
        if kind == "as_floats":
            return [self._arg("as_float", item) for item in as_list(value, kind)]
        if kind == "as_scalar_type":
            return f"torch.{NAMES.get(as_whole(value, kind), value)}"
        return f"{kind}"

    def _named(self, entry: Mapping[str, object]) -> Any:
        name = as_text(entry.get("name"), "a tensor")
        return self.values.get(name, Ref(name))

    def _tensor(self, entry: Mapping[str, object]) -> Any:
        if "as_none" in entry:
            return None
        return self._named(as_names(entry["as_tensor"], "a tensor") if "as_tensor" in entry else entry)

    def _symbol(self, entry: Mapping[str, object]) -> Any:
        if "as_int" in entry:
            return as_whole(entry["as_int"], "a size")
        return self.values.get(as_text(entry.get("as_name"), "a size"), UNKNOWN)

    def _refs(self, argument: object) -> Iterator[Ref]:
        """Return the tensors of an input or output."""
        value = self._arg(*_only(argument, "an input or output"))
        for item in value if isinstance(value, list) else [value]:  # pyright: ignore[reportUnknownVariableType]
            if isinstance(item, Ref):
                yield item


def _only(value: object, place: str) -> tuple[str, Any]:
    """Return the one entry of an object that says which kind of thing it is, and the thing."""
    entries = list(as_names(value, place).items())
    if len(entries) != 1:
        raise ModelFileError(place, got=f"{value!r:.100}", expected="an object of one name", fix=DAMAGED)
    return entries[0]


def _place(stack: str) -> Place:
    """Return where an operation stands, from the modules around it: "call,path,class" for each."""
    calls: list[str] = []
    path = ""
    for module in stack.split(";"):
        found = MODULE.fullmatch(module)
        parts = module.split(",")
        if found or len(parts) == 3:
            calls.append(module)
            path = found["path"] if found else parts[1]
    return Place(path, tuple(calls)) if calls else Place()

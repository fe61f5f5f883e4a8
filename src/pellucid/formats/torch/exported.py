"""A torch.export.ExportedProgram, taken apart into our own words."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, fx

from ...errors import ModelFileError
from ..stored import Stored
from .program import BATCH, UNKNOWN, Place, Program, Ref, Sizes, Step


def program(exported: Any, name: str = "network") -> Program:
    """Return an exported program's operations and constants."""
    return _Taken(exported, name).program()


def stored(name: str, tensor: Tensor) -> Stored:
    """Return a tensor that is read when it is needed."""

    def read() -> NDArray[Any]:
        if tensor.layout != torch.strided or tensor.is_meta or tensor.is_complex() or tensor.is_quantized:
            raise ModelFileError(
                f"tensor {name!r}",
                got=f"{tensor.dtype} on {tensor.device}, {tensor.layout}",
                expected="real numbers, one by one",
                fix="convert it with .float(), .dequantize() or .to_dense()",
            )
        with torch.no_grad():
            plain = tensor.float() if tensor.dtype in (torch.bfloat16, torch.float16) else tensor
            numbers: NDArray[Any] = plain.detach().cpu().numpy()
        return numbers

    return Stored(name, tuple(tensor.shape), read)


class _Taken:
    """An exported program on its way."""

    def __init__(self, exported: Any, name: str) -> None:
        self.exported, self.name = exported, name
        self.values: dict[str, Any] = {}  # by node: a Ref, or a number that is known
        self.shapes: dict[str, Sizes] = {}
        self.batch = self._batch()

    def _batch(self) -> Any:
        """Return the first size of the inputs: a number, or the text of what stands for one."""
        names = set(self.exported.graph_signature.user_inputs)
        found = [
            node.meta["val"].shape[0]
            for node in self.exported.graph.nodes
            if node.op == "placeholder" and node.name in names and getattr(node.meta.get("val"), "ndim", 0)
        ]
        first = found[0] if found else BATCH
        return first if isinstance(first, int) else str(first)

    def size(self, size: Any) -> int:
        """Return a size that a shape or an argument has."""
        if isinstance(size, int):
            return size
        return BATCH if str(size) == self.batch else UNKNOWN

    def program(self) -> Program:
        """Return the program."""
        inputs: list[str] = []
        constants: dict[str, Stored] = {}
        tensors: Mapping[str, Any] = {**self.exported.constants, **self.exported.state_dict}
        for spec in self.exported.graph_signature.input_specs:
            name = spec.arg.name
            if spec.kind.name != "USER_INPUT":
                tensor = tensors.get(spec.target)
                if isinstance(tensor, Tensor):
                    constants[name] = stored(spec.target, tensor)
            elif hasattr(spec.arg, "value"):
                self.values[name] = spec.arg.value
            else:
                inputs.append(name)
        trained = {
            spec.arg.name
            for spec in self.exported.graph_signature.input_specs
            if spec.kind.name == "PARAMETER" and getattr(tensors.get(spec.target), "requires_grad", False)
        }
        steps = self._steps()
        outputs: list[Ref | None] = []
        for spec in self.exported.graph_signature.output_specs:
            if spec.kind.name == "USER_OUTPUT":
                value = self.values.get(spec.arg.name)
                outputs.append(value if isinstance(value, Ref) else None)
        batch = self.batch if isinstance(self.batch, int) else BATCH
        return Program(self.name, inputs, constants, steps, outputs, self.shapes, batch, trained)

    def _steps(self) -> list[Step]:
        steps: list[Step] = []
        for node in self.exported.graph.nodes:
            value = node.meta.get("val")
            if isinstance(value, Tensor):
                self.shapes[node.name] = tuple(self.size(size) for size in value.shape)
            self.values.setdefault(node.name, Ref(node.name))
            if isinstance(value, torch.SymInt | int) and not isinstance(value, bool):
                self.values[node.name] = self.size(value)
            elif node.op == "call_function" and node.target is not operator.getitem:
                gives = _gives(node, value)
                steps.append(Step(str(node.target), self._args(node), gives, _place(node)))
                for user in node.users:
                    if user.target is operator.getitem and isinstance(place := user.args[1], int):
                        self.values[user.name] = Ref(gives[place])
        return steps

    def _args(self, node: fx.Node) -> dict[str, Any]:
        schema = getattr(node.target, "_schema", None)
        names = [argument.name for argument in schema.arguments] if schema is not None else []
        names += [str(place) for place in range(len(names), len(node.args))]
        return {name: self._arg(value) for name, value in (*zip(names, node.args, strict=False), *node.kwargs.items())}

    def _arg(self, value: Any) -> Any:
        if isinstance(value, fx.Node):
            return self.values[value.name]
        if isinstance(value, list | tuple):
            return [self._arg(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, torch.dtype | torch.device | torch.layout | torch.memory_format):
            return str(value)
        return value


def _gives(node: fx.Node, value: Any) -> tuple[str, ...]:
    """Return the names of what a node gives: its own, or those of the nodes that pick from it."""
    if not isinstance(value, list | tuple):
        return (node.name,)
    names = [""] * len(value)  # pyright: ignore[reportUnknownArgumentType]
    for user in node.users:
        if user.target is operator.getitem and isinstance(place := user.args[1], int):
            names[place] = names[place] or user.name
    return tuple(names)


def _place(node: fx.Node) -> Place:
    stack: Mapping[str, tuple[str, Any]] = node.meta.get("nn_module_stack") or {}
    inside = [(call, path) for call, (path, _) in stack.items()]
    return Place(inside[-1][1], tuple(call for call, _ in inside)) if inside else Place()

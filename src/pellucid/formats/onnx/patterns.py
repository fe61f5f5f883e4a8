"""Activations that exporters spell out, such as GELU, SiLU, Mish, HardSwish and softmax, known by their formulas.

A formula is brought into one form, products of a number and factors, sums of a number and terms, so that it does not
matter in which order a model multiplies, or whether it divides by 2 or multiplies by 0.5. It is one layer only where
nothing else reads what lies between.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import onnx

from ...errors import ModelFileError
from ...layers import Layer
from ..opening import UnreadableError, make
from .call import attributes
from .tensors import stored

MOST = 16  # nodes of one formula
DEPTH = 4  # casts and roots of one constant
MOST_STEPS = 500_000  # nodes that are looked at in all: a file must not make us look longer
EXACT, HALF = 1e-5, 1e-3  # how far a constant may be from the formula's: as it was typed, or as float16 holds it
LAST = ("Mul", "Div", "Clip", "Sub", "Log")  # what a formula ends in
AXIS = ("Softmax", "LogSoftmax")  # what is along the axis that the formula's parts are along

Form = tuple[str, float, tuple["Form", ...]]  # an operator, the number that goes with it, what it is of


def _form(op: str, *of: Form, number: float = 0.0) -> Form:
    return op, number, tuple(sorted(of))


def _times(number: float, *of: Form) -> Form:
    return _form("*", *of, number=number)


def _plus(number: float, *of: Form) -> Form:
    return _form("+", *of, number=number)


def _inverse(of: Form) -> Form:
    return _form("1/", of)


def _less(of: Form) -> Form:
    return _times(-1.0, of)


X: Form = ("x", 0.0, ())
THREE: Form = _form("clip", _plus(3.0, X), number=6.0)
CUBE = _times(0.044715, X, X, X)
LESS = _times(-1.0, _form("ReduceMax", X))
SHIFTED = _form("Exp", _plus(0.0, X, LESS))
FORMULAS: tuple[tuple[Form, str, tuple[str, ...]], ...] = (
    (_times(0.5, X, _plus(1.0, _form("Erf", _times(math.sqrt(0.5), X)))), "GELU", ()),
    (_times(0.5, X, _plus(1.0, _form("Tanh", _times(math.sqrt(2 / math.pi), _plus(0.0, X, CUBE))))), "GELU", ("tanh",)),
    (
        _times(
            0.5, X, _plus(1.0, _form("Tanh", _times(math.sqrt(2 / math.pi), X, _plus(1.0, _times(0.044715, X, X)))))
        ),
        "GELU",
        ("tanh",),
    ),
    (_times(1.0, X, _form("Sigmoid", X)), "SiLU", ()),
    (_times(1.0, X, _inverse(_plus(1.0, _form("Exp", _times(-1.0, X))))), "SiLU", ()),
    (_times(1.0, X, _inverse(_plus(1.0, _form("Abs", X)))), "Softsign", ()),
    (_times(1.0, X, _form("Tanh", _form("Softplus", X))), "Mish", ()),
    (_times(1 / 6, X, THREE), "HardSwish", ()),
    (_times(1.0, X, _form("hardsigmoid", X)), "HardSwish", ()),
    (_times(1 / 6, THREE), "HardSigmoid", ()),
    (_form("Log", _plus(1.0, _form("Exp", X))), "Softplus", ()),
    (_times(1.0, SHIFTED, _inverse(_form("ReduceSum", SHIFTED))), "Softmax", ()),
    (_plus(0.0, X, LESS, _times(-1.0, _form("Log", _form("ReduceSum", SHIFTED)))), "LogSoftmax", ()),
)


@dataclass(frozen=True)
class Found:
    """A formula in a graph.

    Args:
        layer: what computes it.
        reads: the value that it is of.
        nodes: the nodes that it takes, by number.
    """

    layer: Layer
    reads: str
    nodes: frozenset[int]


class Formulas:
    """The formulas of a graph.

    Args:
        graph: the graph.
        reads_of: how often a value is read, the model's outputs among those who do.
    """

    def __init__(self, graph: onnx.GraphProto, reads_of: Callable[[str], int]) -> None:
        self._nodes = graph.node
        self._reads_of = reads_of
        self._given = {node.output[0]: number for number, node in enumerate(graph.node) if len(node.output) == 1}
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        sums = [node for clip in graph.node if clip.op_type == "Clip" for node in self._giving(clip.input[:1])]
        self._once = {name for node in sums if node.op_type == "Add" for name in node.input}
        self._once |= {name for node in graph.node if node.op_type == "Exp" for name in node.input}
        self.left = MOST_STEPS

    def found(self) -> dict[int, Found]:
        """Return the formulas by the number of their last node."""
        ends: dict[int, Found] = {}
        for number, node in enumerate(self._nodes):
            if node.op_type in LAST and not node.domain and (formula := self._at(number)):
                for inner in formula.nodes:
                    ends.pop(inner, None)
                ends[number] = formula
        return ends

    def _at(self, number: int) -> Found | None:
        """Return the formula that ends in a node: of its values, the one that it is a formula of."""
        for reads in self._leaves(number):
            reading = _Reading(self, reads)
            form = reading.of(self._nodes[number].output[0])
            inner = reading.nodes - {number}
            if form is None or not self._is_closed(inner, reading.nodes):
                continue
            for wanted, kind, values in FORMULAS:
                if _near(form, wanted, reading.tolerance):
                    axis = reading.axis if kind in AXIS else None
                    given = values if axis is None else (axis - 1 if axis > 0 else axis,)
                    return Found(make(kind, *given), reads, frozenset(reading.nodes))
        return None

    def _leaves(self, number: int) -> list[str]:
        """Return the values that a formula may be of, the nearest first."""
        near: dict[str, bool] = {}
        waiting = list(self._nodes[number].input)
        while waiting and len(near) < MOST:
            name = waiting.pop(0)
            if name and name not in near and self.constant(name) is None:
                given = self.node(name)
                near[name] = self._reads_of(name) > 1 or name in self._once
                waiting.extend(given[1].input if given else ())
        return [name for name, may_be in near.items() if may_be]

    def _is_closed(self, inner: set[int], nodes: set[int]) -> bool:
        inside = Counter(name for number in nodes for name in self._nodes[number].input)
        return all(self._reads_of(name) == inside[name] for number in inner for name in self._nodes[number].output)

    def _giving(self, names: Sequence[str]) -> list[onnx.NodeProto]:
        return [given[1] for name in names if (given := self.node(name))]

    def node(self, name: str) -> tuple[int, onnx.NodeProto] | None:
        """Return the node that gives a value."""
        number = self._given.get(name)
        return None if number is None or self._nodes[number].domain else (number, self._nodes[number])

    def constant(self, name: str) -> tuple[float, float] | None:
        """Return a constant of one number, or its root, and how near it is meant."""
        roots = 0
        for _ in range(DEPTH):
            above = self.node(name)
            if above is None or above[1].op_type not in ("CastLike", "Sqrt") or not above[1].input:
                break
            name, roots = above[1].input[0], roots + (above[1].op_type == "Sqrt")
        tensor = self._tensors.get(name)
        if tensor is None:
            given = self.node(name)
            if given is None or given[1].op_type != "Constant":
                return None
            try:
                tensor = attributes(given[1]).get("value")
            except UnreadableError:
                return None
        if not isinstance(tensor, onnx.TensorProto) or len(tensor.external_data) or math.prod(tensor.dims) != 1:
            return None
        try:
            number = float(stored(tensor, name, None).read().reshape(-1)[0])
        except ModelFileError:
            return None  # told where the tensor is read
        if roots and number < 0:
            return None
        number = number**0.5**roots
        return number, HALF if tensor.data_type in (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16) else EXACT


class _Reading:
    """One value's formula in another value, in the one form."""

    def __init__(self, formulas: Formulas, leaf: str) -> None:
        self.formulas, self.leaf = formulas, leaf
        self.nodes: set[int] = set()
        self.tolerance = EXACT
        self.axis: int | None = None  # along which it takes maxima and sums

    def of(self, name: str) -> Form | None:
        """Return the form of a value; None: it is of something else too, or too long."""
        if name == self.leaf:
            return X
        given = self.formulas.node(name)
        if given is None or len(self.nodes) > MOST or self.formulas.left < 0:
            return None
        self.formulas.left -= 1
        number, node = given
        self.nodes.add(number)
        try:
            return self._node(node, attributes(node))
        except UnreadableError:
            return None

    def _number(self, name: str) -> float | None:
        found = self.formulas.constant(name)
        if found is None:
            return None
        self.tolerance = max(self.tolerance, found[1])
        return found[0]

    def _node(self, node: onnx.NodeProto, given: dict[str, object]) -> Form | None:
        if node.op_type in ("Mul", "Div", "Add", "Sub", "Sum") and len(node.input) == 2 and not given:
            return self._joined(node.op_type, node.input)
        if node.op_type == "Clip":
            bounds = [given.get("min"), given.get("max")]
            if len(node.input) == 3:
                bounds = [self._number(node.input[1]), self._number(node.input[2])]
            return self._one("clip", node.input[0], number=6.0) if bounds == [0.0, 6.0] else None
        if node.op_type == "HardSigmoid":
            alpha = given.get("alpha", 0.2)
            sixth = isinstance(alpha, float) and abs(alpha - 1 / 6) < EXACT and given.get("beta", 0.5) == 0.5
            return self._one("hardsigmoid", node.input[0]) if sixth else None
        if node.op_type == "Pow" and len(node.input) == 2 and not given:
            power, of = self._number(node.input[1]), self.of(node.input[0])
            return _times(1.0, *[of] * int(power)) if of and power in (2.0, 3.0) else None
        if node.op_type == "Neg" and len(node.input) == 1 and not given:
            of = self.of(node.input[0])
            return of and _times(-1.0, of)
        if node.op_type in ("ReduceMax", "ReduceSum"):
            return self._one(node.op_type, node.input[0]) if self._along(node, given) else None
        if (
            node.op_type in ("Abs", "Erf", "Exp", "Log", "Sigmoid", "Softplus", "Tanh")
            and len(node.input) == 1
            and not given
        ):
            return self._one(node.op_type, node.input[0])
        return None

    def _along(self, node: onnx.NodeProto, given: dict[str, object]) -> bool:
        """Return whether a maximum or sum is along the one axis, not the batch's, that all in the formula are along."""
        axis = self._number(node.input[1]) if len(node.input) == 2 else None
        listed = given.get("axes")
        if isinstance(listed, list) and len(cast("list[int]", listed)) == 1:
            axis = cast("list[int]", listed)[0]
        if axis is None or axis == 0 or axis < -1 or given.get("keepdims", 1) != 1 or self.axis not in (None, axis):
            return False  # before the last, an axis counted from the end may be the batch's
        self.axis = int(axis)
        return set(given) <= {"axes", "keepdims"}

    def _one(self, op: str, name: str, *, number: float = 0.0) -> Form | None:
        of = self.of(name)
        return None if of is None else _form(op, of, number=number)

    def _joined(self, op: str, names: Sequence[str]) -> Form | None:
        """Return a product or a sum, with what it is made of taken apart."""
        kind, number = ("*", 1.0) if op in ("Mul", "Div") else ("+", 0.0)
        of: list[Form] = []
        inner: list[Form] = []
        for place, name in enumerate(names):
            constant = self._number(name)
            if constant is not None:
                constant = 1 / constant if op == "Div" and place and constant else constant
                constant = -constant if op == "Sub" and place else constant
                number = number + constant if kind == "+" else number * constant
            else:
                form = self.of(name)
                if form is None:
                    return None
                turned = {"Div": _inverse, "Sub": _less}.get(op) if place else None
                inner.append(turned(form) if turned else form)
        for form in inner:
            if form[0] == kind:
                number = number + form[1] if kind == "+" else number * form[1]
                of = [*of, *form[2]]
            else:
                of = [*of, form]
        return _form(kind, *of, number=number)


def _near(a: Form, b: Form, tolerance: float) -> bool:
    """Return whether two forms are the same but for rounding of their numbers."""
    same = a[0] == b[0] and len(a[2]) == len(b[2]) and abs(a[1] - b[1]) <= tolerance * max(abs(b[1]), 1e-3)
    return same and all(_near(one, other, tolerance) for one, other in zip(a[2], b[2], strict=True))

"""The writer of LLVM IR: kernels are Python that computes with `Value`s, and every operation becomes a line of text.

Loops are functions with the carried values in sight: `total = code.loop(n, lambda i, t: t + x(i), code.zero())`.
Vectors have as many float32 numbers as the target has lanes; an address is a pointer and a number of vectors or floats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .machine import Target
from .types import literal, size_of, suffix
from .value import Value, is_number

Number = Value | int
Body = Callable[..., "Value | tuple[Value, ...] | None"]


class Code:
    """A module with one function, being written.

    Args:
        target: what the code is for.
        name: the function's name.
        parameters: its parameters as (type, name).
    """

    def __init__(self, target: Target, name: str, parameters: list[tuple[str, str]]) -> None:
        self.target, self.lanes = target, target.lanes
        self.vector = f"<{target.lanes} x float>"
        self.ints = f"<{target.lanes} x i32>"
        self._name, self._parameters = name, parameters
        self._lines: list[str] = []
        self._declared: dict[str, str] = {}
        self._tables: list[str] = []
        self._count = 0
        self._block = "entry"
        self.parameters = tuple(Value(self, f"%{name}", type) for type, name in parameters)

    def text(self) -> str:
        """Return the whole module."""
        shown = ", ".join(f"{type} %{name}" for type, name in self._parameters)
        lines = [
            f'target triple = "{self.target.triple}"',
            *self._tables,
            *sorted(self._declared.values()),
            f"define void @{self._name}({shown}) nounwind {{",
            "entry:",
            *self._lines,
            "  ret void",
            "}",
        ]
        return "\n".join(lines) + "\n"

    # --- plain values

    def constant(self, number: Any, type: str) -> Value:
        """Return a number as a value of a type."""
        if isinstance(number, Value):
            return number
        if type.startswith("<"):
            element = type.split(" x ")[1][:-1]
            return Value(self, f"splat ({element} {literal(number, element)})", type)
        return Value(self, literal(number, type), type)

    def splat(self, number: float) -> Value:
        """Return a vector of one number, rounded to float32."""
        return self.constant(float(number), self.vector)

    def zero(self) -> Value:
        """Return a vector of zeros."""
        return self.splat(0.0)

    def spread(self, scalar: Value) -> Value:
        """Return a vector whose every lane is `scalar`, a float or an i32."""
        type = f"<{self.lanes} x {scalar.type}>"
        first = self.let(f"insertelement {type} poison, {scalar.type} {scalar}, i64 0", type)
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        return self.let(f"shufflevector {type} {first}, {type} poison, {zeros}", type)

    def let(self, instruction: str, type: str) -> Value:
        """Write an instruction that has a value of a type."""
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"  {name} = {instruction}")
        return Value(self, name, type)

    def do(self, instruction: str) -> None:
        """Write an instruction without a value."""
        self._lines.append(f"  {instruction}")

    # --- memory

    def address(self, pointer: Value, index: Number = 0, *, of: str | None = None) -> Value:
        """Return the address of element `index` of type `of`: whole vectors, if nothing is said."""
        if is_number(index, 0):
            return pointer
        return self.let(f"getelementptr inbounds {of or self.vector}, ptr {pointer}, i64 {index}", "ptr")

    def load(
        self, pointer: Value, index: Number = 0, *, of: str | None = None, align: int | None = None, fresh: bool = False
    ) -> Value:
        """Return element `index` of type `of`: a whole, aligned vector, if nothing is said; `fresh`: read just here."""
        type = of or self.vector
        place, how = self.address(pointer, index, of=type), "load volatile" if fresh else "load"
        return self.let(f"{how} {type}, ptr {place}, align {align or size_of(type)}", type)

    def store(self, value: Value, pointer: Value, index: Number = 0, *, align: int | None = None) -> None:
        """Write a value as element `index` of an array of its type."""
        place = self.address(pointer, index, of=value.type)
        self.do(f"store {value.type} {value}, ptr {place}, align {align or size_of(value.type)}")

    def broadcast(self, pointer: Value, index: Number = 0) -> Value:
        """Return a vector whose every lane is float number `index`."""
        return self.spread(self.load(pointer, index, of="float"))

    def prefetch(self, pointer: Value, index: Number = 0) -> None:
        """Ask for a vector to be brought near; nothing happens if there is none."""
        self._declared["prefetch"] = "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"
        self.do(f"call void @llvm.prefetch.p0(ptr {self.address(pointer, index)}, i32 0, i32 3, i32 1)")

    def table(self, numbers: Sequence[float], element: str = "i64") -> Value:
        """Return the address of a constant array."""
        name = f"@{self._name}_table{len(self._tables)}"
        values = ", ".join(f"{element} {literal(number, element)}" for number in numbers)
        self._tables.append(f"{name} = private constant [{len(numbers)} x {element}] [{values}], align 64")
        return Value(self, name, "ptr")

    # --- arithmetic

    def binary(self, name: str, a: Value, b: Any) -> Value:
        """Write an operation of two values of one type; floating-point types choose their own form of it."""
        real = _is_real(a.type) and name in ("add", "sub", "mul", "div")
        return self.let(f"{'f' if real else ''}{name} {a.type} {a}, {self.constant(b, a.type)}", a.type)

    def call(self, name: str, *arguments: Value, result: str | None = None) -> Value:
        """Call an LLVM intrinsic by its name without types, on arguments of one type."""
        type = result or arguments[0].type
        full = f"llvm.{name}.{suffix(arguments[0].type)}"
        taken = ", ".join(argument.type for argument in arguments)
        self._declared[full] = f"declare {type} @{full}({taken})"
        given = ", ".join(f"{argument.type} {argument}" for argument in arguments)
        return self.let(f"call {type} @{full}({given})", type)

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """Return a * b + c, rounded once where the target can."""
        return self.call("fma", a, b, c) if self.target.fused else a * b + c

    def compare(self, how: str, a: Value, b: Any) -> Value:
        """Return a comparison, such as "oeq" of floats or "ult" of whole numbers."""
        kind = "fcmp" if _is_real(a.type) else "icmp"
        result = f"<{a.type[1:].split(' x ')[0]} x i1>" if a.type.startswith("<") else "i1"
        return self.let(f"{kind} {how} {a.type} {a}, {self.constant(b, a.type)}", result)

    def select(self, condition: Value, yes: Any, no: Any) -> Value:
        """Return `yes` where the condition holds, else `no`; one of them must be a value."""
        type = yes.type if isinstance(yes, Value) else no.type
        a, b = self.constant(yes, type), self.constant(no, type)
        return self.let(f"select {condition.type} {condition}, {type} {a}, {type} {b}", type)

    def convert(self, how: str, value: Value, type: str) -> Value:
        """Write a conversion, such as "bitcast", "sitofp" or "zext"."""
        return self.let(f"{how} {value.type} {value} to {type}", type)

    def shuffle(self, a: Value, b: Value, places: list[int]) -> Value:
        """Return the numbers at `places` of a and b laid end to end."""
        type = f"<{len(places)} x {a.type.split(' x ')[1]}"
        mask = f"<{len(places)} x i32> <{', '.join(f'i32 {place}' for place in places)}>"
        return self.let(f"shufflevector {a.type} {a}, {a.type} {b}, {mask}", type)

    def lane(self, vector: Value, number: Number) -> Value:
        """Return one number of a vector."""
        element = vector.type.split(" x ")[1][:-1]
        return self.let(f"extractelement {vector.type} {vector}, i64 {number}", element)

    # --- control

    def loop(self, stop: Number, body: Body, *carried: Value, start: Number = 0, step: int = 1) -> Any:
        """Write a loop.

        Args:
            stop: the first index that is not reached.
            body: called once to write the body, with the index and the carried values; returns their next values.
            carried: the first values of what the loop carries.
            start: the first index.
            step: what the index grows by.

        Returns:
            The carried values after the loop: one, a tuple of several, or None. No turn is possible only where `start`
            or `stop` is a value; with two ints an empty loop writes nothing, and a single turn writes no loop.
        """
        if isinstance(start, int) and isinstance(stop, int) and stop - start <= step:
            return _shown(_several(body(start, *carried)) if start < stop else carried)
        self._count += 1
        number = self._count
        head, inside, after = (f"{what}{number}" for what in ("head", "body", "after"))
        index = Value(self, f"%i{number}", "i64")
        phis = tuple(Value(self, f"%c{number}_{k}", value.type) for k, value in enumerate(carried))
        before = self._block
        self.do(f"br label %{head}")
        self._begin(head)
        place = len(self._lines)
        go = self.compare("slt", index, stop)
        self.do(f"br i1 {go}, label %{inside}, label %{after}")
        self._begin(inside)
        following = _several(body(index, *phis))
        more = index + step
        latch = self._block
        self.do(f"br label %{head}")
        heads = [f"  {index} = phi i64 [ {start}, %{before} ], [ {more}, %{latch} ]"]
        for phi, first, last in zip(phis, carried, following, strict=True):
            heads.append(f"  {phi} = phi {phi.type} [ {first}, %{before} ], [ {last}, %{latch} ]")
        self._lines[place:place] = heads
        self._begin(after)
        return _shown(phis)

    def when(self, condition: Value, body: Callable[[], Any]) -> None:
        """Write what runs only where a condition (i1) holds."""
        self._count += 1
        inside, after = f"then{self._count}", f"after{self._count}"
        self.do(f"br i1 {condition}, label %{inside}, label %{after}")
        self._begin(inside)
        body()
        self.do(f"br label %{after}")
        self._begin(after)

    def _begin(self, block: str) -> None:
        self._lines.append(f"{block}:")
        self._block = block


def _is_real(type: str) -> bool:
    return "float" in type or "double" in type


def _several(values: Value | tuple[Value, ...] | None) -> tuple[Value, ...]:
    return () if values is None else values if isinstance(values, tuple) else (values,)


def _shown(values: tuple[Value, ...]) -> Any:
    return None if not values else values[0] if len(values) == 1 else values

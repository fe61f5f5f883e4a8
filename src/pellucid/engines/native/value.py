"""Values of a program that is being written: Python's operators on them write instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ir import Code


class Value:
    """A number, a vector or an address of the program that is being written; Python's operators write instructions."""

    __slots__ = ("code", "name", "type")

    def __init__(self, code: Code, name: str, type: str) -> None:
        self.code, self.name, self.type = code, name, type

    def __str__(self) -> str:
        return self.name

    def __add__(self, other: Any) -> Value:
        return self if is_number(other, 0) and self.type == "i64" else self.code.binary("add", self, other)

    def __radd__(self, other: Any) -> Value:
        return self + other

    def __sub__(self, other: Any) -> Value:
        return self if is_number(other, 0) and self.type == "i64" else self.code.binary("sub", self, other)

    def __rsub__(self, other: Any) -> Value:
        return self.code.binary("sub", self.code.constant(other, self.type), self)

    def __mul__(self, other: Any) -> Value:
        return self if is_number(other, 1) else self.code.binary("mul", self, other)

    def __rmul__(self, other: Any) -> Value:
        return self * other

    def __truediv__(self, other: Any) -> Value:
        return self.code.binary("div", self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return self.code.binary("div", self.code.constant(other, self.type), self)

    def __floordiv__(self, other: Any) -> Value:
        return self if is_number(other, 1) else self.code.binary("udiv", self, other)

    def __mod__(self, other: Any) -> Value:
        return self.code.binary("urem", self, other)

    def __and__(self, other: Any) -> Value:
        return self.code.binary("and", self, other)

    def __or__(self, other: Any) -> Value:
        return self.code.binary("or", self, other)

    def __xor__(self, other: Any) -> Value:
        return self.code.binary("xor", self, other)

    def __lshift__(self, other: Any) -> Value:
        return self.code.binary("shl", self, other)

    def __rshift__(self, other: Any) -> Value:
        return self.code.binary("lshr", self, other)


def is_number(value: Any, number: int) -> bool:
    """Return whether something is this whole number, known while the code is written."""
    return isinstance(value, int) and value == number

"""What a layer is in a dialect, as data: a call with its arguments, and how its result is used on the inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from ...layers.node import Shape


class _Required:
    """The default of an argument that must be given."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()


@dataclass(frozen=True)
class Parameter:
    """A name that stands in an argument's place where the calls of one definition differ."""

    name: str


@dataclass(frozen=True)
class Verbatim:
    """Code in an argument's place, with places of its own for the layer's inputs and weights, as in `Piece.use`."""

    text: str


@dataclass(frozen=True)
class Argument:
    """One argument of a call.

    Args:
        key: its name in the called function.
        value: a number, string, tuple, None, or a `Parameter`.
        default: what the function takes where nothing is given; such an argument is not written.
        named: whether it is written with its name.
    """

    key: str
    value: object
    default: object = REQUIRED
    named: bool = True

    @property
    def written(self) -> bool:
        """Whether it is more than the default."""
        return self.default is REQUIRED or self.value != self.default or type(self.value) is not type(self.default)

    def text(self) -> str:
        """Return it as it is written in a call."""
        value = self.value.name if isinstance(self.value, Parameter) else literal(self.value)
        return f"{self.key}={value}" if self.named else value


@dataclass(frozen=True)
class Call:
    """A call of a function or class.

    >>> Call("nn.Conv2d", (Argument("out_channels", 6, named=False), Argument("stride", 1, 1))).text()
    'nn.Conv2d(6)'
    """

    head: str
    arguments: tuple[Argument, ...] = ()

    def text(self, first: str = "", last: str = "") -> str:
        """Return the call, with other arguments written before and behind its own."""
        own = [argument.text() for argument in self.arguments if argument.written]
        return f"{self.head}({', '.join([*([first] if first else []), *own, *([last] if last else [])])})"

    def given(self, values: tuple[object, ...]) -> Call:
        """Return the same call with other values."""
        pairs = zip(self.arguments, values, strict=True)
        return replace(self, arguments=tuple(replace(argument, value=value) for argument, value in pairs))


@dataclass(frozen=True)
class Piece:
    """One layer in a dialect.

    Args:
        call: what makes the layer, or None where only an expression is written.
        use: the expression of its output: {call} is the made layer, {0}, {1}, ... its inputs, {all} all of them,
            {name} its name, {w[weight]} its weight of that name.
        needs: the names that the expression or the call takes from elsewhere: modules, or definitions of ours.
    """

    call: Call | None
    use: str = "{call}({0})"
    needs: frozenset[str] = frozenset()


Write = Callable[[Any, tuple[Shape, ...]], Piece]


def made(head: str, *values: Argument, use: str = "{call}({0})", needs: tuple[str, ...] = ()) -> Piece:
    """Return a layer that is made by a call and then used."""
    return Piece(Call(head, values), use, frozenset(needs))


def expression(use: str, *needs: str) -> Piece:
    """Return a layer that is no more than an expression."""
    return Piece(None, use, frozenset(needs))


def place(key: str, value: object) -> Argument:
    """Return an argument that is written without its name."""
    return Argument(key, value, named=False)


def option(key: str, value: object, default: object) -> Argument:
    """Return an argument that is written, with its name, where it is not the default."""
    return Argument(key, value, default)


Number = TypeVar("Number", int, float)


def brief(pair: tuple[Number, Number]) -> Number | tuple[Number, Number]:
    """Return one number for two that are alike, as people write it."""
    return pair[0] if pair[0] == pair[1] else pair


def literal(value: object) -> str:
    """Return a value as it is written in Python; infinities and NaN too."""
    if isinstance(value, Verbatim):
        return value.text
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f'float("{value}")'
    if isinstance(value, str):
        return '"' + "".join(map(_letter, value)) + '"'
    if isinstance(value, tuple):
        items: tuple[object, ...] = value  # pyright: ignore[reportUnknownVariableType]
        return f"({', '.join(map(literal, items))}{',' if len(items) == 1 else ''})"
    return repr(value)


def _letter(letter: str) -> str:
    return f"\\{letter}" if letter in '"\\' else letter if letter.isprintable() else repr(letter)[1:-1]

"""What a layer's parameters may be, and how they become one canonical form: checked and normalised once, when made."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import MISSING, field
from typing import Any, TypeVar

from ..checks import LARGEST, whole_number
from ..errors import ParameterError
from ..window import Pads

S = TypeVar("S")
T = TypeVar("T")


class Pair(tuple[int, int]):
    """A pair written the way figures and articles write it: (right, down). It *is* the pair (height, width).

    Args:
        right: the number along the width.
        down: the number along the height.

    >>> Pair(right=3, down=2) == (2, 3)
    True
    """

    __slots__ = ()

    def __new__(cls, *, right: int, down: int) -> Pair:
        """Return the pair in the order of the arrays: (height, width)."""
        return super().__new__(cls, (down, right))

    def __repr__(self) -> str:
        return f"Pair(right={self[1]}, down={self[0]})"

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, int]]:
        return (), {"right": self[1], "down": self[0]}


Size = int | tuple[int, int]
Sides = tuple[Pads, Pads]
Padding = int | tuple[int, int] | tuple[tuple[int, int], tuple[int, int]] | str


def param(*, converter: Callable[[S], T], default: S | Any = MISSING, kw_only: bool = False) -> T:
    """Declare a layer's parameter: `converter` checks what came and returns its canonical form.

    With `kw_only` it must be named: frameworks differ in what stands at its place.
    """
    metadata = {"converter": converter}
    if default is MISSING:
        return field(metadata=metadata, kw_only=kw_only)
    declared: Any = field(default=default, metadata=metadata, kw_only=kw_only)
    return declared


def bad(value: object, expected: str, fix: str) -> ParameterError:
    """Return the error of one parameter; the layer that owns it adds its own name and the parameter's."""
    return ParameterError("parameter", got=repr(value), expected=expected, fix=fix)


def whole(value: object, least: int) -> int:
    """Return `value` as an int of at least `least`; booleans, floats and strings are not whole numbers."""
    number = whole_number(value, least)
    if number is None:
        fix = "give a whole number"
        if whole_number(value, -math.inf, math.inf) is not None:
            fix = "use a smaller number" if whole_number(value, least, math.inf) else f"use {least} or more"
        raise bad(value, f"a whole number, {least} to {LARGEST}", fix)
    return number


def count(value: int) -> int:
    """Return a whole number of at least 1."""
    return whole(value, 1)


def axis(value: int) -> int:
    """Return the number of an axis, counted from the first (0, 1, ...) or from the last (-1, -2, ...)."""
    return whole(value, -LARGEST)


def pair(value: Size) -> tuple[int, int]:
    """Return (height, width) of at least 1 each, from an int or a pair."""
    return _pair(value, 1)


def optional_pair(value: Size | None) -> tuple[int, int] | None:
    """Return (height, width), or None where the layer chooses."""
    return None if value is None else _pair(value, 1)


def _pair(value: object, least: int) -> tuple[int, int]:
    if isinstance(value, (tuple, list)):
        items: list[object] = list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        if len(items) != 2:
            raise bad(tuple(items), "one number, or a pair (height, width)", "give two numbers")
        return whole(items[0], least), whole(items[1], least)
    number = whole(value, least)
    return number, number


def padding(value: Padding) -> Sides | str:
    """Return ((top, bottom), (left, right)), "same" or "valid"."""
    if isinstance(value, str):
        if value not in ("same", "valid"):
            raise bad(value, 'a number, a pair, four sides, "same" or "valid"', 'write padding="same", or numbers')
        return value
    sides: Sequence[object] = value if isinstance(value, (tuple, list)) else ()
    if len(sides) > 2 or any(isinstance(side, (tuple, list)) for side in sides):
        if len(sides) != 2:
            raise bad(sides, "(height, width) or ((top, bottom), (left, right))", "give two numbers, or two pairs")
        return _pair(sides[0], 0), _pair(sides[1], 0)
    height, width = _pair(value, 0)
    return (height, height), (width, width)


def sides(value: Size | Sides) -> Sides:
    """Return ((top, bottom), (left, right)) in numbers."""
    found = padding(value)
    if isinstance(found, str):
        raise bad(value, "a number, a pair or four sides", "write the places in numbers")
    return found


def places_pair(value: tuple[int, int]) -> tuple[int, int]:
    """Return (before, after) of 0 or more each."""
    if not isinstance(value, (tuple, list)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise bad(value, "a pair (before, after)", "give two numbers")
    return _pair(value, 0)


def factors(value: float | tuple[float, float] | None) -> tuple[float, float] | None:
    """Return factors above 0 of (height, width), or None."""
    if value is None:
        return None
    items: list[Any] = list(value) if isinstance(value, (tuple, list)) else [value, value]
    if len(items) != 2:
        raise bad(value, "one number, or a pair (height, width)", "give two numbers")
    return positive(items[0]), positive(items[1])


def place(value: int) -> int:
    """Return a place of an axis, counted from its start, or below 0 from its end."""
    return whole(value, -LARGEST)


def optional_place(value: int | None) -> int | None:
    """Return a place of an axis, or None: its end."""
    return None if value is None else place(value)


def nonnegative_pair(value: Size) -> tuple[int, int]:
    """Return (height, width) of at least 0 each, from an int or a pair."""
    return _pair(value, 0)


def sizes(value: int | Sequence[int]) -> tuple[int, ...]:
    """Return 1 to 4 sizes of at least 1, one of which may be -1: what is left. A number is one size."""
    items: list[int] = list(value) if isinstance(value, (tuple, list)) else [value]  # pyright: ignore[reportAssignmentType]
    if not 1 <= len(items) <= 4 or items.count(-1) > 1:
        raise bad(value, "1 to 4 sizes, at most one of them -1", "write for instance (16, 7, 7), or (-1,)")
    return tuple(-1 if item == -1 else whole(item, 1) for item in items)


def order(value: int | Sequence[int]) -> tuple[int, ...]:
    """Return an order of axes, each named once. A number is that of the only axis."""
    items: list[int] = list(value) if isinstance(value, (tuple, list)) else [value]  # pyright: ignore[reportAssignmentType]
    if not items or sorted(whole(item, 0) for item in items) != list(range(len(items))):
        raise bad(value, "every axis once, counted from 0 without the batch", "write for instance (1, 2, 0)")
    return tuple(whole(item, 0) for item in items)


def axes(value: int | Sequence[int]) -> tuple[int, ...]:
    """Return axes, each once, in rising order; there may be none. A number is one axis."""
    items: list[int] = list(value) if isinstance(value, (tuple, list)) else [value]  # pyright: ignore[reportAssignmentType]
    found = tuple(whole(item, 0) for item in items)
    if list(found) != sorted(set(found)):
        raise bad(value, "axes, each once, in rising order", "write for instance (0, 2)")
    return found


def optional_axes(value: int | Sequence[int] | None) -> tuple[int, ...] | None:
    """Return axes without the batch, each named once, counted as by `axis`; None: all. A number is one axis."""
    if value is None:
        return None
    items: list[int] = list(value) if isinstance(value, (tuple, list)) else [value]  # pyright: ignore[reportAssignmentType]
    found = tuple(axis(item) for item in items)
    if not found or len(set(found)) < len(found):
        raise bad(value, "axes without the batch, each named once", "write for instance (0,), (1, 2), or None for all")
    return found


def flag(value: bool) -> bool:
    """Return True or False; numbers and strings are not flags."""
    if not isinstance(value, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise bad(value, "True or False", "give True or False")
    return value


def probability(value: float) -> float:
    """Return a probability, 0 to 1."""
    return number(value, 0.0, 1.0)


def positive(value: float) -> float:
    """Return a number above 0."""
    result = finite(value)
    if result <= 0.0:
        raise bad(value, "a finite number above 0", "use a small number such as 1e-5")
    return result


def nonnegative(value: float) -> float:
    """Return a number of 0 or more."""
    return number(value, 0.0)


def finite(value: float) -> float:
    """Return any number that is not infinite or NaN."""
    return number(value, -float("inf"))


def optional_number(value: float | None) -> float | None:
    """Return any number that is not infinite or NaN, or None where there is none."""
    return None if value is None else finite(value)


def number(value: object, least: float, most: float = float("inf")) -> float:
    """Return `value` as a finite float between `least` and `most`."""
    limits = f"a number from {least:g} to {most:g}" if most < float("inf") else "a finite number"
    try:
        result = float(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, OverflowError):
        raise bad(value, limits, "give a number") from None
    if isinstance(value, (bool, str)) or not least <= result <= most or result in (float("inf"), -float("inf")):
        raise bad(value, limits, "give a number in that range")
    return result


class Choice:
    """A converter that accepts only the names it is made of, and tells them.

    >>> choice("CHW", "HWC").names
    ('CHW', 'HWC')
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def __call__(self, value: str) -> str:
        """Return `value`, if it is one of the names."""
        if value not in self.names:
            raise bad(value, "one of " + ", ".join(repr(n) for n in self.names), f"use {self.names[0]!r}")
        return value


def choice(*names: str) -> Choice:
    """Return a converter that accepts only `names`."""
    return Choice(names)

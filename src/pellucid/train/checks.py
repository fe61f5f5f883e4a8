"""Checks of the numbers that optimizers, schedules and training are made with; each error names the owner."""

from __future__ import annotations

import math
import operator
from typing import TypeVar

from ..errors import ParameterError

T = TypeVar("T")


def real(
    owner: str, name: str, value: object, *, least: float = 0.0, below: float = math.inf, least_too: bool = True
) -> float:
    """Return `value` as a finite float in [least, below), or in (least, below) without `least_too`.

    >>> real("SGD", "momentum", 0.9, below=1)
    0.9
    """
    try:
        number = float(value)  # pyright: ignore[reportArgumentType] - what cannot be a float is told below
        shown = f"{name}={value!r}"
    except (TypeError, ValueError):
        number, shown = math.nan, f"{name}={value!r}"
    except OverflowError:  # of a whole number, which may have too many digits even to be shown
        number, shown = math.nan, f"{name} beyond the largest float"
    low = number >= least if least_too else number > least
    if isinstance(value, (bool, str)) or not (low and number < below):
        start = f"{least:g} or more" if least_too else f"above {least:g}"
        end = f" and below {below:g}" if below < math.inf else ""
        raise ParameterError(
            owner,
            got=shown,
            expected=f"a finite number {start}{end}",
            fix=f"give {name} a number in that range",
        )
    return number


def whole(owner: str, name: str, value: object, *, least: int = 1) -> int:
    """Return `value` as an int of at least `least`; booleans and floats are not whole numbers.

    >>> whole("fit", "epochs", 5)
    5
    """
    try:
        number = operator.index(value)  # pyright: ignore[reportArgumentType] - what cannot be an int is told below
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least:
        raise ParameterError(
            owner,
            got=f"{name}={value!r}",
            expected=f"a whole number, {least} or more",
            fix=f"use {name}={least} or more",
        )
    return number


def flag(owner: str, name: str, value: object) -> bool:
    """Return `value` if it is True or False; words and numbers that Python would take for them are refused.

    >>> flag("SGD", "nesterov", True)
    True
    """
    if not isinstance(value, bool):
        raise ParameterError(
            owner, got=f"{name}={value!r}", expected="True or False", fix=f"write {name}=True or {name}=False"
        )
    return value


def made(owner: str, name: str, value: object, kind: type[T], example: str) -> T:
    """Return `value` if it is of a kind; its name, its class or anything else is refused.

    >>> made("fit", "epochs", 5, int, "5")
    5
    """
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise ParameterError(
            owner,
            got=f"{name}={value!r}",
            expected=f"{article} {kind.__name__.lower()} that is made, such as {example}",
            fix=f"write {name}={example}",
        )
    return value

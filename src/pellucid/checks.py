"""What a whole number is, for all that count places, channels, parts and steps."""

from __future__ import annotations

import operator

from .errors import ParameterError

LARGEST = 2**31 - 1  # sizes beyond this cannot be an image's, and products of them would overflow arrays


def whole_number(value: object, least: float, most: float = LARGEST) -> int | None:
    """Return `value` as an int between `least` and `most`, or None; booleans, floats and strings are none.

    >>> whole_number(3, 1), whole_number(0, 1), whole_number(2.0, 1), whole_number(True, 1)
    (3, None, None, None)
    """
    try:
        number = operator.index(value)  # pyright: ignore[reportArgumentType] - what is no number is told apart here
    except TypeError:
        return None
    return number if least <= number <= most and not isinstance(value, bool) else None


def check_count(where: str, name: str, value: object) -> None:
    """Raise ParameterError if `value` is not a whole number of 1 or more."""
    if whole_number(value, 1) is None:
        raise ParameterError(
            where, got=f"{name} {value!r}", expected=f"1 to {LARGEST}", fix=f"use a {name} of 1 or more"
        )

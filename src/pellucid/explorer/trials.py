"""What would fit: values of a parameter for which the whole network can be built, found by building it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import PellucidError

EFFORT = 8000  # layers that are wired to answer one question: half a second
LEAST = 12  # values that are tried however large the network is
MOST = 16  # parts of an answer


def tried(values: Sequence[Any], build: Callable[[Any], object], layers: int) -> tuple[list[Any], list[Any]]:
    """Return the values that were tried, and those of them with which something could be built.

    Args:
        values: what to try, in this order.
        build: builds with one value; what Pellucid refuses does not fit.
        layers: how many layers are wired each time: large networks are tried with fewer values.

    >>> def build(size: int) -> None:
    ...     from pellucid.layers import MaxPool2d
    ...     MaxPool2d(size).output_shape((1, 3, 3))
    >>> tried([1, 2, 3, 4], build, 1)[1]
    [1, 2, 3]
    """
    some = list(values)[: max(LEAST, EFFORT // max(layers, 1))]
    return some, [value for value in some if _fits(build, value)]


def _fits(build: Callable[[Any], object], value: Any) -> bool:
    try:
        build(value)
    except PellucidError:
        return False
    return True


def worded(some: Sequence[Any], good: Sequence[Any], say: Callable[[Any], str]) -> str:
    """Return which of the tried values fit, in words: ranges of neighbours, and single ones.

    >>> worded([1, 2, 3, 4, 5, 6], [1, 2, 3, 5], shown)
    '1 to 3, 5'
    >>> worded([(1, 1), (2, 2)], [(2, 2)], shown)
    '2'
    """
    if not good:
        return f"none of the {len(some)} values that were tried"
    runs: list[list[Any]] = []
    for at, value in enumerate(some):
        if value not in good:
            continue
        if runs and at and runs[-1][-1] == some[at - 1] and _follows(some[at - 1], value):
            runs[-1].append(value)
        else:
            runs.append([value])
    parts = [part for run in runs for part in ([f"{say(run[0])} to {say(run[-1])}"] if len(run) > 2 else map(say, run))]
    rest = len(parts) - MOST
    return ", ".join(parts[:MOST]) + (f" and {rest} more" if rest > 0 else "")


def _follows(before: Any, value: Any) -> bool:
    """Return whether values are neighbours: numbers, pairs that are equal on all sides, pairs that share one side."""
    first, second = listed(_brief(before)), listed(_brief(value))
    if first and second:
        return any(a == b for a, b in zip(first, second, strict=False))
    return plain(_brief(before)) and plain(_brief(value))


def shown(value: Any) -> str:
    """Return a value as a person writes it: equal sides once.

    >>> shown(((1, 1), (1, 1))), shown((3, 2)), shown(None), shown(True), shown("same")
    ('1', '3 x 2', 'none', 'yes', '"same"')
    """
    brief = _brief(value)
    if isinstance(brief, bool):
        return "yes" if brief else "no"
    if brief is None:
        return "none"
    if isinstance(brief, str):
        return f'"{brief}"'
    sides = listed(brief)
    if sides is not None:
        nested = any(listed(side) is not None for side in sides)
        return str(tuple(sides)) if nested or len(sides) != 2 else " x ".join(map(str, sides))
    return f"{brief:g}" if isinstance(brief, float) else str(brief)


def _brief(value: Any) -> Any:
    while (sides := listed(value)) and len(sides) > 1 and sides.count(sides[0]) == len(sides):
        value = sides[0]
    return value


def listed(value: Any) -> list[Any] | None:
    """Return the parts of a tuple or a list; None for anything else."""
    return list(value) if isinstance(value, (tuple, list)) else None  # pyright: ignore[reportUnknownArgumentType]


def plain(value: Any) -> bool:
    """Return whether a value is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)

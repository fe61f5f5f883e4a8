"""What each call of a layer or an operation of Keras is given: values of the graph, and constants beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from ..opening import UnreadableError
from ..strict_json import as_list, as_names, as_text
from .config import Config, damaged

Key = tuple[str, int, int]  # layer, its call, its output
DEEPEST = 8


@dataclass(frozen=True)
class Ref:
    """The place of a value among those that a call reads."""

    number: int


@dataclass
class Given:
    """The arguments of one call.

    Args:
        reads: the values, in order.
        args: all arguments by position; a value is a `Ref`.
        kwargs: the same by name.
    """

    reads: list[Key] = field(default_factory=list[Key])
    args: list[Any] = field(default_factory=list[Any])
    kwargs: dict[str, Any] = field(default_factory=dict[str, Any])

    def only_values(self, path: str) -> None:
        """Raise UnreadableError for a constant that says something: a layer reads values alone."""
        waiting: list[Any] = [self.args, *self.kwargs.values()]
        while waiting:
            item = waiting.pop()
            if isinstance(item, list):
                waiting.extend(cast("list[Any]", item))
            elif not isinstance(item, Ref) and item not in (None, False):
                raise UnreadableError(f"{path}.inbound_nodes has the argument {item!r:.60}, where values are expected")


def calls(layer: Config) -> list[Given]:
    """Return what each call of a layer is given, as Keras 3 or Keras 2 writes it."""
    place = f"{layer.path}.inbound_nodes"
    found: list[Given] = []
    for node in as_list(layer.entry.get("inbound_nodes", []), place):
        given = Given()
        if isinstance(node, dict):
            inside = as_names(cast("object", node), place)
            args = _argument(inside.get("args", []), place, given.reads, 0)
            given.args = cast("list[Any]", args) if isinstance(args, list) else [args]
            for name, value in as_names(inside.get("kwargs", {}), place).items():
                given.kwargs[name] = _argument(value, place, given.reads, 0)
        else:
            for item in as_list(node, place):
                parts = as_list(item, place)
                if len(parts) > 3 and parts[3] not in ({}, None):
                    raise damaged(place, f"the arguments {parts[3]!r:.60}", "values alone")
                given.args.append(Ref(len(given.reads)))
                given.reads.append(key(parts[:3], place))
        found.append(given)
    return found


def _argument(value: object, place: str, reads: list[Key], depth: int) -> Any:
    """Return an argument as it is used here; values are added to `reads`."""
    if depth > DEEPEST:
        raise damaged(place, "arguments nested too deeply", "values")
    if isinstance(value, list):
        return [_argument(item, place, reads, depth + 1) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    said = as_names(cast("object", value), place)
    inside = as_names(said.get("config", {}), place)
    match said.get("class_name"):
        case "__keras_tensor__":
            reads.append(key(inside.get("keras_history"), place))
            return Ref(len(reads) - 1)
        case "__slice__":
            return slice(*(inside.get(name) for name in ("start", "stop", "step")))
        case "__numpy__":
            return numbers(inside.get("value"), place)
        case "__ellipsis__":
            return ...
        case other:
            raise damaged(place, f"the argument {other!r:.60}", "values, numbers and slices")


def numbers(value: object, place: str) -> Any:
    """Return an array of what JSON has as a number or as lists of them."""
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise damaged(place, f"the numbers {value!r:.60}", "numbers, or lists of them of one length")
    return array


def key(value: object, place: str) -> Key:
    """Return which value is meant by [layer, call, output]."""
    parts = as_list(value, place)
    if len(parts) != 3 or type(parts[1]) is not int or type(parts[2]) is not int:
        raise damaged(place, f"{value!r:.100}", "[layer, call, output]")
    return as_text(parts[0], place), parts[1], parts[2]

"""JSON from a file that nobody vouches for: read strictly, then taken apart by functions that say what they expect."""

from __future__ import annotations

import json
from typing import NoReturn, cast

from ..errors import ModelFileError

MOST_OBJECTS = 500_000  # as many as the largest description of a network has
MOST_COMMAS = 1_000_000  # between values; these take some 60 MB of memory
DAMAGED = "the file is damaged: get it again, or save the network again"


def parse(text: str | bytes, place: str, most: int = MOST_OBJECTS) -> object:
    """Return the JSON value in `text`: UTF-8, no name twice in one object, no NaN or Infinity.

    Args:
        text: the JSON.
        place: where in the file it is, for errors.
        most: how many objects it may have; reading ends at the first beyond.

    Raises:
        ModelFileError: it is not such JSON.
    """
    count = 0

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal count
        count += 1
        if count > most:
            raise ValueError(f"more than {most} objects")
        return _unique(pairs)

    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        if decoded.count(",") > MOST_COMMAS:
            raise ValueError(f"more than {MOST_COMMAS} values")
        return json.loads(decoded, object_pairs_hook=unique, parse_constant=_no_constant)
    except RecursionError:
        got = "brackets nested too deeply"
    except UnicodeDecodeError as error:
        got = f"byte {error.start}, which is not UTF-8"
    except json.JSONDecodeError as error:
        got = f"{error.msg.lower()} at character {error.pos}"
    except ValueError as error:
        got = str(error)
    raise ModelFileError(place, got=got, expected="JSON, each name once", fix=DAMAGED) from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise ValueError(f"the name {twice!r} twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"the number {name}")


def as_object(
    value: object, place: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, object]:
    """Return a JSON object that has the `required` names, and no others but the `optional` ones."""
    found = as_names(value, place)
    missing = [name for name in required if name not in found]
    unknown = [name for name in found if name not in required and name not in optional]
    if missing or unknown:
        raise ModelFileError(
            place,
            got=f"no {missing[0]!r}" if missing else f"an unknown name {unknown[0]!r}",
            expected=", ".join((*required, *(f"{name} (or not)" for name in optional))) or "no names at all",
            fix=DAMAGED,
        )
    return found


def as_names(value: object, place: str) -> dict[str, object]:
    """Return a JSON object of any names."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else _refuse(value, place, "an object, {...}")


def as_list(value: object, place: str) -> list[object]:
    """Return a JSON list."""
    return cast("list[object]", value) if isinstance(value, list) else _refuse(value, place, "a list, [...]")


def as_text(value: object, place: str) -> str:
    """Return a JSON string."""
    return value if isinstance(value, str) else _refuse(value, place, "a string")


def as_whole(value: object, place: str) -> int:
    """Return a whole number; `true` and 1.0 are none."""
    return value if type(value) is int else _refuse(value, place, "a whole number")


def _refuse(value: object, place: str, expected: str) -> NoReturn:
    raise ModelFileError(place, got=f"{value!r:.200}", expected=expected, fix=DAMAGED)

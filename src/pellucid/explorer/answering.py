"""What the explorer answers, whoever asks: a browser through the server, or a notebook through its widget."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..errors import PellucidError, UnknownNameError


@dataclass(frozen=True)
class Query:
    """One question.

    Args:
        params: what is asked for, by name.
        media_type: what `body` is, such as "application/json".
        body: what is sent along.
    """

    params: Mapping[str, str]
    media_type: str = ""
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What is answered: bytes, and what they are."""

    content: bytes
    media_type: str = "application/json"


class Protection(Enum):
    """What a request must have to be answered."""

    TOKEN = "token"  # the cookie that the printed address gives


@dataclass(frozen=True)
class Door:
    """One thing that is answered.

    Args:
        path: its path, with parameters in braces.
        method: "GET", which changes nothing, or "POST".
        handler: what answers; it may take long, and runs in a thread of its own.
        protection: what a request must have.
    """

    path: str
    method: str
    handler: Callable[[Query], Answer]
    protection: Protection | None = None


def told(value: Any) -> Answer:
    """Return plain values as JSON; NaN and infinities must have become words.

    >>> told({"runs": 2}).content
    b'{"runs":2}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Answer(text.encode(errors="backslashreplace"))  # half a surrogate pair, as JSON writes it


def answer(doors: Sequence[Door], method: str, path: str, query: Query) -> tuple[int, Answer]:
    """Return the status and the answer of the door at `path`; every refusal is an answer too."""
    for door in doors:
        if (door.method, door.path) == (method, path):
            try:
                return 200, door.handler(query)
            except (PellucidError, MemoryError) as error:
                return refusal(error)
    return refused(404, "explorer", "a request that is not known", "an address of this page", "reload it")


def refusal(error: Exception) -> tuple[int, Answer]:
    """Return the status and the words for what was refused, or found no room."""
    if isinstance(error, PellucidError):
        status = 404 if isinstance(error, UnknownNameError) else 400
        return refused(status, error.where, error.got, error.expected, error.fix)
    got = str(error) or "no memory left"
    return refused(507, "explorer", got, "a run that fits the memory", "explore a smaller network, or close programs")


def refused(status: int, where: str, got: str, expected: str, fix: str) -> tuple[int, Answer]:
    """Return a refusal in the form that all of them have."""
    return status, told({"error": {"where": where, "got": got, "expected": expected, "fix": fix}})

"""Arrays and what is said of them in one piece of bytes, small, and as text: what a page without a server carries."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...layers.arithmetic import Floats
from .tables import Recipe, Table

ALIGNED = 8  # bytes: an array of the browser begins where its numbers could
NUMBERS = {"i": np.dtype("<i4"), "f": np.dtype("<f4"), "d": np.dtype("<f8")}  # by the letter that the page knows
LEVEL = 6  # from here on floats get hardly smaller, and take much longer
SIZE = np.dtype("<u4")


class Pack:
    """Collects arrays; each becomes a reference: [letter of its type, first byte, length].

    >>> pack = Pack()
    >>> pack.add(np.array([1.5, 2.0]), "f")
    ['f', 0, 2]
    >>> len(pack.bytes({"title": "two numbers"}))
    40
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def add(self, array: NDArray[Any], letter: str) -> list[str | int]:
        """Take an array in and return its reference; `letter` is one of `NUMBERS`."""
        raw = np.ascontiguousarray(array, NUMBERS[letter]).tobytes()
        reference: list[str | int] = [letter, self.size, array.size]
        self._parts += [raw, bytes(-len(raw) % ALIGNED)]
        self.size += len(raw) + -len(raw) % ALIGNED
        return reference

    def bytes(self, told: object) -> bytes:
        """Return what is told, with the length of its JSON before it, and the arrays behind it."""
        said = json.dumps(told, allow_nan=False, separators=(",", ":")).encode()
        head = np.array([len(said), 0], SIZE).tobytes() + said
        return b"".join([head, bytes(-len(head) % ALIGNED), *self._parts])


def small(raw: bytes) -> str:
    """Return bytes compressed, as text that means nothing to a page: letters, digits, +, / and =."""
    return base64.b64encode(gzip.compress(raw, LEVEL, mtime=0)).decode()


def packed(made: Recipe, pack: Pack, weight: tuple[int, ...] | None) -> dict[str, Any]:
    """Return a recipe with its tables in a pack.

    Args:
        made: the recipe.
        pack: takes the tables.
        weight: the shape of the weight that the recipe's entries move in, or None.
    """
    return {
        "blocks": [{"columns": block.columns, "table": table_of(block.table, pack, "i")} for block in made.blocks],
        "rank": made.rank,
        "weight": weight,
        "first": made.first_tap,
        "used": made.used,
        "kinds": made.kinds,
        "told": {name: table_of(table, pack, "d") for name, table in made.told.items()},
    }


def table_of(table: Table, pack: Pack, letter: str) -> dict[str, Any]:
    """Return a table with its numbers in a pack."""
    lengths = np.cumsum([0, *(len(one) for one in table.lists)])
    lists: Floats = np.concatenate(table.lists) if table.lists else np.zeros(0)
    return {
        "axes": table.axes,
        "which": pack.add(table.which, "i"),
        "starts": pack.add(lengths, "i"),
        "lists": pack.add(lists, letter),
    }

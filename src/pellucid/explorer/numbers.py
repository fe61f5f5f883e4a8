"""Numbers of the user's own, one a layer: what was measured elsewhere, shown on the columns of the network."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DataError, unknown_name
from ..network import Network

LARGEST = 8 << 20  # bytes of a file


def checked_numbers(net: Network, numbers: Mapping[str, Any]) -> dict[str, float]:
    """Return a finite number for each layer that has one.

    Args:
        net: the network.
        numbers: by the layer's name, a number.

    Raises:
        UnknownNameError: there is no such layer.
        DataError: something is no finite number.

    >>> from pellucid.layers import ReLU
    >>> checked_numbers(Network((1, 2, 2), [ReLU()]), {"relu1": 3})
    {'relu1': 3.0}
    """
    found: dict[str, float] = {}
    names = [str(node.name) for node in (*net.inputs, *net.nodes)]
    for name, value in numbers.items():
        if name not in names:
            raise unknown_name("layer", str(name), names)
        try:
            number = math.nan if isinstance(value, (bool, str)) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise DataError(
                f"numbers, layer {name!r}", got=f"{value!r:.60}", expected="a finite number", fix="leave the layer out"
            )
        found[name] = number
    return found


def read_numbers(path: str | Path) -> dict[str, float]:
    """Return the numbers of a file: JSON, an object of numbers by layer, or CSV, a line "layer,number" each.

    A first line of CSV whose second field is no number is a heading.

    Raises:
        DataError: the file is absent or too large, or is neither.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ValueError(f"more than {LARGEST:,} bytes")
        text = content.decode("utf-8-sig")
        return _json(text) if text.lstrip().startswith("{") else _csv(text)
    except OSError as error:
        raise _refused(path, error.strerror or "nothing that can be read") from error
    except (ValueError, RecursionError) as error:
        raise _refused(path, str(error)[:80]) from error


def _json(text: str) -> dict[str, float]:
    found = json.loads(text)
    if not all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in found.values()):
        raise ValueError("an object whose values are not all numbers")
    return {name: float(value) for name, value in found.items()}


def _csv(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    rows = [row for row in csv.reader(text.splitlines()) if row]
    for number, row in enumerate(rows):
        if len(row) != 2:
            raise ValueError(f"a line of {len(row)} fields")
        try:
            found[row[0].strip()] = float(row[1])
        except ValueError:
            if number:
                raise ValueError(f"{row[1]!r:.40}, which is no number") from None
    return found


def _refused(path: str | Path, got: str) -> DataError:
    return DataError(
        f"numbers {str(path)!r}",
        got=got,
        expected='JSON such as {"conv1": 3.2}, or CSV with a line such as conv1,3.2 a layer',
        fix="write it as one of these",
    )

"""What comes with a question, checked: whole numbers, JSON, drawings."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import numpy as np

from ...errors import DataError
from ..answering import Query
from ..drawing import Bitmap

LARGEST_DRAWING = 512  # rows and columns


def bad(what: str, got: object, expected: str, fix: str) -> DataError:
    """Return the error for a question that cannot be answered; what came is shown in short."""
    shown = str(got)
    return DataError(
        f"explorer, {what}", got=shown if len(shown) <= 60 else shown[:57] + "...", expected=expected, fix=fix
    )


def whole(what: str, value: object) -> int:
    """Return a whole number of at most nine digits from a query or from JSON.

    Raises:
        DataError: it is none.

    >>> whole("layer", "12")
    12
    """
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not text.isascii() or not text.isdigit():
        raise bad(what, repr(value), "a whole number, 0 or more", "give one")
    if len(text) > 9:
        raise bad(what, text, "a whole number of at most nine digits", "give a smaller one")
    return int(text)


def json_of(query: Query) -> dict[str, Any]:
    """Return the JSON object that was sent.

    Raises:
        DataError: it is none, or is not said to be JSON.
    """
    if query.media_type.split(";")[0].strip().lower() != "application/json":
        raise bad("content type", query.media_type or "none", "application/json", "send JSON, and say so")
    try:
        wanted = json.loads(query.body)
    except (ValueError, RecursionError):
        raise bad("body", f"{len(query.body)} bytes", "a JSON object", "send JSON") from None
    if not isinstance(wanted, dict):
        raise bad("body", type(wanted).__name__, 'an object, {"sample": 0} or {"drawing": ...}', "send an object")
    return wanted  # pyright: ignore[reportUnknownVariableType]


def bitmap(drawing: dict[str, Any]) -> Bitmap:
    """Return a drawing as (height, width) of 0 to 1, from bytes in base64, row by row.

    Raises:
        DataError: it is too large, or not a byte for each pixel.
    """
    width, height = (whole(side, drawing.get(side)) for side in ("width", "height"))
    try:
        ink = base64.b64decode(str(drawing.get("pixels", "")), validate=True)
    except binascii.Error:
        ink = b""
    if not 1 <= min(width, height) <= max(width, height) <= LARGEST_DRAWING or len(ink) != width * height:
        raise bad(
            "drawing",
            f"{width} x {height} with {len(ink)} pixels",
            f"a byte in base64 for each of at most {LARGEST_DRAWING} x {LARGEST_DRAWING} pixels",
            "draw on the page's own pad",
        )
    return np.frombuffer(ink, np.uint8).reshape(height, width).astype(np.float32) / np.float32(255)

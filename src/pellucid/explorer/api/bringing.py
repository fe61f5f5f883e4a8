"""Pictures of the user's own, as pixels that the browser decoded, and the same image again on a changed network."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import facts
from ..answering import Answer, Door, Protection, Query, told
from ..session import Session
from .checks import bad, json_of, whole

LARGEST = 1 << 21  # pixels; the page scales larger pictures down


def doors(session: Session) -> list[Door]:
    """Return what brings images to the network of `session`."""
    bringing = _Bringing(session)
    return [
        Door("/api/picture", "POST", bringing.picture, Protection.TOKEN),
        Door("/api/again", "POST", bringing.again, Protection.TOKEN),
    ]


class _Bringing:
    def __init__(self, session: Session) -> None:
        self._session = session

    def picture(self, query: Query) -> Answer:
        wanted = json_of(query)
        made = self._session.run_picture(_pixels(wanted), invert=wanted.get("invert") is True)
        return told(facts.run(self._session, made))

    def again(self, query: Query) -> Answer:
        made = self._session.run_again(str(json_of(query).get("run")))
        return told(facts.run(self._session, made))


def _pixels(wanted: dict[str, Any]) -> NDArray[np.uint8]:
    """Return pixels (height, width, 4): red, green, blue and opacity, from bytes in base64, row by row."""
    width, height = (whole(side, wanted.get(side)) for side in ("width", "height"))
    try:
        sent = base64.b64decode(str(wanted.get("pixels", "")), validate=True)
    except (binascii.Error, ValueError):
        sent = b""
    if not 1 <= width * height <= LARGEST or len(sent) != 4 * width * height:
        raise bad(
            "picture",
            f"{width} x {height} with {len(sent)} bytes",
            f"four bytes in base64 for each of at most {LARGEST} pixels",
            "choose the picture in the page",
        )
    return np.frombuffer(sent, np.uint8).reshape(height, width, 4)

"""The network, its runs, their numbers, and where these came from: what the page reads first."""

from __future__ import annotations

import math

import numpy as np

from ...errors import ShapeError
from .. import facts
from ..answering import Answer, Door, Protection, Query, told
from ..session import Run, Session
from .checks import bad, bitmap, json_of, whole

LARGEST_MAPS = 8 << 20  # numbers sent in one answer: 32 MiB


def doors(session: Session) -> list[Door]:
    """Return what can be read of `session`."""
    reading = _Reading(session)
    return [
        Door("/api/network", "GET", reading.network, Protection.TOKEN),
        Door("/api/run", "POST", reading.run, Protection.TOKEN),
        Door("/api/maps", "GET", reading.maps, Protection.TOKEN),
        Door("/api/explain", "GET", reading.explain, Protection.TOKEN),
        Door("/api/field", "GET", reading.field, Protection.TOKEN),
        Door("/api/reached", "GET", reading.reached, Protection.TOKEN),
    ]


class _Reading:
    def __init__(self, session: Session) -> None:
        self._session = session

    def network(self, query: Query) -> Answer:
        return told(facts.network(self._session))

    def run(self, query: Query) -> Answer:
        wanted = json_of(query)
        if isinstance(wanted.get("drawing"), dict):
            made = self._session.run_drawing(bitmap(wanted["drawing"]))
        else:
            made = self._session.run_sample(whole("sample", wanted.get("sample")))
        return told(facts.run(self._session, made))

    def maps(self, query: Query) -> Answer:
        """Answer with channels of layers, one after another; each part is written layer:first:count."""
        made = self._session.run(query.params.get("run", ""))
        parts: list[bytes] = []
        total = 0
        for part in query.params.get("parts", "").split(","):
            numbers = [whole("part", text) for text in part.split(":")]
            if len(numbers) != 3:
                raise bad("parts", part, "layer:first channel:channels", "write for instance 1:0:16")
            node = made.version.node(numbers[0])
            first, count = numbers[1:]
            if not 0 <= first < first + count <= node.shape[0]:
                raise ShapeError(
                    f"layer {node.name!r}",
                    got=f"channels {first} to {first + count - 1}",
                    expected=f"0 to {node.shape[0] - 1}",
                    fix="ask for channels that are there",
                )
            total += count * math.prod(node.shape[1:])
            if total > LARGEST_MAPS:
                raise bad("parts", f"{total} numbers", f"at most {LARGEST_MAPS} at once", "ask for fewer channels")
            values = made.trace[str(node.name)][first : first + count]
            parts.append(np.ascontiguousarray(values, "<f4").tobytes())
        return Answer(b"".join(parts), "application/octet-stream")

    def explain(self, query: Query) -> Answer:
        made = self._session.run(query.params.get("run", ""))
        name, index = _place(made, query)
        return told(facts.number(made, name, index))

    def field(self, query: Query) -> Answer:
        made = self._session.run(query.params.get("run", ""))
        name, index = _place(made, query)
        return told(facts.field(made, name, index))

    def reached(self, query: Query) -> Answer:
        made = self._session.run(query.params.get("run", ""))
        name, index = _place(made, query)
        return told(facts.reached(made, name, index))


def _place(made: Run, query: Query) -> tuple[str, tuple[int, ...]]:
    node = made.version.node(whole("layer", query.params.get("layer")))
    index = tuple(whole("index", text) for text in query.params.get("index", "").split(","))
    return str(node.name), index

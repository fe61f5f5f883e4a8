"""Why this class: the methods, an attribution with its map, and how far it is."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from ...explain import attribution, facts
from ...wiring import name_of
from ..answering import Answer, Door, Protection, Query, told
from ..session import Run, Session
from ..why import LARGE, Attributions, Target, macs
from .checks import bad, whole


def doors(session: Session) -> list[Door]:
    """Return what can be asked of why the network of `session` says what it says."""
    why = _Why(session)
    return [
        Door("/api/why", "GET", why.why, Protection.TOKEN),
        Door("/api/why/methods", "GET", why.methods, Protection.TOKEN),
        Door("/api/why/progress", "GET", why.progress, Protection.TOKEN),
    ]


class _Why:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._attributions = Attributions()

    def methods(self, query: Query) -> Answer:
        """Answer with the methods, and which of them to begin with."""
        first = "grad-cam" if macs(self._session.net) > LARGE // 4 else "integrated gradients"
        methods = [{"name": name, "about": method.about} for name, method in attribution.METHODS.items()]
        return told({"methods": methods, "first": first})

    def why(self, query: Query) -> Answer:
        """Answer with an attribution's facts, and its map as float32 in base64, row by row; null if it was given up."""
        made = self._session.run(query.params.get("run", ""))
        method, asker = query.params.get("method", ""), query.params.get("asker", "")[:40]
        found = self._attributions.find(made, method, _target(made, query), asker)
        if found is None:
            return told(None)
        if found.map.ndim != 2:
            raise bad(
                "input", f"shape {found.map.shape}", "an image (channels, height, width)", "use a trace in Python"
            )
        node = next(k for k, node in enumerate(made.version.nodes) if node.name == found.input)
        label = None if found.target is None else self._session.classes[found.target]
        said: dict[str, Any] = {
            **facts.attribution(found),
            "label": label,
            "node": node,
            "map": base64.b64encode(np.ascontiguousarray(found.map, "<f4").tobytes()).decode(),
        }
        return told(said)

    def progress(self, query: Query) -> Answer:
        """Answer with how many images of an asker's question were run, and how many there are."""
        progress = self._attributions.progress(query.params.get("asker", "")[:40])
        return told({"done": progress.done, "total": progress.total})


def _target(made: Run, query: Query) -> Target:
    """Return what is asked about: a class, a number of a layer, or what was predicted."""
    if "class" in query.params:
        return whole("class", query.params["class"])
    if "layer" in query.params:
        node = made.version.node(whole("layer", query.params["layer"]))
        return name_of(node), tuple(whole("index", text) for text in query.params.get("index", "").split(","))
    return None

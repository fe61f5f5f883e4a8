"""Two networks, or two engines, on the image that is shown: per layer how far apart they are, and by which rule."""

from __future__ import annotations

from typing import Any

from ...comparison import compare
from ...engines import ENGINES
from ...errors import unknown_name
from ..answering import Answer, Door, Protection, Query, told
from ..session import Session

AGAINST = ("other", "same")  # the network that is compared with this one, or this one again


def doors(session: Session) -> list[Door]:
    """Return what can be asked about the network of `session` beside another, or beside itself."""
    comparing = _Comparing(session)
    return [
        Door("/api/compare/sides", "GET", comparing.sides, Protection.TOKEN),
        Door("/api/compare", "GET", comparing.compared, Protection.TOKEN),
    ]


class _Comparing:
    def __init__(self, session: Session) -> None:
        self._session = session

    def sides(self, query: Query) -> Answer:
        """Answer with what can be compared: the other network, if there is one, and the engines."""
        other = self._session.other
        engines = [{"name": name, "unavailable": engine.unavailable()} for name, engine in ENGINES.items()]
        return told({"other": None if other is None else other.name, "engines": engines})

    def compared(self, query: Query) -> Answer:
        """Answer with what a comparison on the image of a run found; layers of A by their number too."""
        made = self._session.run(query.params.get("run", ""))
        against = query.params.get("against", "")
        choices = AGAINST if self._session.other is not None else AGAINST[1:]
        if against not in choices:
            raise unknown_name("network to compare with", against, choices)
        net = made.version.net
        other = self._session.other if against == "other" else net
        images: Any = tuple(made.trace[str(node.name)] for node in net.inputs)
        engines = (query.params.get("a", ""), query.params.get("b", ""))
        found = compare(net, other, images if len(images) > 1 else images[0], engines=engines)
        numbers = {str(node.name): number for number, node in enumerate(made.version.nodes)}
        return told(found.facts() | {"nodes": [numbers[layer.a] for layer in found.layers]})

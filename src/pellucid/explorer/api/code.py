"""One layer beside its picture: as code in every dialect, and the traps of this very layer."""

from __future__ import annotations

from typing import Any

from ...errors import ParameterError
from ...explain import traps
from ...formats import DIALECTS, code
from ...network import Network
from ..answering import Answer, Door, Protection, Query, told
from ..session import Session


def doors(session: Session) -> list[Door]:
    """Return what can be asked about the code of a layer of `session`."""

    def layer(query: Query) -> Answer:
        net, name = session.net, query.params.get("layer", "")
        if net.node(name).layer is None:
            return told({"layer": name, "code": {}, "traps": []})
        return told(
            {
                "layer": name,
                "code": {dialect: _written(net, name, dialect) for dialect in DIALECTS},
                "traps": [{"title": trap.title, "text": trap.text} for trap in traps(net, name)],
            }
        )

    return [Door("/api/code", "GET", layer, Protection.TOKEN)]


def _written(net: Network, name: str, dialect: str) -> dict[str, Any]:
    """Return the lines of a layer, or what the dialect lacks for them."""
    try:
        return {"lines": code(net, dialect, layer=name), "lacks": None}
    except ParameterError as error:
        return {"lines": None, "lacks": error.got}

"""A layer changed, added or removed, and undone: what can be asked before it, and what is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ...errors import unknown_name
from .. import facts
from ..answering import Answer, Door, Protection, Query, told
from ..editing import Add, Change, Edit, Remove
from ..fitting import fitting
from ..offers import kinds_after, kinds_instead
from ..parameters import form_of
from ..rewiring import layer_of
from ..session import Session
from ..trials import listed
from .checks import bad, json_of

MOST_VALUES = 24  # parameters of one edit, and values of one parameter
LONGEST = 200  # letters of a name or of a choice


def doors(session: Session) -> list[Door]:
    """Return what changes the network of `session`, and what is asked before."""
    changing = _Changing(session)
    return [
        Door("/api/layer", "GET", changing.layer, Protection.TOKEN),
        Door("/api/fits", "GET", changing.fits, Protection.TOKEN),
        Door("/api/kinds", "GET", changing.kinds, Protection.TOKEN),
        Door("/api/edit", "POST", changing.edit, Protection.TOKEN),
        Door("/api/undo", "POST", changing.undo, Protection.TOKEN),
        Door("/api/redo", "POST", changing.redo, Protection.TOKEN),
    ]


class _Changing:
    def __init__(self, session: Session) -> None:
        self._session = session

    def layer(self, query: Query) -> Answer:
        """Answer with a layer's parameters, and how each is written."""
        net = self._session.net
        name = query.params.get("layer", "")
        if net.node(name).layer is None:
            return told({"layer": name, "kind": "Input", "parameters": []})
        layer = layer_of(net, name)
        parameters: list[dict[str, Any]] = []
        for parameter, value in layer.config().items():
            form = form_of(type(layer), parameter)
            parameters.append(
                {
                    "name": parameter,
                    "value": value,
                    "form": form.form,
                    "limits": form.limits,
                    "optional": form.optional,
                    "names": list(form.names),
                }
            )
        return told({"layer": name, "kind": layer.kind, "parameters": parameters})

    def fits(self, query: Query) -> Answer:
        """Answer in words which values of a parameter fit."""
        net = self._session.net
        return told({"fits": fitting(net, query.params.get("layer", ""), query.params.get("parameter", ""))})

    def kinds(self, query: Query) -> Answer:
        """Answer with the kinds that fit instead of a layer, or after it."""
        asked = {"instead": kinds_instead, "after": kinds_after}
        where = query.params.get("where", "")
        if where not in asked:
            raise unknown_name("place", where, asked)
        return told({"kinds": asked[where](self._session.net, query.params.get("layer", ""))})

    def edit(self, query: Query) -> Answer:
        made = self._session.studio.edit(_edit(json_of(query)))
        return self._now(made.done, made.layer, made.fresh)

    def undo(self, query: Query) -> Answer:
        json_of(query)
        done = self._session.studio.undone
        self._session.studio.undo()
        return self._now(f"undone: {done}")

    def redo(self, query: Query) -> Answer:
        json_of(query)
        done = self._session.studio.redone
        self._session.studio.redo()
        return self._now(f"done again: {done}")

    def _now(self, done: str, layer: str | None = None, fresh: tuple[str, ...] = ()) -> Answer:
        """Answer with what was done, and the network as it is then."""
        return told({"done": done, "layer": layer, "fresh": list(fresh), "network": facts.network(self._session)})


def _edit(wanted: dict[str, Any]) -> Edit:
    """Return the edit that a JSON object asks for."""
    kind = wanted.get("kind")
    if kind is not None:
        kind = _text("kind", kind)
    if "change" in wanted:
        return Change(_text("change", wanted["change"]), _values(wanted.get("values", {})), kind)
    if "after" in wanted and kind is not None:
        name = wanted.get("name")
        return Add(
            _text("after", wanted["after"]),
            kind,
            _values(wanted.get("values", {})),
            None if name is None else _text("name", name),
        )
    if "remove" in wanted:
        return Remove(_text("remove", wanted["remove"]))
    raise bad(
        "edit",
        ", ".join(wanted) or "an empty object",
        '{"change": LAYER, "values": {...}}, {"after": LAYER, "kind": KIND} or {"remove": LAYER}',
        "send one of these",
    )


def _text(what: str, value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST:
        raise bad(what, repr(value), f"a name of 1 to {LONGEST} letters", "give one")
    return value


def _values(given: Any) -> Mapping[str, Any]:
    """Return parameters by name: plain numbers, names and short lists of them; what they mean the layer says."""
    named = cast("dict[str, Any]", given)
    if not isinstance(given, dict) or len(named) > MOST_VALUES:
        raise bad("values", "something else", "parameters by name", 'write for instance {"kernel_size": 3}')
    return {_text("parameter", name): _plain(value, 2) for name, value in named.items()}


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= LONGEST):
        return value
    items = listed(value)
    if items is None or not depth or len(items) > MOST_VALUES:
        raise bad("values", "something else", "a number, a name, or a short list of numbers", "give one of these")
    return tuple(_plain(item, depth - 1) for item in items)

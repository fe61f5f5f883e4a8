"""What is in a page without a server: the network's facts, its runs on some images, and every layer's arithmetic."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import unknown_name
from ...layers.node import Node
from .. import facts
from ..answering import Query, answer
from ..api import doors
from ..origins import origins
from ..session import Run, Session
from .packing import Pack, packed, small, table_of
from .recipes import recipe, retold
from .sightings import looking

MOST = 48 * 10**6  # bytes of values, weights and tables in a page, before they are compressed
FLOAT = 4  # bytes
OF_A_LAYER = ("/api/code",)  # questions about a layer by its name alone


@dataclass(frozen=True)
class Contents:
    """What a page carries.

    Args:
        facts: the network, its runs, and every layer's arithmetic.
        weights: the kernels that products are made of.
        runs: each run's values.
        left_out: the layers whose numbers are not in the page.
    """

    facts: str
    weights: str
    runs: list[str]
    left_out: list[str]


def gathered(session: Session, samples: Sequence[int], *, layers: Sequence[str] | None, most: int = MOST) -> Contents:
    """Return what a page on some images carries.

    Args:
        session: the network and its images.
        samples: the numbers of the images.
        layers: the layers whose numbers are in the page; None: the outputs, and from the image on as many as there
            is room for.
        most: bytes there is room for, before they are compressed; layers that are named come in whatever their size.

    Raises:
        UnknownNameError: there is no such layer.
    """
    runs = [session.run_sample(number) for number in samples]
    return _Packer(session, runs, layers, most).contents()


class _Packer:
    def __init__(self, session: Session, runs: list[Run], layers: Sequence[str] | None, most: int) -> None:
        names = [str(node.name) for node in session.net.nodes]
        for layer in layers or ():
            if layer not in names:
                raise unknown_name("layer", layer, names)
        self._session, self._runs, self._layers, self._room = session, runs, layers, most
        self._numbers = {str(node.name): number for number, node in enumerate(session.nodes)}
        self._held = {str(node.name) for node in session.net.inputs}  # whose values are in the page
        self._weights = Pack()
        self._room -= sum(self._values(node) for node in session.net.inputs)

    def contents(self) -> Contents:
        """Return everything, packed."""
        pack = Pack()
        explained = self._explained()
        layers = [self._layer(node, pack, str(node.name) in explained) for node in self._session.nodes]
        network = facts.network(self._session)
        for node in network["nodes"]:
            node["absent"] = node["name"] not in self._held
        network |= {"samples": len(self._runs), "draws": False, "pictures": False, "hint": "", "alone": True}
        made = [facts.run(self._session, run) | {"sample": at} for at, run in enumerate(self._runs)]
        for at, run in enumerate(made):
            run["run"] = f"sample-{at}"
        told = {"network": network, "runs": made, "layers": layers, "said": self._said()}
        values = [self._packed_values(run) for run in self._runs]
        names = [str(node.name) for node in self._session.net.nodes]
        return Contents(
            facts=small(pack.bytes(told)),
            weights=small(self._weights.bytes({})),
            runs=[small(one) for one in values],
            left_out=[name for name in names if name not in explained],
        )

    def _said(self) -> dict[str, dict[str, Any]]:
        """Return what is answered about each layer, whatever the image, by path and layer."""
        asked = doors(self._session)
        names = [str(node.name) for node in self._session.nodes]
        return {
            path: {name: json.loads(answer(asked, "GET", path, Query({"layer": name}))[1].content) for name in names}
            for path in OF_A_LAYER
        }

    def _explained(self) -> set[str]:
        """Return the layers whose numbers can be taken apart in the page, and note whose values that takes."""
        found: set[str] = set()
        outputs = [node for node in self._session.net.outputs if node.layer is not None]
        for node in dict.fromkeys([*outputs, *self._session.net.nodes]):
            name = str(node.name)
            if self._layers is not None:
                if name not in self._layers:
                    continue
            elif self._cost(node) > self._room:
                if node in outputs:
                    continue
                break
            self._room -= self._cost(node)
            self._held |= {name, *(str(before.name) for before in node.inputs)}
            found.add(name)
        return found

    def _cost(self, node: Node) -> int:
        """Return the bytes of a layer's kernel, and of values that are not in the page yet."""
        new = [one for one in {node, *node.inputs} if str(one.name) not in self._held]
        weights = self._session.net.weight_names(str(node.name))
        return sum(map(self._values, new)) + sum(self._session.net.weights[full].nbytes for full in weights.values())

    def _values(self, node: Node) -> int:
        return FLOAT * math.prod(node.shape) * len(self._runs)

    def _layer(self, node: Node, pack: Pack, explained: bool) -> dict[str, Any] | None:
        """Return one layer's arithmetic; of a layer that is not explained, only what reads what."""
        if node.layer is None:
            return None
        net, name = self._session.net, str(node.name)
        named = net.weight_names(name)
        weights = {short: net.weights[full] for short, full in named.items()}
        before = [str(one.name) for one in node.inputs]
        looks = [looking(node, [run.trace[one] for one in before], weights) for run in self._runs]
        made = recipe(node, weights, looks[0] if explained else None)
        if made is None:
            return None
        told = packed(made, pack, weights["weight"].shape if made.taps else None)
        told["inputs"] = [self._numbers[one] for one in before]
        told["explained"] = explained
        told["origins"] = self._origins(node, pack)
        factors = facts.dropping(node)
        if factors is not None:
            said = facts.number(self._runs[0], name, tuple(0 for _ in node.shape))["dropped"]
            each = np.broadcast_to(factors, node.shape).ravel()
            told["dropped"] = {"said": said, "factors": pack.add(each, "d")}
        if explained:
            told["retold"] = [
                {name: table_of(table, pack, "d") for name, table in retold(made, node, weights, look).items()}
                for look in looks[1:]
            ]
        if explained and made.taps:
            told["kernel"] = self._weights.add(weights["weight"].ravel(), "f")
        return told

    def _origins(self, node: Node, pack: Pack) -> dict[str, Any] | None:
        """Return the maps that the places of the vector that a layer reads came from."""
        before = node.inputs[0]
        found = origins(self._runs[0].trace, before) if len(node.inputs) == len(before.shape) == 1 else None
        if found is None:
            return None
        maps, places = found
        return {"node": self._session.nodes.index(maps), "index": pack.add(places.ravel(), "i")}

    def _packed_values(self, run: Run) -> bytes:
        pack = Pack()
        told = [
            pack.add(run.trace[str(node.name)].ravel(), "f") if str(node.name) in self._held else None
            for node in self._session.nodes
        ]
        return pack.bytes({"values": told})


def shown(samples: int, most: int) -> list[int]:
    """Return which of many images to show: as many as are wanted, evenly apart.

    >>> shown(100, 4)
    [0, 25, 50, 75]
    """
    return [int(number) for number in np.arange(min(samples, most)) * max(samples // max(most, 1), 1)]

"""What the page is told, as plain JSON values: the network, a run, one number with its surroundings, its field."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..explain import Explanation, LayerSummary, Stage, facts, receptive_field, stages
from ..layers import Dropout
from ..layers.arithmetic import Terms, exact_sum
from ..layers.base import Mask
from ..layers.base import Run as Training
from ..layers.node import Node
from ..window import Window
from .onward import Step, onward
from .origins import origins
from .session import Run, Session

MOST_DROPPED = 256  # units of a dropout that are shown
MOST = 8192  # terms sent at once: as many as a page can hold without stuttering


def network(session: Session) -> dict[str, Any]:
    """Return everything about the network as it is now that does not depend on an image."""
    version = session.version
    summary = version.summary
    numbers = {str(node.name): number for number, node in enumerate(version.nodes)}
    layers = {layer.name: layer for layer in summary.layers}
    return {
        "version": version.number,
        "structure": version.structure,
        "title": session.title,
        "params": summary.params,
        "macs": summary.macs,
        "nodes": [_node(node, layers.get(str(node.name)), numbers) for node in version.nodes],
        "groups": _groups_of(stages(version.net), numbers, None, []),
        "outputs": [numbers[name] for name in summary.outputs],
        "numbers": session.numbers,
        "classes": list(session.classes),
        "samples": session.samples,
        "draws": session.draws,
        "hint": session.hint,
        "bgr": session.pixels.bgr,
        "pictures": session.reads_pictures,
        "untrained": bool(version.net.weights) and version.net.weights.version == 0,
        "undo": session.studio.undone,
        "redo": session.studio.redone,
    }


def _groups_of(
    found: Sequence[Stage], numbers: dict[str, int], parent: int | None, told: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what can be folded, each stage before its parts: numbers of its first and last node, and of its parent."""
    for stage in found:
        if len(stage.layers) > 1:
            first, last = numbers[stage.layers[0]], numbers[stage.layers[-1]]
            told.append(
                {"title": stage.title, "first": first, "last": last, "parent": parent, "parts": len(stage.parts)}
            )
            _groups_of(stage.parts, numbers, len(told) - 1, told)
    return told


def _node(node: Node, layer: LayerSummary | None, numbers: dict[str, int]) -> dict[str, Any]:
    if layer is None:
        return {
            "name": str(node.name),
            "kind": "Input",
            "description": "Input",
            "about": "What the network is given.",
            "inputs": [],
            "shape": list(node.shape),
        }
    told = facts.layer(layer)
    told["inputs"] = [numbers[name] for name in layer.inputs]
    told["pads"] = _pads(node)
    told["about"] = (inspect.getdoc(type(node.layer)) or "").split("\n\n")[0].replace("\n", " ")
    return told


def _pads(node: Node) -> list[list[int]] | None:
    """Return how many places of padding ((top, bottom), (left, right)) surround the maps that a layer reads."""
    assert node.layer is not None
    shapes = [before.shape for before in node.inputs]
    windows = node.layer.windows(*shapes)
    mirrored = node.layer.config().get("padding_mode", "zeros") != "zeros"  # such padding is places of the map itself
    if mirrored or any(len(shape) != 3 for shape in shapes):
        return None
    sides = [w.extent(size) for w, size in zip(windows, shapes[0][1:], strict=True) if isinstance(w, Window)]
    return [list(side) for side in sides] if len(sides) == 2 else None


def run(session: Session, made: Run) -> dict[str, Any]:
    """Return a run's name, what the network decided, and the range of every layer's values."""
    scores = session.scores(made)
    return {
        "run": made.name,
        "version": made.version.number,
        "structure": made.version.structure,
        "sample": made.sample,
        "label": session.label(made.sample),
        "engine": made.trace.engine,
        "prepared": session.prepared(made),
        "scores": None if scores is None else facts.numbers(scores),
        "ranges": [_range(made.trace[str(node.name)]) for node in made.version.nodes],
    }


def _range(values: NDArray[np.float32]) -> list[float]:
    """Return the smallest and the largest finite value."""
    finite = values[np.isfinite(values)]
    return [float(finite.min()), float(finite.max())] if finite.size else [0.0, 0.0]


def number(made: Run, name: str, index: tuple[int, ...]) -> dict[str, Any]:
    """Return one number taken apart, its sum channel by channel, and the numbers that follow from it.

    Of more than `MOST` terms, the channels (or places) that give most are told one by one, the others by their sum.
    """
    explanation = made.trace.explain(name, index)
    shown, left_out = _foremost(explanation.terms)
    return {
        **facts.explanation(replace(explanation, terms=shown)),
        "cancellation": facts.number(explanation.cancellation),  # of all terms, not of those that are shown
        "sum": facts.number(exact_sum(explanation.terms.product)) if explanation.rule == "sum" else None,
        "parts": _parts(shown) if explanation.rule == "sum" else [],
        "left_out": left_out,
        "origins": _origins(made, name, shown),
        "dropped": _dropped(made, name, index),
        "onward": [_step(step) for step in onward(made.trace, name, index)],
    }


def _dropped(made: Run, name: str, index: tuple[int, ...]) -> dict[str, Any] | None:
    """Return what a dropout does to its numbers in the first step of a training: what each is multiplied with."""
    node = made.version.net.node(name)
    factors = dropping(node)
    if factors is None or not isinstance(node.layer, Dropout):
        return None
    each = np.broadcast_to(factors, node.shape)
    return {
        "p": node.layer.p,
        "factor": float(each[index]),
        "stay": [bool(factor) for factor in factors.ravel()[:MOST_DROPPED]],
        "fell": int((factors == 0).sum()),
        "all": factors.size,
    }


def dropping(node: Node) -> NDArray[np.float64] | None:
    """Return what a dropout multiplies its numbers with in the first step of a training; None for other layers."""
    if not isinstance(node.layer, Dropout):
        return None
    return node.layer.factors((1, *node.shape), Training(training=True, layer=str(node.name)))[0]


def _groups(terms: Terms) -> list[list[int]]:
    """Return the rows of each channel of maps, or each row by itself, in the order in which they come."""
    if terms.index.shape[1] < 3:
        return [[row] for row in range(len(terms))]
    keys = np.stack([terms.source, terms.index[:, 0]], axis=1)
    borders = [0, *(np.flatnonzero((keys[1:] != keys[:-1]).any(axis=1)) + 1).tolist(), len(terms)]
    return [list(range(first, end)) for first, end in itertools.pairwise(borders)]


def _parts(terms: Terms) -> list[dict[str, Any]]:
    """Return the sum of each channel's products; nothing for vectors, where a channel is one number."""
    if terms.index.shape[1] < 3:
        return []
    return [
        {
            "source": int(terms.source[rows[0]]),
            "channel": int(terms.index[rows[0], 0]),
            "from": int(rows[0]),
            "to": int(rows[-1]) + 1,
            "sum": facts.number(exact_sum(terms.product[rows])),
        }
        for rows in _groups(terms)
    ]


def _origins(made: Run, name: str, terms: Terms) -> dict[str, Any] | None:
    """Return the maps that the weighed places of a vector came from, and where on them each lies."""
    read = made.version.net.node(name).inputs
    if terms.weight is None or terms.index.shape[1] != 1 or len(read) != 1:
        return None
    found = origins(made.trace, read[0])
    if found is None:
        return None
    maps, places = found
    return {"node": made.version.nodes.index(maps), "index": places[terms.index[:, 0]].tolist()}


def _foremost(terms: Terms) -> tuple[Terms, dict[str, Any] | None]:
    """Return at most `MOST` terms, and how many were left out with their sum."""
    if len(terms) <= MOST:
        return terms, None
    groups = _groups(terms)
    sizes = np.array([abs(exact_sum(terms.product[rows])) for rows in groups], np.float64)
    kept = np.zeros(len(terms), np.bool_)
    room = MOST
    order: list[int] = np.argsort(-np.nan_to_num(sizes, nan=np.inf), kind="stable").tolist()
    for at in order:
        room -= len(groups[at])
        if room < 0:
            break
        kept[groups[at]] = True
    if not kept.any():  # not even one channel's window: some rows of it
        kept[_around(terms, groups[order[0]])] = True
    rest = terms.product[~kept]
    shown = Terms(
        source=terms.source[kept],
        index=terms.index[kept],
        inside=terms.inside[kept],
        value=terms.value[kept],
        product=terms.product[kept],
        used=terms.used[kept],
        weight=None if terms.weight is None else terms.weight[kept],
        weight_index=None if terms.weight_index is None else terms.weight_index[kept],
    )
    return shown, {"count": len(rest), "sum": facts.number(exact_sum(rest))}


def _around(terms: Terms, group: list[int]) -> list[int]:
    """Return whole rows of a window too large to show, with the number in it that counts most: winner or product."""
    columns = int((terms.index[group, -2] == terms.index[group[0], -2]).sum())
    best = int(np.argmax(np.where(terms.used[group], np.abs(np.nan_to_num(terms.product[group])), -1.0)))
    rows = max(MOST // columns, 1)
    first = min(max(best // columns - rows // 2, 0), max(len(group) // columns - rows, 0)) * columns
    return group[first : first + rows * columns]


def _step(step: Step) -> dict[str, Any]:
    told: Explanation = step.explanation
    return {
        "layer": told.layer,
        "kind": told.kind,
        "index": list(told.index),
        "rule": told.rule,
        "formula": told.formula,
        "numbers": {symbol: facts.number(value) for symbol, value in told.numbers.items()},
        "terms": len(told.terms),
        "value": facts.number(told.value),
        "chosen": step.chosen,
    }


def field(made: Run, name: str, index: tuple[int, ...]) -> dict[str, Any]:
    """Return what a number depends on in every earlier layer, by node: a box, and the channels if not all."""
    numbers = {str(node.name): number for number, node in enumerate(made.version.nodes)}
    masks = made.trace.receptive_masks(name, index)
    return {str(numbers[layer]): _box(mask) for layer, mask in masks.items() if mask.any()}


def reached(made: Run, name: str, index: tuple[int, ...]) -> dict[str, Any]:
    """Return the places that depend on a number in every later layer, by node number, and its own place."""
    numbers = {str(node.name): number for number, node in enumerate(made.version.nodes)}
    masks = made.trace.projective_masks(name, index)
    return {str(numbers[layer]): _box(mask) for layer, mask in masks.items()}


def _box(mask: Mask) -> dict[str, Any]:
    box = facts.receptive_field(receptive_field(mask))
    if mask.ndim == 3:
        read = mask.any(axis=(1, 2))
        if not read.all():
            box["channels"] = np.flatnonzero(read).tolist()
    return box

"""Explanations and summaries as plain JSON values: what programs and the browser read."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from ..layers.arithmetic import Terms
from .attribution import Attribution
from .excitations import Excitation, Excitations, LayerExcitations
from .explanation import Explanation
from .receptive import ReceptiveField
from .summary import LayerSummary, Summary


def number(value: float | None) -> float | str | None:
    """Return a number that JSON can hold: NaN and infinities, which it cannot, as "nan", "inf" and "-inf".

    >>> number(0.5), number(float("-inf"))
    (0.5, '-inf')
    """
    if value is None or math.isfinite(value):
        return value
    return str(float(value))


def numbers(values: Any) -> list[Any]:
    """Return an array's numbers as JSON can hold them, nested like its axes."""
    return [numbers(v) if hasattr(v, "__len__") else number(float(v)) for v in values]


def explanation(e: Explanation) -> dict[str, Any]:
    """Return everything about one number."""
    return {
        "address": e.address,
        "layer": e.layer,
        "kind": e.kind,
        "description": e.description,
        "index": list(e.index),
        "inputs": list(e.inputs),
        "rule": e.rule,
        "formula": e.formula,
        "value": number(e.value),
        "total": number(e.total),
        "error": number(e.error),
        "ulps": number(e.ulps),
        "cancellation": number(e.cancellation),
        "bias": number(e.bias),
        "divisor": number(e.divisor),
        "numbers": {symbol: number(value) for symbol, value in e.numbers.items()},
        "terms": _terms(e.terms),
    }


def _terms(terms: Terms) -> dict[str, Any]:
    return {
        "source": terms.source.tolist(),
        "index": terms.index.tolist(),
        "inside": terms.inside.tolist(),
        "used": terms.used.tolist(),
        "value": numbers(terms.value),
        "product": numbers(terms.product),
        "weight": None if terms.weight is None else numbers(terms.weight),
        "weight_index": None if terms.weight_index is None else terms.weight_index.tolist(),
    }


def receptive_field(field: ReceptiveField) -> dict[str, Any]:
    """Return the box as [first, last + 1] along each axis, and its status."""
    return {
        "rows": [field.rows.start, field.rows.stop],
        "columns": [field.columns.start, field.columns.stop],
        "status": field.status,
    }


def excitations(facts: Excitations) -> dict[str, Any]:
    """Return what excites each channel of each layer."""
    return {
        "images": facts.images,
        "top": facts.top,
        "engine": facts.engine,
        "layers": [layer_excitations(one) for one in facts.values()],
    }


def layer_excitations(facts: LayerExcitations) -> dict[str, Any]:
    """Return what excites each channel of one layer."""
    return {
        "layer": facts.layer,
        "shape": list(facts.shape),
        "source": facts.source,
        "channels": [[excitation(one) for one in channel] for channel in facts.channels],
    }


def excitation(facts: Excitation) -> dict[str, Any]:
    """Return an image that excites a channel, where, and how much."""
    return {
        "image": facts.image,
        "place": list(facts.place),
        "value": number(facts.value),
        "rows": [facts.rows.start, facts.rows.stop],
        "columns": [facts.columns.start, facts.columns.stop],
        "status": facts.status,
    }


def attribution(facts: Attribution) -> dict[str, Any]:
    """Return what an attribution found, but for its arrays."""
    return {
        "method": facts.method.name,
        "settings": repr(facts.method),
        "engine": facts.engine,
        "input": facts.input,
        "address": facts.address,
        "source": facts.source,
        "index": list(facts.index),
        "target": facts.target,
        "label": facts.label,
        "score": number(facts.score),
        "reference": number(facts.reference),
        "error": number(facts.error),
        "layer": facts.layer,
        "shape": list(facts.map.shape),
        "strongest": [[strong.row, strong.column, number(strong.value)] for strong in facts.strongest()],
    }


def summary(facts: Summary) -> dict[str, Any]:
    """Return a network's facts."""
    return {
        "name": facts.name,
        "inputs": {name: list(shape) for name, shape in facts.inputs.items()},
        "outputs": list(facts.outputs),
        "params": facts.params,
        "untrained": facts.untrained,
        "macs": facts.macs,
        "cost": asdict(facts.cost),
        "values": facts.values,
        "layers": [layer(one) for one in facts.layers],
    }


def layer(facts: LayerSummary) -> dict[str, Any]:
    """Return a layer's facts."""
    return {
        "name": facts.name,
        "kind": facts.kind,
        "description": facts.description,
        "inputs": list(facts.inputs),
        "input_shapes": [list(shape) for shape in facts.input_shapes],
        "shape": list(facts.shape),
        "weights": {short: list(shape) for short, shape in facts.weights.items()},
        "params": facts.params,
        "untrained": facts.untrained,
        "macs": facts.macs,
        "cost": asdict(facts.cost),
        "receptive_field": list(facts.receptive_field),
        "jump": list(facts.jump),
        "padding": list(facts.padding),
        "status": facts.status,
        "formulas": None if facts.formulas is None else list(facts.formulas),
    }

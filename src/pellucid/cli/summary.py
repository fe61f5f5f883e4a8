"""`pellucid summary`: a network's shapes, parameters, cost and receptive fields."""

from __future__ import annotations

from .models import ModelName, open_model
from .output import AsJson, show, show_json


def summary(model: ModelName, as_json: AsJson = False) -> None:
    """Show the layers: shapes, parameters, cost, receptive fields."""
    from ..explain import facts, summarize

    found = summarize(open_model(model))
    if as_json:
        show_json(facts.summary(found))
    else:
        show(found)

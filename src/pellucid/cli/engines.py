"""`pellucid engines`: what can run a network here."""

from __future__ import annotations

from .output import AsJson, show, show_json


def engines(as_json: AsJson = False) -> None:
    """List what can run a network here."""
    from rich.table import Table

    from ..engines import ENGINES

    facts = {name: {"about": engine.about, "unavailable": engine.unavailable()} for name, engine in ENGINES.items()}
    if as_json:
        show_json(facts)
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, fact in facts.items():
        why = fact["unavailable"]
        table.add_row(name, fact["about"] if why is None else f"not available: {why}")
    show(table)

"""`pellucid engines`: what can run a network here."""

from __future__ import annotations

from typing import Any

from .output import AsJson, show, show_json


def engines(as_json: AsJson = False) -> None:
    """List what can run a network here."""
    from rich.table import Table

    from ..engines import ENGINES

    facts: dict[str, dict[str, Any]] = {}
    for name, engine in ENGINES.items():
        why = engine.unavailable()
        facts[name] = {"about": engine.about, "unavailable": why, "setup": {} if why else engine.setup()}
    if as_json:
        show_json(facts)
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, fact in facts.items():
        why = fact["unavailable"]
        setup = ", ".join(f"{what} {value}" for what, value in fact["setup"].items())
        table.add_row(name, fact["about"] if why is None else f"not available: {why}", setup)
    show(table)

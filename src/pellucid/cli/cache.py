"""`pellucid cache`: where compiled code is kept, how much of it there is, and how to be rid of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .output import AsJson, show, show_json

MIB = 2**20


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove it all; it is compiled anew when needed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what is kept of compiled code, and where."""
    from ..engines.native.cache import ObjectCache
    from ..errors import EngineError, ParameterError

    objects = ObjectCache()
    if clear and objects.folder is None:
        raise ParameterError(
            "pellucid cache --clear",
            got="a cache that is off, by PELLUCID_CACHE=off",
            expected="a cache in use",
            fix="unset PELLUCID_CACHE for this command, or name the folder in it",
        )
    removed = objects.clear() if clear else None
    sizes: dict[str, int] = {}
    facts: dict[str, Any] = {
        "folder": None if objects.folder is None else str(objects.folder),
        "state": "off" if objects.folder is None else "in use",
        "got": None,  # why it is refused, and what to do
        "expected": None,
        "fix": None,
    }
    try:
        sizes = objects.entries()
    except EngineError as refusal:
        facts |= {"state": "refused", "got": refusal.got, "expected": refusal.expected, "fix": refusal.fix}
    facts |= {"entries": len(sizes), "bytes": sum(sizes.values()), "limit": objects.limit, "removed": removed}
    if as_json:
        show_json(facts)
    else:
        show(_table(facts))


def _table(facts: dict[str, Any]) -> Any:
    from rich.table import Table

    from ..words import printable

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("folder", printable(facts["folder"] or "none: PELLUCID_CACHE=off"))
    for name in ("state", "got", "expected", "fix"):
        if facts[name] is not None:
            table.add_row(name, facts[name])
    table.add_row("entries", str(facts["entries"]))
    table.add_row("size", f"{facts['bytes'] / MIB:.1f} of {facts['limit'] / MIB:.0f} MiB")
    if facts["removed"] is not None:
        table.add_row("removed", str(facts["removed"]))
    return table

"""What a command says: results to the standard output, for people or for programs, and notes beside it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
EngineName = Annotated[str | None, typer.Option("--engine", help="What computes; see `pellucid engines`.")]

PIPE_WIDTH = 110  # characters of a line where no terminal says how many


def show(drawing: RenderableType) -> None:
    """Print for people: in colours and to the width of a terminal, plain elsewhere, where a table's rows stay lines."""
    from rich.console import Console
    from rich.measure import measure_renderables
    from rich.table import Table

    if sys.stdout.isatty():
        Console(highlight=False, markup=False, emoji=False).print(drawing)
        return
    console = Console(width=PIPE_WIDTH, color_system=None, force_terminal=False, markup=False, emoji=False)
    if isinstance(drawing, Table):
        unbounded = console.options.update(max_width=10**6)
        console.width = max(PIPE_WIDTH, measure_renderables(console, unbounded, [drawing]).maximum)
    with console.capture() as captured:
        console.print(drawing)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def say(text: str) -> None:
    """Print a line as it is, a path in it unbroken; what would steer a terminal is escaped."""
    from ..words import printable

    print(printable(text))


def show_json(facts: Any) -> None:
    """Print for programs; NaN and infinities, which JSON does not have, are told as "nan", "inf" and "-inf"."""
    print(json.dumps(_told(facts), indent=2, ensure_ascii=False, allow_nan=False))


def _told(facts: Any) -> Any:
    from ..explain import facts as json_facts

    if isinstance(facts, dict):
        return {key: _told(value) for key, value in cast("dict[str, Any]", facts).items()}
    if isinstance(facts, list | tuple):
        return [_told(value) for value in cast("list[Any]", facts)]
    return json_facts.number(facts) if isinstance(facts, float) else facts


def note(text: str) -> None:
    """Say something that is no result."""
    from ..words import printable

    print(printable(text), file=sys.stderr, flush=True)

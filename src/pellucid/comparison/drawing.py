"""A comparison, drawn for the terminal: what was compared, every pair of layers, the first difference and its rule."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..words import printable
from .comparison import Comparison, Difference
from .differences import LayerDifference

WIDTH = 110
SHOWN = 40  # layers of a longer table that are shown: those around the first difference, and the ends
EACH = 4  # layers without a partner that are told one by one
COLOURS = {"same": "dim", "rounding": "", "differs": "bold red"}


def plain(comparison: Comparison) -> str:
    """Return a comparison as text without colours, at most `WIDTH` characters wide."""
    console = Console(
        file=io.StringIO(), width=WIDTH, color_system=None, force_terminal=False, markup=False, emoji=False
    )
    console.print(draw(comparison))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def draw(c: Comparison) -> RenderableType:
    """Return the drawing of a comparison."""
    parts: list[RenderableType] = [
        Text.assemble(("A  ", "bold"), printable(c.a)),
        Text.assemble(("B  ", "bold"), printable(c.b)),
        *(Text(f"on {trial.name}: {trial.verdict} ({trial.about})", style="dim") for trial in c.trials),
        Padding(_table(c), (1, 0)),
        Text(_head(c), style="bold" if c.same else "bold red"),
    ]
    if c.differences:
        parts += [Padding(line, (0, 0, 0, 2)) for line in _why(c.differences[0])]
    parts += [Text(line) for line in _further(c)]
    return Group(*parts)


def _head(c: Comparison) -> str:
    first = c.first
    if first is None:
        return c.sentence
    share = f", {first.relative:.2g} of the largest number" if first.relative != first.largest else ""
    return printable(f"first difference: {first.a!r} and {first.b!r} ({first.kind}), by {first.largest:.3g}{share}")


def _why(difference: Difference) -> Iterator[Text]:
    if difference.engine is not None:
        yield Text(printable(f"the engine {difference.engine} does not follow the layer's definition"))
    for number, finding in enumerate(difference.findings):
        yield Text.assemble((f"{'or ' if number else ''}{finding.rule}: ", "bold"), printable(finding.words))
    if not difference.findings:
        yield Text("no rule that was tried explains it")


def _further(c: Comparison) -> Iterator[str]:
    """Yield what else there is to say, what says the same at once."""
    groups: dict[str, list[str]] = {}
    for one in c.differences[1:]:
        groups.setdefault(one.words, []).append(one.layer.a)
    for words, names in groups.items():
        yield printable(f"also {_listed(names)}: {words}")
    for side in "AB":
        lonely = [one for one in c.alone if one.side == side]
        if len(lonely) > EACH:
            names = _listed([one.name for one in lonely])
            yield printable(f"{side} only, {names}: each has no partner, and is compared with what is behind it")
        else:
            for one in lonely:
                yield printable(f"{side} only, {one.name} ({one.what}): {one.why}")
    hidden: dict[str, list[str]] = {}
    for one in c.stated:
        if not one.shown:
            hidden.setdefault(one.words, []).append(one.a)
    for words, names in hidden.items():
        yield printable(f"not shown by the input, {_listed(names)}: {words}")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _table(c: Comparison) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("A", "B", "kind", "shape", "largest", "relative", ""):
        table.add_column(column, justify="right" if column in ("largest", "relative") else "left", overflow="fold")
    for layer in _rows(c):
        if layer is None:
            table.add_row("...")
            continue
        cells = (layer.a, layer.b, layer.kind, " x ".join(map(str, layer.shape)))
        numbers = (f"{layer.largest:.3g}", f"{layer.relative:.2g}", layer.verdict + " here" * layer.made)
        table.add_row(*(Text(printable(cell)) for cell in (*cells, *numbers)), style=COLOURS[layer.verdict])
    return table


def _rows(c: Comparison) -> Iterator[LayerDifference | None]:
    """Yield the layers of the table; None where some are left out."""
    places = range(len(c.layers))
    first = next((place for place in places if c.layers[place] == c.first), 0)
    ends = SHOWN // 4
    kept = [
        place
        for place in places
        if len(c.layers) <= SHOWN or place < ends or place >= len(c.layers) - ends or abs(place - first) < ends
    ]
    for before, place in zip([-1, *kept], kept, strict=False):
        if place != before + 1:
            yield None
        yield c.layers[place]

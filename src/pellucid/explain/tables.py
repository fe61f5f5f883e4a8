"""A network's summary as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .summary import LayerSummary, Summary

LEGEND = """\
MAC: one multiply-add of a convolution or linear layer, biases apart.
field: a unit's receptive field in input pixels, borders aside; <= an upper bound, all: the whole input.
step: pixels from one unit's field to the next."""


HEADINGS = ("layer", "what", "output", "params", "MACs", "field", "step")
NARROWEST = 16  # characters to which "what" may be folded


def table(summary: Summary) -> RenderableType:
    """Return the table: a row a layer, totals below, and the conventions of the columns in words."""
    kept = f" (and {summary.untrained:,} kept but not trained)" if summary.untrained else ""
    totals = Text.assemble(
        (f"{summary.params:,}", "bold"), f" parameters{kept}, ", (f"{summary.macs:,}", "bold"), " MACs an image"
    )
    legend = Text(LEGEND, style="dim")
    return Group(_Rows(summary), totals, legend)


class _Rows:
    """The rows: a table, in which only "what" is folded; lines where a table would be too wide, so that nothing is cut.

    Args:
        summary: what to show.
    """

    def __init__(self, summary: Summary) -> None:
        self._summary = summary

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = list(_rows(self._summary))
        least = Measurement.get(console, options.update(max_width=10**6), _table(rows, NARROWEST)).minimum
        if least <= options.max_width:
            yield _table(rows)
            return
        for name, what, *facts in rows:
            yield Text.assemble(Text(str(name), style="bold cyan"), "  ", what, overflow="fold")
            said = ", ".join(
                f"{heading} {fact}" for heading, fact in zip(HEADINGS[2:], facts, strict=True) if str(fact)
            )
            yield Padding(Text(said, overflow="fold"), (0, 0, 0, 2))


def _table(rows: Iterable[Sequence[Text]], widest: int | None = None) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=None)
    name, what, output, *numbers = HEADINGS
    table.add_column(name, style="bold cyan", no_wrap=True)
    table.add_column(what, overflow="fold", max_width=widest)
    table.add_column(output, no_wrap=True)
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _rows(summary: Summary) -> Iterator[tuple[Text, ...]]:
    """Give a text for each of the headings, inputs first."""
    for name, shape in summary.inputs.items():
        cells = (_shape(shape), "", "", "1", "1")
        yield Text(name), Text("input", style="dim"), *map(Text, cells)
    before = next(reversed(summary.inputs), "")
    for layer in summary.layers:
        yield (
            Text(layer.name),
            _what(layer, before),
            Text(_shape(layer.shape)),
            Text(f"{layer.params:,}") if layer.params else Text("-", style="dim"),
            Text(f"{layer.macs:,}") if layer.macs else Text("-", style="dim"),
            Text(_field(layer)),
            Text(_step(layer)),
        )
        before = layer.name


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)


def _what(layer: LayerSummary, before: str) -> Text:
    """Return the layer with its parameters, and what it reads where that is not simply the row above."""
    text = Text(layer.description)
    if layer.inputs != (before,):
        text.append(f" of {', '.join(layer.inputs)}", style="dim")
    return text


def _field(layer: LayerSummary) -> str:
    if layer.status == "whole input":
        return "all"
    return ("<= " if layer.status == "upper bound" else "") + span(*layer.receptive_field)


def span(height: int, width: int) -> str:
    """Return a size in words: one number for a square."""
    return str(height) if height == width else f"{height} x {width}"


def _step(layer: LayerSummary) -> str:
    height, width = layer.jump
    if layer.status == "whole input":
        return "-"
    return f"{height:g}" if height == width else f"{height:g} x {width:g}"

"""A network's summary as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .columns import HEADINGS, NONE, rows, totals
from .summary import Summary

LEGEND = """\
MAC: one multiply-add of a convolution or linear layer, biases apart.
field: a unit's receptive field in input pixels, borders aside; <= an upper bound, all: the whole input.
step: pixels from one unit's field to the next."""

NARROWEST = 16  # characters to which "what" may be folded


def table(summary: Summary) -> RenderableType:
    """Return the table: a row a layer, totals below, and the conventions of the columns in words."""
    sums = Text(totals(summary))
    sums.highlight_regex(r"^[\d,]+|[\d,]+(?= MACs)", "bold")
    legend = Text(LEGEND, style="dim")
    return Group(_Rows(summary), sums, legend)


class _Rows:
    """The rows: a table, in which only "what" is folded; lines where a table would be too wide, so that nothing is cut.

    Args:
        summary: what to show.
    """

    def __init__(self, summary: Summary) -> None:
        self._summary = summary

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        texts = list(_texts(self._summary))
        least = Measurement.get(console, options.update(max_width=10**6), _table(texts, NARROWEST)).minimum
        if least <= options.max_width:
            yield _table(texts)
            return
        for name, what, *facts in texts:
            yield Text.assemble(Text(str(name), style="bold cyan"), "  ", what, overflow="fold")
            said = ", ".join(
                f"{heading} {fact}" for heading, fact in zip(HEADINGS[2:], facts, strict=True) if str(fact)
            )
            yield Padding(Text(said, overflow="fold"), (0, 0, 0, 2))


def _table(texts: Iterable[Sequence[Text]], widest: int | None = None) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=None)
    name, what, output, *numbers = HEADINGS
    table.add_column(name, style="bold cyan", no_wrap=True)
    table.add_column(what, overflow="fold", max_width=widest)
    table.add_column(output, no_wrap=True)
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in texts:
        table.add_row(*row)
    return table


def _texts(summary: Summary) -> Iterator[tuple[Text, ...]]:
    """Give a text for each of the headings, inputs first."""
    for row in rows(summary):
        what = Text(row.what, style="dim" if row.params == "" else "")
        if row.reads:
            what.append(f" of {row.reads}", style="dim")
        costs = (Text(cost, style="dim" if cost == NONE else "") for cost in (row.params, row.macs))
        yield Text(row.layer), what, Text(row.output), *costs, Text(row.field), Text(row.step)

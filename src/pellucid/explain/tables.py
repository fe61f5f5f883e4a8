"""A network's summary as a table for the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .summary import LayerSummary, Summary

LEGEND = """\
MAC: one multiply-add of a convolution or linear layer, biases apart.
field: a unit's receptive field in input pixels, borders aside; <= an upper bound, all: the whole input.
step: pixels from one unit's field to the next."""


def table(summary: Summary) -> RenderableType:
    """Return the table: a row a layer, totals below, and the conventions of the columns in words."""
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=None)
    rows.add_column("layer", style="bold cyan", no_wrap=True)
    rows.add_column("what", overflow="fold")
    rows.add_column("output", no_wrap=True)
    for heading in ("params", "MACs", "field", "step"):
        rows.add_column(heading, justify="right", no_wrap=True)
    for name, shape in summary.inputs.items():
        rows.add_row(name, Text("input", style="dim"), _shape(shape), "", "", "1", "1")
    before = next(reversed(summary.inputs), "")
    for layer in summary.layers:
        rows.add_row(
            layer.name,
            _what(layer, before),
            _shape(layer.shape),
            f"{layer.params:,}" if layer.params else Text("-", style="dim"),
            f"{layer.macs:,}" if layer.macs else Text("-", style="dim"),
            _field(layer),
            _step(layer),
        )
        before = layer.name
    kept = f" (and {summary.untrained:,} kept but not trained)" if summary.untrained else ""
    totals = Text.assemble(
        (f"{summary.params:,}", "bold"), f" parameters{kept}, ", (f"{summary.macs:,}", "bold"), " MACs an image"
    )
    legend = Text(LEGEND, style="dim")
    return Group(rows, totals, legend)


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

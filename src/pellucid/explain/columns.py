"""What the columns of a network's summary say, in plain words: what every drawing of the table shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..field import UPPER_BOUND, WHOLE
from .summary import LayerSummary, Summary

HEADINGS = ("layer", "what", "output", "params", "MACs", "field", "step")
NONE = "-"


@dataclass(frozen=True)
class Row:
    """One layer, or one input, of the table.

    Args:
        layer: its name.
        what: it with its parameters; "input".
        reads: what it reads, where that is not simply the row above; or nothing.
        output: its output's shape.
        params: its trainable numbers; "-" where there are none, nothing for an input.
        macs: its multiply-adds.
        field: its units' receptive field.
        step: the pixels from one unit's field to the next.
    """

    layer: str
    what: str
    reads: str
    output: str
    params: str
    macs: str
    field: str
    step: str

    @property
    def cells(self) -> tuple[str, ...]:
        """A text for each of the headings."""
        what = f"{self.what} of {self.reads}" if self.reads else self.what
        return self.layer, what, self.output, self.params, self.macs, self.field, self.step


def rows(summary: Summary) -> Iterator[Row]:
    """Give a row for each input and each layer, in the order in which they run."""
    for name, shape in summary.inputs.items():
        yield Row(name, "input", "", _shape(shape), "", "", "1", "1")
    before = next(reversed(summary.inputs), "")
    for layer in summary.layers:
        yield Row(
            layer=layer.name,
            what=layer.description,
            reads="" if layer.inputs == (before,) else ", ".join(layer.inputs),
            output=_shape(layer.shape),
            params=f"{layer.params:,}" if layer.params else NONE,
            macs=f"{layer.macs:,}" if layer.macs else NONE,
            field=_field(layer),
            step=_step(layer),
        )
        before = layer.name


def totals(summary: Summary) -> str:
    """Return the sums of the table in one line of words."""
    kept = f" (and {summary.untrained:,} kept but not trained)" if summary.untrained else ""
    return f"{summary.params:,} parameters{kept}, {summary.macs:,} MACs an image"


def span(height: int, width: int) -> str:
    """Return a size in words: one number for a square."""
    return str(height) if height == width else f"{height} x {width}"


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)


def _field(layer: LayerSummary) -> str:
    if layer.status == WHOLE:
        return "all"
    return ("<= " if layer.status == UPPER_BOUND else "") + span(*layer.receptive_field)


def _step(layer: LayerSummary) -> str:
    height, width = layer.jump
    if layer.status == WHOLE:
        return NONE
    return f"{height:g}" if height == width else f"{height:g} x {width:g}"

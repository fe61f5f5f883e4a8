"""The curves of a training, in lines of a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..train import Epoch

STEPS = "▁▂▃▄▅▆▇█"
WIDTH = 60  # epochs of one line; of more, each mark is the mean of several


def curve(epochs: Sequence[Epoch]) -> RenderableType:
    """Return a line for each quantity: its first value, its course, its last value."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("", "first", f"epochs 1 to {len(epochs)}", "last"):
        table.add_column(column, justify="right" if column in ("first", "last") else "left")
    for name, form in (("loss", ".4f"), ("test_loss", ".4f"), ("accuracy", ".2%"), ("test_accuracy", ".2%")):
        values = [getattr(epoch, name) for epoch in epochs]
        if values and all(value is not None and math.isfinite(value) for value in values):
            table.add_row(name.replace("_", " "), f"{values[0]:{form}}", marks(values), f"{values[-1]:{form}}")
    return table


def marks(values: Sequence[float]) -> str:
    """Return a mark for each value, from the lowest to the highest of them.

    >>> marks([0.0, 0.5, 1.0])
    '▁▅█'
    >>> marks([2.0, 2.0])
    '▁▁'
    """
    if len(values) > WIDTH:
        ends = [round(i * len(values) / WIDTH) for i in range(WIDTH + 1)]
        values = [math.fsum(values[a:b]) / (b - a) for a, b in pairwise(ends)]
    low, high = min(values), max(values)
    steps = [(value - low) / (high - low) if high > low else 0.0 for value in values]
    return "".join(STEPS[round(step * (len(STEPS) - 1))] for step in steps)

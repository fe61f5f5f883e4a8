"""One number taken apart, drawn for the terminal: what it read, its arithmetic, and how far the engine is off."""

from __future__ import annotations

import io
import math

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from .explanation import Explanation
from .pictures import PICTURES

WIDTH = 110
CANCELS = 1000  # from here on it is worth saying that most digits of the sum went


def plain(drawing: RenderableType) -> str:
    """Return a drawing as text without colours, at most `WIDTH` characters wide."""
    console = Console(
        file=io.StringIO(), width=WIDTH, color_system=None, force_terminal=False, markup=False, emoji=False
    )
    console.print(drawing)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def draw(e: Explanation) -> RenderableType:
    """Return the drawing of one number."""
    head = Text.assemble((e.address, "bold cyan"), " = ", (f"{e.value:.6g}", "bold"), f"    {e.description}")
    lines = [head, *(Text(line, style="dim") for line in _reads(e))]
    with np.errstate(all="ignore"):  # infinities and NaN are told, where they are, as what they are
        picture = list(PICTURES[e.rule](e))
    return Group(*lines, Padding(Group(*picture), (1, 0, 1, 2)), _verdict(e))


def _reads(e: Explanation) -> list[str]:
    """Say which numbers of which input were read."""
    lines: list[str] = []
    for source, name in enumerate(e.inputs):
        index = e.terms.index[e.terms.source == source]
        if not len(index):
            continue
        axes = ("channel", "row", "column") if index.shape[1] == 3 else ("place",) * index.shape[1]
        said = [_range(axis, places) for axis, places in zip(axes, index.T, strict=True)]
        padded = int((~e.terms.inside).sum())
        lines.append(f"reads {name}: {', '.join(said)}" + (f"; {padded} of {len(index)} are padding" if padded else ""))
    return lines


def _range(axis: str, places: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> str:
    low, high = int(places.min()), int(places.max())
    return f"{axis} {low}" if low == high else f"{axis}s {low} to {high}"


def _verdict(e: Explanation) -> RenderableType:
    """Say what the exact result is and how far the engine's is from it."""
    lines = Text.assemble("exactly   ", (f"{e.total:.17g}", "bold"), "\n")
    if math.isnan(e.value) or math.isnan(e.total):
        lines.append(f"engine    {e.value:.9g}: NaN goes through every sum and every maximum")
        return lines
    if e.error == 0:
        lines.append(f"engine    {e.value:.9g} in float32: the same number")
    else:
        lines.append(f"engine    {e.value:.9g} in float32: off by {e.error:+.2g}, {e.ulps:.2g} units in the last place")
    if e.cancellation > CANCELS:
        times = f"{e.cancellation:.0f} times larger than" if math.isfinite(e.cancellation) else "not 0, as is"
        lines.append(f"\n          the terms are {times} their sum: digits cancelled")
    return lines

"""The picture of each rule of arithmetic: products of a kernel, a mean's divisor, the winner of a maximum, ..."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from .explanation import Explanation

CHANNELS = 3  # channels shown in full
ROWS = 10  # rows of a list shown in full
CELLS = 100  # places of a window shown in full
DIGITS = {1: 4, 2: 4, 3: 4, 4: 3, 5: 2}  # decimals of window x kernel = products, by the width of the window

Numbers = NDArray[np.float64]


def _number(value: float, digits: int = 4) -> str:
    return f"{value: .{digits}f}" if abs(value) < 10**5 else f"{value: .{digits}e}"


def _grid(
    e: Explanation,
    values: Numbers,
    rows: NDArray[np.intp],
    width: int,
    digits: int,
    *,
    mark: bool = False,
    dots: bool = True,
) -> Table:
    """Return one channel's window as a grid.

    With `mark` the numbers that are used stand in brackets; with `dots` padding is a dot.
    """
    grid = Table.grid(padding=(0, 1))
    for _ in range(width):
        grid.add_column(justify="right", no_wrap=True)
    cells: list[Text] = []
    marked = mark and not bool(e.terms.used[rows].all())
    for i in rows:
        said = _number(float(values[i]), digits)
        if dots and not e.terms.inside[i]:
            cells.append(Text("·", style="dim"))
        elif marked and e.terms.used[i]:
            cells.append(Text(f"[{said.strip()}]", style="bold green"))
        else:
            cells.append(Text(said, style="red" if values[i] < 0 else ""))
    for start in range(0, len(cells), width):
        grid.add_row(*cells[start : start + width])
    return grid


def _window_shape(e: Explanation, rows: NDArray[np.intp]) -> tuple[int, int]:
    """Return the window's (height, width): how many of the kernel's places, or of those read, lie in one row."""
    places = e.terms.index if e.terms.weight_index is None else e.terms.weight_index
    width = int((places[rows, -2] == places[rows[0], -2]).sum())
    return len(rows) // width, width


def products(e: Explanation) -> Iterator[RenderableType]:
    """Draw a sum: kernels over windows, a list of weighed numbers, or the numbers of the branches."""
    if e.terms.weight is None:
        yield from _branches(e)
        yield Text(f"{'sum':<24} {_number(e.total)}", style="bold")
    elif e.terms.index.shape[1] == 3 and e.terms.weight_index is not None and e.terms.weight_index.shape[1] == 4:
        yield from _kernels(e)
    else:
        yield from _weighed(e)


def _kernels(e: Explanation) -> Iterator[RenderableType]:
    """Draw window x kernel = products for the channels that matter most, and every channel's subtotal."""
    assert e.terms.weight is not None
    channels = list(dict.fromkeys(e.terms.index[:, 0].tolist()))
    of = {channel: np.flatnonzero(e.terms.index[:, 0] == channel) for channel in channels}
    subtotal = {channel: float(e.terms.product[of[channel]].sum()) for channel in channels}
    largest = sorted(channels, key=lambda channel: -abs(subtotal[channel]))[:CHANNELS]
    _, width = _window_shape(e, of[channels[0]])
    if width not in DIGITS:
        yield _largest(e)
    for channel in sorted(largest if width in DIGITS else []):
        yield Text.assemble((f"channel {channel}", "cyan"), f"  sum {_number(subtotal[channel]).strip()}")
        line = Table.grid(padding=(0, 1))
        window, kernel, product = (
            _grid(e, numbers, of[channel], width, DIGITS[width], dots=numbers is not e.terms.weight)
            for numbers in (e.terms.value, e.terms.weight, e.terms.product)
        )
        for _ in range(5):
            line.add_column(vertical="middle", no_wrap=True)
        line.add_row(window, "x", kernel, "=", product)
        yield line
        yield Text("")
    shown = [_number(subtotal[channel]).strip() for channel in channels[:ROWS]]
    if len(channels) > ROWS:
        rest = float(sum(subtotal[channel] for channel in channels[ROWS:]))
        shown.append(f"{_number(rest).strip()} ({len(channels) - ROWS} more channels)")
    yield _sum_line(e, "channels", shown)


def _sum_line(e: Explanation, what: str, parts: list[str]) -> Text:
    text = Text(f"{what}  " + " + ".join(f"({part})" if part.startswith("-") else part for part in parts))
    if e.bias is not None:
        text.append(f"  + bias {_number(e.bias).strip()}")
    text.append(f"  = {e.total:.6g}", style="bold")
    return text


def _weighed(e: Explanation) -> Iterator[RenderableType]:
    yield _largest(e)
    yield _sum_line(e, "products", [_number(float(e.terms.product.sum())).strip()])


def _largest(e: Explanation) -> Table:
    """List the largest contributions of a weighed sum, and the rest as one number."""
    assert e.terms.weight is not None
    order = np.argsort(-np.abs(e.terms.product), kind="stable")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("place", "number", "x weight", "= product"):
        table.add_column(heading, justify="right", no_wrap=True)
    for i in order[:ROWS]:
        value = _number(float(e.terms.value[i])) if e.terms.inside[i] else "padding"
        table.add_row(
            _place(e.terms.index[i]), value, _number(float(e.terms.weight[i])), _number(float(e.terms.product[i]))
        )
    if len(order) > ROWS:
        rest = float(e.terms.product[order[ROWS:]].sum())
        table.add_row(Text(f"{len(order) - ROWS} more", style="dim"), "", "", _number(rest))
    return table


def _place(index: NDArray[np.intp]) -> str:
    return "[" + ",".join(str(axis) for axis in index) + "]"


def _branches(e: Explanation) -> Iterator[RenderableType]:
    for i, source in enumerate(e.terms.source):
        yield Text(f"{e.inputs[source]:<24} {_number(float(e.terms.value[i]))}")


def joined(e: Explanation) -> Iterator[RenderableType]:
    """Draw a product or a difference of branches: each one's number, then one line, such as a x b = c."""
    yield from _branches(e)
    sign = {"product": " x ", "difference": " - "}[e.rule]
    told = [_number(float(value)).strip() for value in e.terms.value]
    line = sign.join(f"({number})" if number.startswith("-") else number for number in told)
    yield Text(f"{line}  = {e.total:.6g}", style="bold")


def mean(e: Explanation) -> Iterator[RenderableType]:
    """Draw an average: the window, and what it is divided by."""
    yield from _window(e)
    padded = int((~e.terms.inside).sum())
    note = f" ({padded} of them padding)" if padded and e.divisor == len(e.terms) else ""
    note = f" (padding is not counted: {padded} places)" if padded and e.divisor != len(e.terms) else note
    yield Text(f"sum {_number(float(e.terms.value.sum())).strip()} / {e.divisor:g} places{note}  = {e.total:.6g}")


def maximum(e: Explanation) -> Iterator[RenderableType]:
    """Draw a maximum: the window with its winner in brackets."""
    yield from _window(e)
    winner = e.terms.index[int(np.flatnonzero(e.terms.used)[0])]
    yield Text(f"the largest is at {e.inputs[0]}{_place(winner)}  = {e.total:.6g}")


def _window(e: Explanation) -> Iterator[RenderableType]:
    rows = np.arange(len(e.terms))
    shape = _window_shape(e, rows)
    if shape[0] * shape[1] <= CELLS and shape[1] <= 10:
        yield _grid(e, e.terms.value, rows, shape[1], 4, mark=e.rule == "max")
        yield Text("")
    else:
        yield Text(f"{shape[0]} x {shape[1]} numbers, from {e.terms.value.min():.4g} to {e.terms.value.max():.4g}")


def root(e: Explanation) -> Iterator[RenderableType]:
    """Draw a length: the window, the sum of its sizes to a power, and the root."""
    yield from _window(e)
    power, padded = e.numbers["p"], int((~e.terms.inside).sum())
    note = f" ({padded} of them padding, as zeros)" if padded else ""
    summed = _number(float(e.terms.product.sum())).strip()
    yield Text(f"sum of |x| ** {power:g} over {len(e.terms)} places{note}: {summed}")
    yield Text(f"{summed} ** (1 / {power:g})  = {e.total:.6g}")


def pick(e: Explanation) -> Iterator[RenderableType]:
    """Draw a number that passes unchanged: where it came from."""
    source = e.inputs[int(e.terms.source[0])]
    yield Text(f"passes unchanged from {source}{_place(e.terms.index[0])}  = {e.total:.6g}")


def function(e: Explanation) -> Iterator[RenderableType]:
    """Draw a function: the formula, the numbers that it uses, and what it gives."""
    yield from _filled(e, {"x": float(e.terms.value[0]), **e.numbers})


def _filled(e: Explanation, numbers: Mapping[str, float]) -> Iterator[Text]:
    """Write a formula, its numbers by symbol, and the result."""
    yield Text(f"y = {e.formula}")
    for symbol, value in numbers.items():
        yield Text(f"{symbol:>14} = {value:.6g}")
    yield Text(f"{'y':>14} = {e.total:.6g}", style="bold")


def normal(e: Explanation) -> Iterator[RenderableType]:
    """Draw a number measured by others: the formula with its numbers, and whose statistics they are."""
    yield from _filled(e, e.numbers)
    x, count = e.terms.value, len(e.terms)
    if "sum" in e.numbers:
        yield Text(f"the sum is that of the squares of {count} numbers, from {x.min():.4g} to {x.max():.4g}")
    else:
        yield Text(f"mean and variance are those of {count} numbers, from {x.min():.4g} to {x.max():.4g}")


def share(e: Explanation) -> Iterator[RenderableType]:
    """Draw a softmax, or its logarithm: the formula, the numbers that it uses, and what it weighs."""
    yield Text(f"y = {e.formula}")
    for symbol, value in e.numbers.items():
        yield Text(f"{symbol:>14} = {value:.6g}")
    yield _exponentials(e)
    yield Text(f"{'y':>14} = {e.total:.6g}", style="bold")


def _exponentials(e: Explanation) -> Table:
    """List the exponentials, the largest first."""
    order = np.argsort(-e.terms.product, kind="stable")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("place", "x", "exp(x - max)"):
        table.add_column(heading, justify="right", no_wrap=True)
    for i in order[:ROWS]:
        own = tuple(e.terms.index[i].tolist()) == e.index
        style = "bold green" if own else ""
        table.add_row(
            _place(e.terms.index[i]), _number(float(e.terms.value[i])), f"{e.terms.product[i]:.6g}", style=style
        )
    if len(order) > ROWS:
        table.add_row(Text(f"{len(order) - ROWS} more", style="dim"), "", f"{e.terms.product[order[ROWS:]].sum():.6g}")
    return table


PICTURES: dict[str, Callable[[Explanation], Iterator[RenderableType]]] = {
    "sum": products,
    "difference": joined,
    "product": joined,
    "mean": mean,
    "max": maximum,
    "root": root,
    "pick": pick,
    "share": share,
    "log share": share,
    "function": function,
    "normal": normal,
}

"""Padding: which side gets the extra pixel, in numbers, and what it is in each framework's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from ...layers import ConvTranspose2d
from ...window import Pads, Window
from .variant import Member

Sides = tuple[Pads, Pads]


def slides(m: Member) -> bool:
    """Return whether the layer slides a window over maps; a transposed convolution has another rule."""
    windowed = "kernel_size" in m.layer.config() and not isinstance(m.layer, ConvTranspose2d)
    return windowed and len(m.shapes[0]) == 3


def sides(m: Member, padding: Any) -> Sides:
    """Return ((top, bottom), (left, right)) in numbers, for what the layer reads."""
    if not isinstance(padding, str):
        return cast("Sides", padding)
    rows, columns = (window.pads(size) for window, size in zip(_windows(m, padding), m.shapes[0][1:], strict=True))
    return rows, columns


def _windows(m: Member, padding: str) -> tuple[Window, Window]:
    config = m.layer.config()
    kernel, stride = config["kernel_size"], config.get("stride") or config["kernel_size"]
    dilation = config.get("dilation", (1, 1))
    rows, columns = (Window(kernel[i], stride[i], dilation[i], padding) for i in (0, 1))
    return rows, columns


def paddings(m: Member) -> Iterator[Any]:
    """Yield what is usual: the rules of "same", with the extra pixel after, before, or as many on each side; none."""
    same = sides(m, "same")
    yield same
    yield tuple((after, before) for before, after in same)
    config = m.layer.config()
    kernel, dilation = config["kernel_size"], config.get("dilation", (1, 1))
    half = [dilation[i] * (kernel[i] - 1) // 2 for i in (0, 1)]
    yield tuple((places, places) for places in half)
    own = sides(m, config["padding"])
    yield tuple((after, before) for before, after in own)
    yield own[1], own[0]
    yield (0, 0), (0, 0)


def sides_told(m: Member, ours: Any, theirs: Any) -> str:
    """Return in words how the padding of two sides differs."""
    a, b = sides(m, ours), sides(m, theirs)
    words = [f"padding is {_named(ours, a)} in {m.ours} and {_named(theirs, b)} in {m.theirs}"]
    for axis, ends, x, y in (("height", ("top", "bottom"), a[0], b[0]), ("width", ("left", "right"), a[1], b[1])):
        if x != y and sum(x) == sum(y) and x[0] != x[1] and y[0] != y[1]:
            extra = [ends[0] if places[0] > places[1] else ends[1] for places in (x, y)]
            said = " and ".join(
                f"{side}'s goes to the {end}" for side, end in zip((m.ours, m.theirs), extra, strict=True)
            )
            words.append(f"along the {axis} the extra pixel differs: {said}")
        elif x != y:
            more = [
                f"{abs(theirs - ours)} {'more' if theirs > ours else 'fewer'} at the {end}"
                for end, ours, theirs in zip(ends, x, y, strict=True)
                if ours != theirs
            ]
            words.append(f"along the {axis} {m.theirs} has {' and '.join(more)}")
    (top, bottom), (left, right) = a
    fix = (
        f"give both padding={a}; in PyTorch F.pad(x, ({left}, {right}, {top}, {bottom})) before a layer without "
        'padding, in Keras padding="same" puts the extra pixel at the bottom and right'
    )
    return f"{'; '.join(words)}; {fix}"


def _named(padding: Any, numbers: Sides) -> str:
    (top, bottom), (left, right) = numbers
    said = f"top {top}, bottom {bottom}, left {left}, right {right}"
    return f"{padding!r} ({said})" if isinstance(padding, str) else f"({said})"

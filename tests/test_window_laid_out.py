"""The sliding-window rule agrees with windows laid out one by one, whatever the geometry."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pellucid.checks import LARGEST
from pellucid.errors import ShapeError
from pellucid.window import AdaptiveWindow, Window

MODES = ("zeros", "reflect", "replicate", "circular")
small = st.integers(1, 4)
pads = st.tuples(st.integers(0, 5), st.integers(0, 5)) | st.sampled_from(["same", "valid"])
windows = st.builds(Window, kernel=small, stride=small, dilation=small, padding=pads, ceil_mode=st.booleans())
sizes = st.integers(1, 13)


# The oracle: windows laid out one by one, with no formula.


def same(window: Window, size: int) -> tuple[int, int]:
    """The least padding with which ceil(size / stride) windows fit, an odd place behind."""
    total = 0
    while len(range(0, size + total - window.span + 1, window.stride)) < -(-size // window.stride):
        total += 1
    return total // 2, total - total // 2


def laid_out(window: Window, size: int) -> list[list[int]]:
    """The places that each window reads: window after window from the left, as long as they fit."""
    numbers = {"same": same(window, size), "valid": (0, 0)}
    before, after = numbers[window.padding] if isinstance(window.padding, str) else window.padding
    found: list[list[int]] = []
    start, end = -before, size + after
    while start + window.span <= end:
        found.append([start + tap * window.dilation for tap in range(window.kernel)])
        start += window.stride
    covered = start - window.stride + window.span  # where the last window ended, or one before the first would
    if window.ceil_mode and covered < end:  # one more window, that hangs over the end
        found.append([start + tap * window.dilation for tap in range(window.kernel)])
    if window.ceil_mode and found and found[-1][0] >= size:  # the last one starts in the padding behind
        found.pop()
    return found


@given(window=windows, size=sizes)
def test_windows_are_those_laid_out(window: Window, size: int) -> None:
    """Output size, reads, starts, places and incidence are those of windows laid out one by one."""
    found = laid_out(window, size)
    if not found:
        with pytest.raises(ShapeError):
            window.out(size)
        return
    assert window.out(size) == len(found)
    assert window.start(size) == found[0][0]
    assert [list(window.reads(o, size)) for o in range(len(found))] == found
    assert window.places(size).tolist() == found
    inside = [[place in reads for place in range(size)] for reads in found]
    assert window.incidence(size).tolist() == inside


@given(window=windows, size=sizes)
def test_reached_is_the_inverse_of_reads(window: Window, size: int) -> None:
    """A place, in the padding too, reaches exactly the outputs that read it."""
    found = laid_out(window, size)
    assume(found)
    for place in range(-7, size + 8):
        assert window.reached(place, size) == [o for o, reads in enumerate(found) if place in reads]


@given(window=windows, size=sizes)
def test_taps_walk_the_padded_axis(window: Window, size: int) -> None:
    """On the axis padded by `extent`, tap k meets the k-th place of every window, overhang included."""
    found = laid_out(window, size)
    assume(found)
    before, after = window.extent(size)
    assert (before, after) >= window.pads(size)
    assert after == max(window.pads(size)[1], found[-1][-1] - size + 1)
    padded = np.arange(-before, size + after)
    for k in range(window.kernel):
        assert padded[window.tap(k, len(found))].tolist() == [reads[k] for reads in found]


@given(window=windows, size=sizes, include_pad=st.booleans())
def test_counts(window: Window, size: int, include_pad: bool) -> None:
    """What counts in an average is what lies inside, or inside the padding asked for; overhang never counts."""
    found = laid_out(window, size)
    assume(found)
    before, after = window.pads(size) if include_pad else (0, 0)
    wanted = [sum(-before <= place < size + after for place in reads) for reads in found]
    assert window.counts(size, include_pad=include_pad).tolist() == wanted


@given(window=windows, size=sizes)
@example(window=Window(2, dilation=3, padding=(3, 1)), size=1)
def test_empty_is_the_first_window_of_padding_alone(window: Window, size: int) -> None:
    """The first output that reads nothing of the axis is found; with gaps of dilation it can be any."""
    found = laid_out(window, size)
    assume(found)
    empty = [o for o, reads in enumerate(found) if not any(0 <= place < size for place in reads)]
    assert window.empty(size) == (empty[0] if empty else None)


@given(window=windows, size=sizes, mode=st.sampled_from(MODES))
def test_sources_fill_as_numpy_pads(window: Window, size: int, mode: str) -> None:
    """Padding holds what NumPy's pad puts there, -1 standing for zero, and incidence follows it."""
    found = laid_out(window, size)
    assume(found and (mode == "zeros" or not window.ceil_mode))
    most = {"reflect": size - 1, "circular": size}.get(mode, LARGEST)
    if max(window.pads(size)) > most:
        with pytest.raises(ShapeError, match="at each end"):
            window.sources(size, mode)
        return
    numpys = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    values = np.arange(1, size + 1)
    padded = (
        np.pad(values, window.extent(size)) if mode == "zeros" else np.pad(values, window.pads(size), mode=numpys[mode])  # pyright: ignore[reportCallIssue, reportArgumentType]
    )
    assert (window.sources(size, mode) + 1).tolist() == padded.tolist()
    held = [{int(padded[place - window.start(size)]) - 1 for place in reads} for reads in found]
    assert window.incidence(size, mode).tolist() == [[place in of for place in range(size)] for of in held]


@given(window=windows, size=sizes)
def test_formulas_are_right_arithmetic(window: Window, size: int) -> None:
    """Every step of a formula, computed as it is written, gives what stands behind its equals sign."""
    assume(laid_out(window, size))
    first, *rest = window.formula(size).split(", less one that would start in the padding = ")
    left, right = first.split(" = ")
    value = eval(left, {"floor": math.floor, "ceil": math.ceil})
    assert value == int(right)
    assert window.out(size) == (int(rest[0]) if rest else value)
    assert not rest or int(rest[0]) == value - 1


@given(outputs=st.integers(1, 9), size=sizes)
def test_adaptive_windows_agree_with_themselves(outputs: int, size: int) -> None:
    """Parts cover the axis in order, every part reads something, and all views of the rule are one rule."""
    window = AdaptiveWindow(outputs)
    reads = [list(window.reads(o, size)) for o in range(outputs)]
    assert window.out(size) == outputs
    assert all(reads)
    assert {place for of in reads for place in of} == set(range(size))
    assert reads == sorted(reads)
    assert window.counts(size).tolist() == [len(of) for of in reads]
    assert window.incidence(size).tolist() == [[place in of for place in range(size)] for of in reads]
    for place in range(size):
        assert window.reached(place, size) == [o for o, of in enumerate(reads) if place in of]

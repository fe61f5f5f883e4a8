"""Padding and its adjoint: every number of the padded map goes back to the place that it came from."""

from __future__ import annotations

import math

import numpy as np
import pytest
from by_hand import Refusal, doubles
from hypothesis import assume, given
from hypothesis import strategies as st

from pellucid.errors import ShapeError
from pellucid.layers import ReLU
from pellucid.layers.geometry import as_maps, both_axes, meet, pad, unpad
from pellucid.window import Window

MODES = ("zeros", "reflect", "replicate", "circular")
sides = st.tuples(st.integers(0, 4), st.integers(0, 4))


@given(
    mode=st.sampled_from(MODES),
    top_bottom=sides,
    left_right=sides,
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    ceil_mode=st.booleans(),
)
def test_unpad_is_the_adjoint(
    mode: str, top_bottom: tuple[int, int], left_right: tuple[int, int], height: int, width: int, ceil_mode: bool
) -> None:
    """For any maps x and padded maps y of whole numbers, <pad(x), y> = <x, unpad(y)> exactly."""
    ceil_mode = ceil_mode and mode == "zeros"
    rows, columns = (Window(2, 2, padding=of, ceil_mode=ceil_mode) for of in (top_bottom, left_right))
    most = {"reflect": min(height, width) - 1, "circular": min(height, width)}.get(mode, math.inf)
    assume(max(*top_bottom, *left_right) <= most)
    assume(min(height + sum(top_bottom), width + sum(left_right)) >= 2)
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 10, (2, 3, height, width)).astype(np.float64)
    padded = pad(x, rows, columns, mode=mode)
    y = rng.integers(-9, 10, padded.shape).astype(np.float64)
    assert (padded * y).sum() == (x * unpad(y, rows, columns, (height, width), mode=mode)).sum()


def test_pad_holds_its_value() -> None:
    """Padding of "zeros" can hold another value, such as a maximum's -inf; overhang is padding too."""
    rows, columns = Window(2, 2, ceil_mode=True), Window(1, padding=(1, 0))
    assert pad(doubles([[1], [2], [3]]), rows, columns, value=-1).tolist() == [[-1, 1], [-1, 2], [-1, 3], [-1, -1]]


def test_infinite_gradients_stay_where_they_belong() -> None:
    """A gradient of infinity or NaN reaches the one place that it belongs to, in mirrored padding too."""
    window = Window(1, padding=(1, 0))
    found = unpad(doubles([[0, 0, 0], [math.inf, 1, math.nan]]), window, window, (1, 2), mode="replicate")
    assert np.isposinf(found).tolist() == [[True, False]]
    assert np.isnan(found).tolist() == [[False, True]]


def test_which_places_windows_meet() -> None:
    """The places that masked outputs meet are the union of their windows, channel by channel."""
    mask = np.zeros((2, 2, 2), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = True
    window = Window(2, 2)
    met = meet(mask, window.incidence(4), window.incidence(5))
    assert met.shape == (2, 4, 5)
    assert np.argwhere(met).tolist() == [[c, 2 * c + r, 2 * c + s] for c in (0, 1) for r in (0, 1) for s in (0, 1)]


def test_both_axes() -> None:
    """Parameters are dealt to their axes; "same" goes to both."""
    rows, columns = both_axes((2, 3), (4, 5), (6, 7), ((1, 2), (3, 4)), ceil_mode=True)
    assert rows == Window(2, 4, 6, (1, 2), ceil_mode=True)
    assert columns == Window(3, 5, 7, (3, 4), ceil_mode=True)
    assert [window.padding for window in both_axes((1, 1), (1, 1), (1, 1), "same")] == ["same", "same"]


@pytest.mark.parametrize(
    ("shape", "fix"), [((7,), "put it before Flatten"), ((2, 3), "give it three axes, without the batch")]
)
def test_maps(shape: tuple[int, ...], fix: str) -> None:
    """Maps have three axes; anything else is refused with the likely reason."""
    assert as_maps(ReLU(), (1, 2, 3)) == (1, 2, 3)
    Refusal(
        lambda: as_maps(ReLU(), shape),
        ShapeError,
        "ReLU",
        f"input {shape}: {len(shape)} axes",
        "maps of shape (channels, height, width)",
        fix,
    ).check()

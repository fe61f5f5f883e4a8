"""Drawings in the digits' form."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from pellucid.errors import DataError
from pellucid.train import data
from pellucid.train.drawing import digits_drawing

from .conftest import Trained


def canvas(*shape: int) -> np.ndarray:
    """A blank canvas."""
    return np.zeros(shape)


def counts(drawing: np.ndarray) -> np.ndarray:
    """What is counted in each block, 0 to 16."""
    assert drawing.shape == (1, 8, 8)
    assert drawing.dtype == np.float32
    whole = drawing[0] * 16
    np.testing.assert_array_equal(whole, np.round(whole))
    return whole.astype(int)


def test_a_bar_keeps_its_slimness() -> None:
    """A bar a fifth as wide as high is 6 of 32 columns, in the middle: 3 in each of two blocks, in all rows."""
    bitmap = canvas(50, 60)
    bitmap[:, 40:50] = 1
    assert counts(digits_drawing(bitmap)).tolist() == [[0, 0, 0, 12, 12, 0, 0, 0]] * 8


def test_other_drawings_fill_twenty_columns() -> None:
    """A full square, and a bar that lies, become 20 columns and all rows: columns 6 to 25."""
    for shape in ((37, 37), (9, 40)):
        bitmap = canvas(100, 100)
        bitmap[20 : 20 + shape[0], 31 : 31 + shape[1]] = 1
        assert counts(digits_drawing(bitmap)).tolist() == [[0, 8, 16, 16, 16, 16, 8, 0]] * 8


def ring(size: int, thick: float = 0.2) -> np.ndarray:
    """A zero, as large as the canvas less a margin."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size * 2 - 1
    radius = np.hypot(y / 0.9, x / 0.6)
    return ((radius < 1) & (radius > 1 - 2 * thick)).astype(float)


def test_neither_size_nor_place_matters() -> None:
    """The same drawing larger, and anywhere on its canvas, gives the same but for its rougher edges."""
    drawn = counts(digits_drawing(ring(96)))
    moved = canvas(300, 400)
    moved[200:296, 10:106] = ring(96)
    np.testing.assert_array_equal(counts(digits_drawing(moved)), drawn)
    assert np.abs(counts(digits_drawing(ring(480))) - drawn).max() <= 3


def test_a_zero_is_hollow() -> None:
    """A ring has ink all around, and none in the middle."""
    drawn = counts(digits_drawing(ring(200)))
    assert drawn[3:5, 3:5].tolist() == [[0, 0], [0, 0]]
    assert (drawn[[0, -1], 3] > 8).all()
    assert (drawn[3, [1, 6]] > 4).all()


@pytest.mark.parametrize("lean", [-0.5, -0.2, 0.3, 0.6])
def test_slants_are_taken_away(lean: float) -> None:
    """A leaning bar becomes the upright one."""
    bitmap = canvas(101, 200)
    for row in range(101):
        left = round(95 + lean * (50 - row))
        bitmap[row, left : left + 16] = 1
    drawn = counts(digits_drawing(bitmap))
    assert (drawn[:, [0, 1, 2, 5, 6, 7]] == 0).all()
    assert (drawn[:, 3:5] >= 8).all()


def test_thin_and_pale_lines_stay() -> None:
    """A line of one pixel, or of grey ink, is not lost on a large canvas."""
    thin = canvas(280, 280)
    thin[40:240, 60] = thin[40:240, 160] = thin[140, 60:160] = 0.4  # an H
    drawn = counts(digits_drawing(thin))
    assert (drawn[:, [1, 6]] > 0).all()
    assert (drawn[3:5, 2:6].sum(axis=0) > 0).all()


def test_a_dot_and_nothing() -> None:
    """A single pixel is as large as any drawing; a blank canvas gives zeros, and an empty one too."""
    dot = canvas(5, 5)
    dot[2, 3] = 1
    assert counts(digits_drawing(dot)).sum() == 20 * 32
    assert counts(digits_drawing(canvas(28, 28))).sum() == 0
    assert counts(digits_drawing(canvas(0, 0))).sum() == 0


@pytest.mark.parametrize(
    ("bitmap", "got"),
    [
        (np.full((2, 2), 255), "an array of shape (2, 2), dtype int64, from 255 to 255"),
        (np.full((2, 2), math.nan), "an array of shape (2, 2), dtype float64, from nan to nan"),
        (canvas(1, 2, 2), "an array of shape (1, 2, 2), dtype float64, from 0 to 0"),
        (np.array([["x"]]), "an array of shape (1, 1), dtype <U1"),
    ],
)
def test_what_is_no_drawing(bitmap: np.ndarray, got: str) -> None:
    """Only two axes of numbers from 0 to 1 are a drawing."""
    with pytest.raises(DataError) as caught:
        digits_drawing(bitmap)
    assert str(caught.value) == (
        f"drawing\n  got       {got}\n  expected  (height, width) numbers from 0 (no ink) to 1\n"
        "  fix       divide by 255, and turn dark ink on light ground around: 1 - x"
    )


def test_other_hands_are_read(shared_data: Path, digits: Trained) -> None:
    """Trained on the digits alone, the network reads four of five of MNIST's, drawn by other hands with other pens."""
    _, mnist = data.load(shared_data / "mnist")
    drawings = np.stack([digits_drawing(image[0]) for image in mnist.images[:1000]])
    right = (digits[0].predict(drawings).argmax(axis=1) == mnist.labels[:1000]).mean()
    assert right > 0.75

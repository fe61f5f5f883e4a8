"""The article's pooling: the largest number of each window, or the average."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Network, Pair
from pellucid.layers import AvgPool2d, Layer, MaxPool2d

IMAGE = [[[1, 2, 8, 7], [4, 5, 6, 4], [12, 11, 15, 14], [8, 7, 13, 10]]]  # it has the results that the article prints


@pytest.mark.parametrize(
    ("pool", "published"),
    [(MaxPool2d(2, stride=2), [[5, 8], [12, 15]]), (AvgPool2d(2, stride=2), [[3, 6.25], [9.5, 13]])],
    ids=["max", "average"],
)
def test_a_4x4_image_gives_the_published_numbers(engine: str, pool: Layer, published: list[list[float]]) -> None:
    """Window 2 and stride 2 make four numbers of sixteen: exactly those that the article prints."""
    assert Network((1, 4, 4), [pool]).predict(IMAGE, engine=engine).tolist() == [[published]]


def test_a_maximum_has_a_winner_and_an_average_a_divisor(engine: str) -> None:
    """Number (0, 1, 0) reads 12, 11, 8 and 7: their largest is 12, their sum 38 over 4 places is 9.5."""
    image = np.array(IMAGE, np.float32)
    largest = Network((1, 4, 4), [MaxPool2d(2)]).trace(image, engine=engine).explain("pool1", (0, 1, 0))
    assert largest.terms.value.tolist() == [12, 11, 8, 7]
    assert largest.terms.used.tolist() == [True, False, False, False]
    assert (largest.value, largest.total) == (12, 12)
    mean = Network((1, 4, 4), [AvgPool2d(2)]).trace(image, engine=engine).explain("pool1", (0, 1, 0))
    assert (mean.terms.value.sum(), mean.divisor, mean.value, mean.total) == (38, 4, 9.5, 9.5)


@pytest.mark.parametrize("kind", [MaxPool2d, AvgPool2d])
def test_window_and_stride_are_numbers_or_pairs(kind: type[MaxPool2d | AvgPool2d]) -> None:
    """Windows move by their own size where no stride is given; pairs are told the article's way by `Pair`."""
    assert kind(2, stride=2).output_shape((3, 28, 26)) == kind(2).output_shape((3, 28, 26)) == (3, 14, 13)
    pool = kind(Pair(right=3, down=2), stride=Pair(right=2, down=1))
    assert pool.output_shape((3, 28, 27)) == (3, 27, 13)

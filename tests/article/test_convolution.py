"""The article's convolution: kernel size, feature maps, stride and padding."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pellucid import Network, Pair
from pellucid.layers import Conv2d

IMAGE = np.random.default_rng(0).random((1, 3, 28, 28), dtype=np.float32)


def test_five_maps_of_a_28x28_image_have_the_published_shape(engine: str) -> None:
    """5 feature maps, kernel 3, stride 1, padding 0: PyTorch's (1, 5, 26, 26), Keras's (1, 26, 26, 5)."""
    maps = Network((3, 28, 28), [Conv2d(5, 3, stride=1, padding=0)]).predict(IMAGE, engine=engine)
    assert maps.shape == (1, 5, 26, 26)
    assert np.moveaxis(maps, 1, -1).shape == (1, 26, 26, 5)


def test_one_number_is_27_products_and_a_bias(engine: str) -> None:
    """A number of a map is the sum of kernel times window over all three channels, plus the map's bias."""
    net = Network((3, 28, 28), [Conv2d(5, 3)])
    kernels, biases = net.weights["conv1.weight"], net.weights["conv1.bias"]
    by_hand = float(biases[2])
    for channel, row, column in itertools.product(range(3), repeat=3):
        by_hand += float(kernels[2, channel, row, column]) * float(IMAGE[0, channel, 10 + row, 12 + column])
    number = net.trace(IMAGE, engine=engine).explain("conv1", (2, 10, 12))
    assert (len(number.terms), number.bias) == (27, float(biases[2]))
    assert number.total == pytest.approx(by_hand, rel=1e-12)
    assert number.value == pytest.approx(by_hand, rel=1e-5)


def test_a_kernel_of_ones_counts_what_it_covers(engine: str) -> None:
    """Padding adds zeros: over an image of ones a 3x3 kernel of ones finds 4 in a corner, 6 at an edge, 9 inside."""
    net = Network((1, 5, 4), [Conv2d(1, 3, padding=1, bias=False)])
    net.weights["conv1.weight"] = np.ones((1, 1, 3, 3))
    maps = net.predict(np.ones((1, 5, 4)), engine=engine)
    assert maps[0, 0].tolist() == [[4, 6, 6, 4], [6, 9, 9, 6], [6, 9, 9, 6], [6, 9, 9, 6], [4, 6, 6, 4]]


def test_a_stride_keeps_every_so_manieth_place(engine: str) -> None:
    """Stride (3 right, 2 down) gives the numbers of stride 1 at every second row and every third column."""
    dense, strided = (Network((3, 28, 28), [Conv2d(5, 3, stride=s)]) for s in (1, Pair(right=3, down=2)))
    maps = strided.predict(IMAGE, engine=engine)
    assert maps.shape == (1, 5, 13, 9)
    np.testing.assert_allclose(maps, dense.predict(IMAGE, engine=engine)[..., ::2, ::3], rtol=1e-5, atol=1e-6)


def test_the_articles_pairs_are_right_then_down() -> None:
    """The article writes (right, down), the frameworks (height, width): `Pair` takes the article's, by name."""
    assert Conv2d(5, Pair(right=5, down=3)) == Conv2d(5, (3, 5))
    ours = Conv2d(5, Pair(right=5, down=3), stride=Pair(right=3, down=2), padding=Pair(right=2, down=1))
    assert ours.output_shape((3, 28, 28)) == (5, 14, 10)
    copied = Conv2d(5, (5, 3), stride=(3, 2), padding=(2, 1))  # the article's pairs, in the frameworks' order
    assert copied.output_shape((3, 28, 28)) == (5, 10, 14)


def test_one_number_stands_for_both() -> None:
    """Kernel size, stride and padding are one number or a pair."""
    assert Conv2d(5, 3, stride=2, padding=1) == Conv2d(5, (3, 3), stride=(2, 2), padding=(1, 1))

"""The images to choose from: those that the explorer was given, and those of the test data after them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..engines import as_inputs
from ..errors import DataError, ShapeError
from ..network import Network
from ..train import Dataset


class Samples:
    """Numbered images, some with a known class.

    Args:
        net: the network that reads them.
        images: (N, C, H, W), one image (C, H, W), a tuple with one array an input, or None: those of the test data, or
            without such an image of noise.
        labels: (N,) each image's class, or None.
        test: test data, or None.

    Raises:
        ShapeError, DataError: images or labels that do not fit the network, or each other.
    """

    def __init__(self, net: Network, images: Any, labels: ArrayLike | None, test: Dataset | None) -> None:
        self._tested = None if test is None else _tested(net, test)
        self._test_labels = None if test is None else test.labels
        if images is None and test is None:
            images = noise(net)
        self._given = None if images is None else as_inputs(net, images)
        if self._given is not None and not len(self._given[0]):
            raise DataError("explorer", got="0 images", expected="1 or more", fix="leave images out, or give some")
        self.first_test = 0 if self._given is None else len(self._given[0])  # the number of the first test image
        self._labels = _labels(labels, self.first_test)

    def __len__(self) -> int:
        return self.first_test + (0 if self._tested is None else len(self._tested[0]))

    def image(self, number: int) -> tuple[NDArray[np.float32], ...]:
        """Return an image, one array an input.

        Raises:
            DataError: there is no such image.
        """
        if not 0 <= number < len(self):
            raise DataError(
                "explorer", got=f"sample {number}", expected=f"0 to {len(self) - 1}", fix="choose one of these"
            )
        if number < self.first_test:
            assert self._given is not None
            return tuple(x[number] for x in self._given)
        assert self._tested is not None
        return tuple(x[number - self.first_test] for x in self._tested)

    def label(self, number: int) -> int | None:
        """Return an image's class, where it is known."""
        labels, at = (self._labels, number)
        if number >= self.first_test:
            labels, at = self._test_labels, number - self.first_test
        return None if labels is None else int(labels[at])

    @property
    def range(self) -> tuple[float, float]:
        """The least and the largest number in the images; pixels of data sets are from 0 to 1."""
        if self._given is None or self._tested is not None:
            return 0.0, 1.0
        return float(self._given[0].min()), float(self._given[0].max())


def _tested(net: Network, test: Dataset) -> tuple[NDArray[np.float32], ...]:
    """Return test images as the network's inputs; an error names the data."""
    try:
        return as_inputs(net, test.images)
    except ShapeError as error:
        raise ShapeError(
            f"data {test.name!r}",
            got=f"images of shape {test.images.shape[1:]}",
            expected=f"{error.expected}, for {error.where} of {net.name!r}",
            fix="give data of that size, or build a network for these",
        ) from None


def noise(net: Network) -> Any:
    """Return an image of noise (C, H, W), one for each input, the same every time: something to see without data."""
    random = np.random.default_rng(0)
    images = [random.random(node.shape, np.float32) for node in net.inputs]
    return tuple(images) if len(net.inputs) > 1 else images[0]


def _labels(labels: ArrayLike | None, samples: int) -> NDArray[np.int64] | None:
    if labels is None:
        return None
    array = np.asarray(labels)
    if array.shape != (samples,) or array.dtype.kind not in "iu":
        raise DataError(
            "explorer",
            got=f"labels of shape {array.shape}, {array.dtype}",
            expected=f"{samples} whole numbers, one an image",
            fix="give each image the number of its class",
        )
    return array.astype(np.int64)

"""A trained digits network, saved by Keras in two formats, gives the answers that were measured of it elsewhere."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import pellucid


def digits(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The test digits of MNIST, and what they are."""
    images = gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes())
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 1, 28, 28)
    return pixels.astype(np.float32) / 255, np.frombuffer(labels, np.uint8, offset=8)


def test_one_model_in_two_files_is_one_network(shared_data: Path) -> None:
    """A digits CNN saved as .keras and as .h5 gives the same numbers, and has 997 of the first 1,000 digits right."""
    folder = shared_data / "keras-digit-recognizer"
    images, labels = digits(shared_data / "mnist")
    found = [pellucid.load(folder / f"mnist_cnn.{suffix}").predict(images[:1000]) for suffix in ("keras", "h5")]
    assert np.array_equal(*found)
    assert (found[0].argmax(axis=1) == labels[:1000]).sum() == 997


@pytest.mark.slow
def test_the_digits_model_scores_as_measured(shared_data: Path) -> None:
    """It has 99.80 % of all 10,000 test digits right."""
    net = pellucid.load(shared_data / "keras-digit-recognizer" / "mnist_cnn.keras")
    images, labels = digits(shared_data / "mnist")
    assert (net.predict(images).argmax(axis=1) == labels).mean() == pytest.approx(0.998, abs=1e-9)

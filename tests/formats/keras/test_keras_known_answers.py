"""Trained models of others, opened without TensorFlow, give the answers that were measured of them elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid


def small(path: Path) -> np.ndarray:
    """A photo as the visual wake words model sees it."""
    picture = Image.open(path).convert("RGB").resize((96, 96), Image.Resampling.BILINEAR)
    return np.asarray(picture, np.float32) / 255


def test_a_residual_network_scores_as_measured(shared_data: Path) -> None:
    """MLPerf Tiny's ResNet-8, of Keras 2.4, has 88.1 % of 1,000 test pictures right."""
    net = pellucid.load(shared_data / "mlperf-tiny" / "pretrainedResnet.h5")
    pixels = np.asarray(Image.open(shared_data / "cifar10" / "cifar10_batch_50.png").convert("RGB"))
    text = (shared_data / "cifar10" / "cifar10_labels.js").read_text()
    labels = np.array(json.loads(text[text.index("[") : text.index("]") + 1]))[50000:]
    found = net.predict(pixels.reshape(-1, 32, 32, 3).astype(np.float32), channels_last=True).argmax(axis=1)
    assert (found == labels).mean() == pytest.approx(0.881, abs=1e-9)


def test_a_mobile_network_sees_people_as_measured(shared_data: Path) -> None:
    """MLPerf Tiny's MobileNet gives each photo the probability of a person that was measured of it."""
    net = pellucid.load(shared_data / "mlperf-tiny" / "vww_96.h5")
    measured = {
        "grace_hopper.png": 0.888,
        "astronaut.png": 0.903,
        "cameraman_tripod.png": 0.881,
        "coral_cat.png": 0.028,
        "espresso.png": 0.082,
        "suspension_bridge.jpg": 0.026,
        "chickadee.png": 0.607,
    }
    images = np.stack([small(shared_data / "photos" / name) for name in measured])
    assert net.predict(images, channels_last=True)[:, 1] == pytest.approx(list(measured.values()), abs=6e-4)


def test_a_network_of_the_browser_sees_what_its_page_shows(shared_data: Path) -> None:
    """CNN Explainer's Tiny VGG gives its ten pictures their classes, with the probabilities that were measured."""
    folder = shared_data / "cnn-explainer"
    net = pellucid.load(folder / "model.json")
    names = ["boat", "bug", "pizza", "pepper", "bus", "koala", "espresso", "panda", "orange", "car"]
    pictures = [np.asarray(Image.open(folder / "img" / f"{name}_1.jpeg").convert("RGB"), np.float32) for name in names]
    found = net.predict(np.stack(pictures) / 255, channels_last=True)
    assert found.argmax(axis=1).tolist() == list(range(10))
    measured = [0.8208, 0.9842, 0.9907, 0.7857, 0.9948, 0.9530, 0.8798, 0.9570, 0.9854, 0.9655]
    assert found.max(axis=1) == pytest.approx(measured, abs=1e-4)

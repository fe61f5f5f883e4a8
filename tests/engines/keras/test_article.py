"""The article's exercises, written in Keras as it writes them, and in ours: the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import Network
from pellucid.engines import ENGINES
from pellucid.layers import AvgPool2d, Conv2d, Dropout, Flatten, GlobalAvgPool2d, GlobalMaxPool2d, MaxPool2d, ReLU, Tanh
from pellucid.layers.base import Run
from pellucid.train import SGD, CrossEntropy
from pellucid.zoo import lenet5

WHY = ENGINES["keras"].unavailable()
pytestmark = pytest.mark.skipif(WHY is not None, reason=f"the engine 'keras' cannot run: {WHY}")
keras: Any = pytest.importorskip("keras") if WHY is None else None
RUNS = ("native", "keras")


def drawn(*shape: int) -> np.ndarray:
    """A random image, channels last, as the article draws it."""
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def ours(x: np.ndarray) -> np.ndarray:
    """A batch of Keras's as we have it."""
    return np.ascontiguousarray(np.moveaxis(x, -1, 1)) if x.ndim == 4 else x


def by_hand(layers: list[Any], x: np.ndarray, net: Network) -> np.ndarray:
    """What Keras's layers make of an image, the first with the weights of our convolution; as we have it."""
    model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
    if "conv1.weight" in net.weights:
        layers[0].set_weights([net.weights["conv1.weight"].transpose(2, 3, 1, 0), net.weights["conv1.bias"]])
    return ours(np.asarray(model(x)))


@pytest.mark.parametrize("engine", RUNS)
def test_convolution(engine: str) -> None:
    """5 feature maps of a 28x28 image of 3 channels: Keras's (1, 26, 26, 5), and the same numbers."""
    net, x = Network((3, 28, 28), [Conv2d(5, 3)]), drawn(1, 28, 28, 3)
    wanted = by_hand([keras.layers.Conv2D(5, 3, strides=1, padding="valid")], x, net)
    assert wanted.shape == (1, 5, 26, 26)
    np.testing.assert_allclose(net.predict(ours(x), engine=engine), wanted, rtol=0, atol=2e-6)


@pytest.mark.parametrize("engine", RUNS)
def test_pooling(engine: str) -> None:
    """Windows of 2x2 of a 4x4 image: [[5, 8], [12, 15]] at most, [[3, 6.25], [9.5, 13]] on average."""
    image = np.array([[1, 2, 4, 6], [4, 5, 7, 8], [8, 9, 12, 11], [12, 9, 14, 15]], np.float32)[None, :, :, None]
    for layer, theirs, published in (
        (MaxPool2d(2), keras.layers.MaxPooling2D(2, 2), [[5, 8], [12, 15]]),
        (AvgPool2d(2), keras.layers.AveragePooling2D(2, 2), [[3, 6.25], [9.5, 13]]),
    ):
        net = Network((1, 4, 4), [layer])
        assert by_hand([theirs], image, net)[0, 0].tolist() == published
        assert net.predict(ours(image), engine=engine)[0, 0].tolist() == published


@pytest.mark.parametrize("engine", RUNS)
def test_from_maps_to_a_fully_connected_layer(engine: str) -> None:
    """8 maps of a 9x9 image of 3 channels: flattened (1, 392), pooled as a whole (1, 8), in Keras's order."""
    x = drawn(1, 9, 9, 3)
    for layer, theirs, size in (
        (Flatten("HWC"), keras.layers.Flatten(), 392),
        (GlobalAvgPool2d(), keras.layers.GlobalAveragePooling2D(), 8),
        (GlobalMaxPool2d(), keras.layers.GlobalMaxPooling2D(), 8),
    ):
        net = Network((3, 9, 9), [Conv2d(8, 3), layer])
        wanted = by_hand([keras.layers.Conv2D(8, 3), theirs], x, net)
        assert wanted.shape == (1, size)
        np.testing.assert_allclose(net.predict(ours(x), engine=engine), wanted, rtol=0, atol=2e-6)


def test_dropout() -> None:
    """Keras keeps the published numbers or drops them, and doubles what it keeps at rate 0.5, as ours does."""
    given = [-1.1899604, 1.1257381, 0.8904383, 0.812129, 0.36669895]
    given += [0.56058276, -0.48239076, -0.29940066, -0.39049834, 0.69480914]
    x = np.array([given], np.float32)
    theirs = keras.layers.Dropout(0.5, seed=1)
    silenced = np.asarray(theirs(x, training=True))
    assert set((silenced / x).ravel().tolist()) == {0.0, 2.0}
    np.testing.assert_array_equal(np.asarray(theirs(x, training=False)), x)
    run = Run(training=True, seed=1, samples=np.arange(1), layer="dropout1")
    assert set((Dropout(0.5).forward(x, w={}, run=run) / x).ravel().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize("engine", RUNS)
def test_activation(engine: str) -> None:
    """Two maps of 3x3 through ReLU and Tanh; the published row keeps what is positive, and the rest becomes 0."""
    row = [[-0.72591144, -0.35904017], [0.89689165, -1.9028585], [-0.4273774, 0.08491676]]
    x = np.array(row, np.float32)[None, None]
    net = Network((2, 1, 3), [ReLU()])
    kept = np.array([[0, 0], [0.89689165, 0], [0, 0.08491676]], np.float32)
    assert np.array_equal(by_hand([keras.layers.ReLU()], x, net)[0, :, 0].T, kept)
    assert np.array_equal(net.predict(ours(x), engine=engine)[0, :, 0].T, kept)
    for layer, word in ((ReLU(), "relu"), (Tanh(), "tanh")):
        net, image = Network((3, 5, 5), [Conv2d(2, 3), layer]), drawn(1, 5, 5, 3)
        wanted = by_hand([keras.layers.Conv2D(2, 3, activation=word)], image, net)
        np.testing.assert_allclose(net.predict(ours(image), engine=engine), wanted, rtol=0, atol=2e-6)


def test_a_whole_network_learns_the_same_in_keras() -> None:
    """LeNet-5 as a Keras model, trained by Keras itself for some steps, loses and learns as ours does."""
    net, random = lenet5(seed=3), np.random.default_rng(1)
    model = net.to_keras()
    model.compile(keras.optimizers.SGD(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    trainer = ENGINES["native"].trainer(net, CrossEntropy(), SGD(0.05), seed=0)
    for _ in range(3):
        x, y = random.random((16, 28, 28, 1), np.float32), random.integers(0, 10, 16)
        theirs = float(model.train_on_batch(x, y))
        losses = trainer.step((ours(x),), y, np.arange(16), rate=0.05).losses
        assert float(losses.mean()) == pytest.approx(theirs, rel=1e-5)
    trainer.sync()
    for layer in ("conv1", "conv2"):
        kernel = np.asarray(model.get_layer(layer).kernel).transpose(3, 2, 0, 1)
        np.testing.assert_allclose(net.weights[f"{layer}.weight"], kernel, rtol=0, atol=2e-6)

"""What TensorFlow does otherwise than the definitions say is contained: its engine gives the definitions' numbers."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Network
from pellucid.engines import ENGINES, KerasEngine, predict
from pellucid.errors import EngineError
from pellucid.layers import Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU
from pellucid.layers.activations import Elementwise
from pellucid.train import SGD, CrossEntropy

WHY = ENGINES["keras"].unavailable()
pytestmark = pytest.mark.skipif(WHY is not None, reason=f"the engine 'keras' cannot run: {WHY}")


class Cube(Elementwise):
    """A layer of a user's own."""

    prefix = "cube"

    def value(self, x: np.ndarray) -> np.ndarray:
        """Return the third power."""
        return x**3


def images(*shape: int) -> np.ndarray:
    """Return noise."""
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def pooled() -> Network:
    """A network whose max pool reads what may be NaN."""
    return Network((2, 6, 6), [Conv2d(3, 3, padding=1), MaxPool2d(2), Flatten(), Linear(4)])


def test_a_max_pool_loses_no_nan() -> None:
    """TensorFlow's own max pool overlooks NaN: the engine sees that it may have, and computes it in another way."""
    net, x = pooled(), images(3, 2, 6, 6)
    x[1, 0, 2, 2] = np.nan
    assert np.isnan(predict(net, x, engine="keras")).tolist() == [[False] * 4, [True] * 4, [False] * 4]


@pytest.mark.parametrize("broken", ["weights", "image"])
def test_training_loses_no_nan(broken: str) -> None:
    """A training step on numbers that are NaN tells NaN, in the loss and in the weights, as the reference does."""
    found = {}
    for engine in ("reference", "keras"):
        net, x = pooled(), images(3, 2, 6, 6)
        if broken == "image":
            x[1, 0, 2, 2] = np.nan
        else:
            net.weights["conv1.bias"] = np.full(3, np.nan, np.float32)
        trainer = ENGINES[engine].trainer(net, CrossEntropy(), SGD(0.1), seed=0)
        losses = trainer.step((x,), np.array([0, 1, 2]), np.arange(3), rate=0.1).losses
        trainer.sync()
        found[engine] = [np.isnan(losses), *(np.isnan(net.weights[name]) for name in net.weights)]
    assert all(np.array_equal(*both) for both in zip(found["reference"], found["keras"], strict=True))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        pytest.param(MaxPool2d(3, stride=2, ceil_mode=True), (2, 3, 4), id="a window beyond the maps"),
        pytest.param(MaxPool2d((2, 5), padding=((0, 0), (2, 2))), (1, 2, 1), id="a window wider than the maps"),
        pytest.param(Conv2d(2, 2, stride=(1, 2)), (1, 3, 3), id="one channel into one column"),
        pytest.param(Conv2d(4, 3, stride=2, dilation=2, padding="same"), (2, 7, 8), id="stride and dilation"),
        pytest.param(Conv2d(5, 3, padding=1), (3, 5, 5), id="as many filters as columns"),
    ],
)
def test_what_ends_or_misleads_tensorflow_gives_the_definitions_numbers(layer: Layer, shape: tuple[int, ...]) -> None:
    """Shapes at which TensorFlow ends the process, refuses, or gives other numbers, run as they are defined."""
    net, x = Network(shape, [layer]), images(3, *shape)
    wanted = predict(net, x, engine="reference")
    np.testing.assert_allclose(predict(net, x, engine="keras"), wanted, rtol=0, atol=2e-6 * np.abs(wanted).max())


def test_a_device_that_is_not_here_is_told() -> None:
    """The devices that are here are named."""
    with pytest.raises(EngineError, match=r"device 'GPU:7'(.|\n)*expected  one of CPU:0"):
        KerasEngine("GPU:7").program(pooled())


def test_the_processor_can_be_asked_for() -> None:
    """A device is TensorFlow's name of it, and `setup` tells it."""
    engine, net, x = KerasEngine("CPU:0"), pooled(), images(2, 2, 6, 6)
    np.testing.assert_array_equal(predict(net, x, engine=engine), predict(net, x, engine="keras"))
    assert engine.setup() == {"device": "CPU:0"}


def test_a_layer_of_ones_own_is_refused_by_name() -> None:
    """A kind that has no entry is named, and what can run it."""
    with pytest.raises(EngineError, match="a Cube, which the engine 'keras' has no entry for"):
        ENGINES["keras"].program(Network(3, [Cube(), ReLU()]))


def test_another_backend_of_keras_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is for TensorFlow, and says so where Keras is told to use something else."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert KerasEngine().unavailable() == "KERAS_BACKEND is 'jax', and this engine is for 'tensorflow'"

"""Where values meet values or constants in Keras: its own numbers, as layers of ours that say the same, or a reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import Network
from pellucid.engines import ENGINES
from pellucid.errors import UnmappedError
from pellucid.layers import Add, Concat, Layer, LogSoftmax, Multiply, PReLU, Scale, Subtract

WHY = ENGINES["keras"].unavailable()
pytestmark = pytest.mark.skipif(WHY is not None, reason=f"Keras cannot run: {WHY}")
SHAPE = (5, 7, 3)  # rows, columns, channels: Keras's order
Wire = Callable[[Any, Any], Any]


def opened(wire: Wire, shape: tuple[int, ...] = SHAPE) -> Network:
    """The network of a Keras model, after its numbers were compared with Keras's own."""
    import keras

    image = keras.Input(shape, name="image")
    model = keras.Model(image, wire(keras, image))
    random = np.random.default_rng(3)
    for variable in model.weights:
        variable.assign(random.uniform(0.5, 2, variable.shape))
    settle(model)
    net = pellucid.load(model)
    given = random.normal(0, 2, (2, *shape)).astype(np.float32)
    wanted = np.asarray(model(given))
    found = net.predict(given, channels_last=len(shape) == 3, engine="reference")
    found = np.moveaxis(found, 1, -1) if found.ndim == 4 else found
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())
    return net


def settle(model: Any) -> None:
    """Have Keras use weights that were assigned: Normalization keeps what it made of the first ones."""
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def last(net: Network) -> Layer | None:
    """The layer of a network's output."""
    return net.outputs[0].layer


@pytest.mark.parametrize(
    ("kind", "layer"), [("Add", Add()), ("Multiply", Multiply()), ("Subtract", Subtract())], ids=str
)
@pytest.mark.parametrize("turned", [False, True])
def test_values_meet_values(kind: str, layer: Layer, turned: bool) -> None:
    """Two values of one rank, one of them one number a channel, in either order."""

    def wire(keras: Any, x: Any) -> Any:
        gate = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
        return getattr(keras.layers, kind)()([gate, x] if turned else [x, gate])

    assert last(opened(wire)) == layer


def test_values_of_different_ranks_are_told() -> None:
    """Keras gives the smaller one its missing axes after the batch; here that is said, not guessed."""

    def wire(keras: Any, x: Any) -> Any:
        return keras.layers.Multiply()([x, keras.layers.GlobalAveragePooling2D()(x)])

    with pytest.raises(UnmappedError, match="values of 1 and 3 axes"):
        opened(wire)


@pytest.mark.parametrize("axis", [1, 2, 3, -1])
def test_concatenation_along_any_axis(axis: int) -> None:
    """Keras's axes count the batch and have the channels last."""
    net = opened(lambda keras, x: keras.layers.Concatenate(axis=axis)([x, keras.layers.ReLU()(x), x]))
    assert last(net) == Concat({1: 1, 2: 2}.get(axis, 0))


def test_an_average_is_a_sum_and_a_factor() -> None:
    """Three values are averaged as their sum times a third."""
    net = opened(lambda keras, x: keras.layers.Average()([x, keras.layers.ReLU()(x), x]))
    assert list(net.layers.values())[-2:] == [Add(), Scale((), shift=False)]


@pytest.mark.parametrize(
    ("shared", "axes"), [(None, (0, 1, 2)), ([1, 2], (0,)), ([1], (0, 2)), ([1, 2, 3], ()), ([3], (1, 2))]
)
def test_slopes(shared: list[int] | None, axes: tuple[int, ...]) -> None:
    """Slopes vary along every axis that is not shared; their own axes are put in our order."""
    assert last(opened(lambda keras, x: keras.layers.PReLU(shared_axes=shared)(x))) == PReLU(axes)


def test_slopes_of_a_vector() -> None:
    """One slope a number."""
    net = opened(lambda keras, x: keras.layers.PReLU()(x), (7,))
    assert (last(net), net.params) == (PReLU(), 7)


def test_logarithms_of_softmax() -> None:
    """Keras's word means the last axis: the channels here, or a vector's only axis."""
    for shape in (SHAPE, (7,)):
        net = opened(lambda keras, x: keras.layers.Activation("log_softmax")(x), shape)
        assert last(net) == LogSoftmax()


@pytest.mark.parametrize(
    ("scale", "offset", "layer"),
    [
        (1 / 255, 0.0, Scale((), shift=False)),
        (2.0, -1.0, Scale(())),
        ([1.0, 2.0, 3.0], [0.5, 0.0, -0.5], Scale()),
        (1.0, [1.0, 2.0, 3.0], Scale(scale=False)),
    ],
)
def test_rescaling(scale: Any, offset: Any, layer: Layer) -> None:
    """One factor and number for all, or one for each channel; what changes nothing is left out."""
    net = opened(lambda keras, x: keras.layers.Rescaling(scale, offset)(x))
    assert (last(net), net.params) == (layer, 0)


@pytest.mark.parametrize(("mean", "variance", "axis"), [([1.0, 2.0, 3.0], [4.0, 0.0, 0.25], -1), (0.5, 4.0, None)])
def test_normalization(mean: Any, variance: Any, axis: int | None) -> None:
    """By means and variances that the model holds, channel by channel or in all; no variance is 0."""
    net = opened(lambda keras, x: keras.layers.Normalization(axis=axis, mean=mean, variance=variance)(x))
    assert net.params == 0


@pytest.mark.parametrize(("axis", "axes"), [(-1, (0,)), (None, ())])
def test_normalization_by_what_was_measured(axis: int | None, axes: tuple[int, ...]) -> None:
    """Means and variances that are the layer's weights, one for each channel or one in all."""
    net = opened(lambda keras, x: keras.layers.Normalization(axis=axis)(x))
    assert (last(net), net.params) == (Scale(axes), 0)


def test_normalization_that_is_told() -> None:
    """By rows, or turned round, it is not opened."""
    for told, options in (("is [1], not the channels", {"axis": 1}), ("turned round", {"invert": True})):
        with pytest.raises(UnmappedError, match=re.escape(told)):
            opened(lambda keras, x, options=options: keras.layers.Normalization(**options)(x))


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own, as it saves
def test_what_was_measured_lies_in_a_file(suffix: str, tmp_path: Path) -> None:
    """Means and variances are read from both kinds of file, beside the count that Keras keeps with them."""
    import keras

    image = keras.Input(SHAPE, name="image")
    model = keras.Model(image, keras.layers.Normalization()(image))
    for variable, values in zip(model.weights, ([1.0, 2.0, 3.0], [4.0, 0.25, 9.0], 8), strict=True):
        variable.assign(values)
    settle(model)
    given = np.random.default_rng(3).normal(5, 2, (8, *SHAPE)).astype(np.float32)
    model.save(tmp_path / f"model.{suffix}")
    found = pellucid.load(tmp_path / f"model.{suffix}").predict(given, channels_last=True, engine="reference")
    np.testing.assert_allclose(np.moveaxis(found, 1, -1), np.asarray(model(given)), rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MobileNetV3Small", "EfficientNetB0"])
def test_networks_of_gates_open_whole(name: str) -> None:
    """Keras's own networks with squeeze-and-excite, rescaling and normalization give Keras's probabilities."""
    import keras

    model = getattr(keras.applications, name)(weights=None, input_shape=(64, 64, 3), classes=10)
    random = np.random.default_rng(3)
    for variable in model.weights:
        if len(variable.shape) == 1:
            variable.assign(random.uniform(0.5, 1.5, variable.shape))
    settle(model)
    images = random.uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)
    found = pellucid.load(model).predict(images, channels_last=True, engine="torch")
    np.testing.assert_allclose(found, np.asarray(model(images)), rtol=0, atol=1e-4)  # over 180 layers in float32

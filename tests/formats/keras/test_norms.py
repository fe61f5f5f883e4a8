"""Norms and adaptive pools of Keras: its own numbers, as layers of ours that say the same, or a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid.engines import ENGINES
from pellucid.errors import UnmappedError
from pellucid.layers import AdaptiveMaxPool2d, GroupNorm, Layer, LayerNorm

WHY = ENGINES["keras"].unavailable()
pytestmark = pytest.mark.skipif(WHY is not None, reason=f"Keras cannot run: {WHY}")
SHAPE = (5, 7, 6)  # rows, columns, channels: Keras's order


def opened(wire: Callable[[Any], Any], shape: tuple[int, ...] = SHAPE) -> Layer:
    """The last layer of a Keras model, whose numbers are Keras's own."""
    import keras

    image = keras.Input(shape, name="image")
    model = keras.Model(image, wire(keras.layers)(image))
    random = np.random.default_rng(3)
    for variable in model.weights:
        variable.assign(random.uniform(0.5, 2, variable.shape))
    net = pellucid.load(model)
    given = random.normal(0, 2, (2, *shape)).astype(np.float32)
    wanted = np.asarray(model(given))
    found = net.predict(given, channels_last=len(shape) == 3, engine="reference")
    found = np.moveaxis(found, 1, -1) if found.ndim == 4 else found
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())
    layer = net.outputs[0].layer
    assert layer is not None
    return layer


@pytest.mark.parametrize(
    ("axis", "axes"),
    [(-1, (0,)), (3, (0,)), (1, (1,)), (2, (2,)), ([1, 2], (1, 2)), ([1, 3], (0, 1)), ([1, 2, 3], (0, 1, 2))],
)
def test_layer_normalization(axis: Any, axes: tuple[int, ...]) -> None:
    """Keras's axes count the batch and have the channels last; its weights' axes are turned with them."""
    assert opened(lambda of: of.LayerNormalization(axis=axis)) == LayerNorm(axes, eps=1e-3)


@pytest.mark.parametrize(("scale", "center"), [(True, False), (False, True), (False, False)])
def test_layer_normalization_without_weights(scale: bool, center: bool) -> None:
    """Scale and center are left out one by one."""
    found = opened(lambda of: of.LayerNormalization(scale=scale, center=center, epsilon=0.1))
    assert found == LayerNorm((0,), eps=0.1, scale=scale, bias=center)


@pytest.mark.parametrize("shape", [(7, 4), (9,)])
def test_layer_normalization_of_rows_and_vectors(shape: tuple[int, ...]) -> None:
    """The last axis, of whatever rank."""
    assert opened(lambda of: of.LayerNormalization(), shape).kind == "LayerNorm"


@pytest.mark.filterwarnings("ignore:You passed `rms_scaling=True`")
def test_root_mean_squares_are_told() -> None:
    """Without the mean it is another norm."""
    with pytest.raises(UnmappedError, match="rms_scaling"):
        opened(lambda of: of.LayerNormalization(rms_scaling=True))


@pytest.mark.parametrize("groups", [1, 3, 6, -1])
def test_group_normalization(groups: int) -> None:
    """-1 groups are as many as channels."""
    found = opened(lambda of: of.GroupNormalization(groups=groups))
    assert found == GroupNorm(6 if groups == -1 else groups, eps=1e-3)


def test_group_normalization_without_weights() -> None:
    """Both of scale and center, or none; one of them is told."""
    found = opened(lambda of: of.GroupNormalization(2, scale=False, center=False, epsilon=0.1))
    assert found == GroupNorm(2, eps=0.1, affine=False)
    with pytest.raises(UnmappedError, match="GroupNormalization with one of scale and center"):
        opened(lambda of: of.GroupNormalization(2, scale=False))
    with pytest.raises(UnmappedError, match="axis is not the channels"):
        opened(lambda of: of.GroupNormalization(5, axis=1))


@pytest.mark.parametrize("size", [(2, 3), (3, 3)])
def test_adaptive_maxima(size: tuple[int, int]) -> None:
    """Parts that share places."""
    assert opened(lambda of: of.AdaptiveMaxPooling2D(size)) == AdaptiveMaxPool2d(size)

"""Transposed convolutions are their layer's, in all lanes, with what follows them in the same step."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.engines import NativeEngine
from pellucid.engines.native.machine import Target, available
from pellucid.layers import ConvTranspose2d, ReLU
from pellucid.layers.base import Run

LAYERS = [
    (ConvTranspose2d(17, 3, stride=2, padding=1, output_padding=1), (16, 5, 7)),
    (ConvTranspose2d(16, 2, stride=2), (33, 3, 3)),
    (ConvTranspose2d(5, 4, stride=2, padding=((1, 0), (0, 2))), (7, 6, 5)),
    (ConvTranspose2d(6, 3, padding="same", groups=3), (9, 4, 5)),
    (ConvTranspose2d(32, (2, 3), stride=(3, 2), groups=2, dilation=(1, 2)), (32, 3, 4)),
    (ConvTranspose2d(3, 1, stride=2, padding="same", bias=True), (2, 3, 2)),
]


@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=str)
@pytest.mark.parametrize("batch", [1, 20])
def test_whole_numbers_are_exact(
    layer: ConvTranspose2d, shape: tuple[int, int, int], batch: int, target: Target
) -> None:
    """One image in channel lanes, many in sample lanes: every number is the definition's, to the last bit."""
    rng = np.random.default_rng(4)
    x = Input(shape)
    net = Network(x, ReLU()(layer(x, name="here")))
    for name, spec in net.weights.specs.items():
        net.weights[name] = rng.integers(-4, 5, spec.shape).astype(np.float32)
    images = rng.integers(-8, 9, (batch, *shape)).astype(np.float32)
    w = {name.removeprefix("here."): net.weights[name] for name in net.weights}
    wanted = np.maximum(layer.forward(images, w=w, run=Run()), 0)
    np.testing.assert_array_equal(net.predict(images, engine=NativeEngine(target=target)), wanted)


def test_outputs_between_kernels_keep_to_sample_lanes() -> None:
    """Where a stride leaves outputs that no kernel reaches, channel lanes decline; others they make as parts."""
    for (layer, shape), lanes in zip(LAYERS, ["channels"] * 4 + ["samples"] * 2, strict=True):
        x = Input(shape)
        plan = NativeEngine().plan(Network(x, layer(x)), batch=1)
        assert (plan.lanes, plan.falls_back) == (lanes, {})

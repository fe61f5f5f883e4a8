"""The article's activation functions: applied to every unit, by itself."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Network
from pellucid.layers import Conv2d, Layer, ReLU, Tanh

# The first row of the article's Keras sample: three places, two maps.
PUBLISHED = [[(-0.72591144, -0.35904017), (0.89689165, -1.9028585), (-0.4273774, 0.08491676)]]
PUBLISHED_RELU = [[(0, 0), (0.89689165, 0), (0, 0.08491676)]]


def test_relu_keeps_and_drops_what_the_article_shows(engine: str) -> None:
    """Positive numbers stay as they are, to the last bit; negative ones become 0."""
    found = Network((2, 1, 3), [ReLU()]).predict(PUBLISHED, engine=engine, channels_last=True)
    assert np.moveaxis(found, 1, -1)[0].tolist() == np.array(PUBLISHED_RELU, np.float32).tolist()


@pytest.mark.parametrize(("layer", "function"), [(ReLU(), lambda x: np.maximum(x, 0)), (Tanh(), np.tanh)])
def test_an_activation_changes_every_unit_and_no_shape(engine: str, layer: Layer, function: np.ufunc) -> None:
    """A sample goes through a convolution to two 3x3 maps: each of the 18 units becomes its own function value."""
    net = Network((3, 5, 5), [("maps", Conv2d(2, 3)), ("units", layer)])
    trace = net.trace(np.random.default_rng(0).standard_normal((3, 5, 5)), engine=engine)
    assert trace["units"].shape == trace["maps"].shape == (2, 3, 3)
    np.testing.assert_allclose(trace["units"], function(trace["maps"]), rtol=1e-6, atol=1e-7)
    assert (trace["maps"] < 0).any()
    assert (trace["maps"] > 0).any()

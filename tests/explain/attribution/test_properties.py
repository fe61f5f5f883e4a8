"""What must hold of every method of attribution, by mathematics: on any engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pellucid import Input, Network
from pellucid.engines import ENGINES
from pellucid.explain.attribution import METHODS, GradCAM, Gradient, IntegratedGradients, Occlusion
from pellucid.explain.attribution.method import largest, summed
from pellucid.layers import (
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    ReLU,
    Softmax,
    Tanh,
)

RUNNABLE = [name for name, engine in ENGINES.items() if engine.unavailable() is None]
SHAPE = (2, 7, 5)


def image(key: int = 0, shape: tuple[int, ...] = SHAPE) -> NDArray[np.float32]:
    """An image of numbers of both signs."""
    return np.random.default_rng(key).standard_normal(shape).astype(np.float32)


def network(*, softmax: bool = False) -> Network:
    """A network with all that differs between training and running, and a way past a layer."""
    x = Input(SHAPE)
    y = Tanh()(BatchNorm2d()(Conv2d(3, 3, padding=1)(x, name="conv"), name="norm"), name="bend")
    z = Add()(y, Conv2d(3, 3, padding=1)(y, name="side"), name="sum")
    z = Flatten()(MaxPool2d(2)(Tanh()(z, name="late"), name="pool"))
    z = Linear(4)(Dropout(0.5)(z, name="drop"), name="scores")
    net = Network(x, Softmax()(z, name="shares") if softmax else z, seed=2, classes=["a", "b", "c", "d"])
    random = np.random.default_rng(4)
    net.weights["norm.running_mean"] = random.standard_normal(3)
    net.weights["norm.running_var"] = random.random(3) + 0.5
    return net


def linear() -> tuple[Network, NDArray[Any]]:
    """A network that is linear with a bias, and its one weight for each number of the image, for class 1."""
    net = Network(SHAPE, [Conv2d(3, 3, padding=1), Flatten(), Linear(4)], seed=1)
    unit = np.eye(70, dtype=np.float32).reshape(70, *SHAPE)
    still = net.predict(np.zeros((1, *SHAPE)), engine="reference")
    return net, (net.predict(unit, engine="reference") - still)[:, 1].reshape(SHAPE)


@pytest.mark.parametrize("engine", RUNNABLE)
def test_on_linear_networks_every_method_tells_the_weights(engine: str) -> None:
    """Gradients are the weights, all others the weights times what is there or was taken away."""
    net, weights = linear()
    x = image()
    trace = net.trace(x, engine=engine)
    np.testing.assert_allclose(trace.attribute("gradient", 1).values, weights, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(trace.attribute("gradient x input", 1).values, weights * x, rtol=1e-4, atol=1e-5)
    found = trace.attribute("integrated gradients", 1, baseline=0.25, steps=2)
    np.testing.assert_allclose(found.values, weights * (x - 0.25), rtol=1e-4, atol=1e-5)
    covered = trace.attribute("occlusion", 1, size=1, baseline=0.25)
    np.testing.assert_allclose(covered.values, (weights * (x - 0.25)).sum(axis=0), rtol=1e-4, atol=1e-5)
    patch = trace.attribute("occlusion", 1, size=(7, 5))
    np.testing.assert_allclose(patch.values, np.full((7, 5), (weights * x).sum()), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("engine", RUNNABLE)
@pytest.mark.parametrize("softmax", [False, True])
def test_integrated_gradients_add_up(engine: str, softmax: bool) -> None:
    """The sum of all values is the score less the baseline's, and the error says by how much it is not."""
    net = network(softmax=softmax)
    black = np.full(SHAPE, -0.5, np.float32)
    found = net.trace(image(), engine=engine).attribute("integrated gradients", "c", steps=48, baseline=black)
    scores = [net.trace(x, engine=engine)["scores"][2] for x in (image(), black)]
    assert (found.source, found.index, found.target, found.label) == ("scores", (2,), 2, "c")
    assert (found.score, found.reference) == pytest.approx(scores, abs=1e-6)
    assert float(found.values.sum(dtype=np.float64)) == pytest.approx(scores[0] - scores[1], abs=2e-3)
    assert found.error == pytest.approx(float(found.values.sum(dtype=np.float64)) - (scores[0] - scores[1]), abs=1e-6)
    rough = net.trace(image(), engine=engine).attribute("integrated gradients", "c", steps=2, baseline=black)
    assert abs(found.error or 0) < abs(rough.error or 0)


def test_the_gradient_is_what_a_small_change_does() -> None:
    """Each number of the gradient equals the score's difference quotient in float64."""
    net, x = network(), image()
    found = net.trace(x).attribute("gradient", 3).values
    step = 2.0**-6
    for place in [(0, 0, 0), (1, 6, 4), (0, 3, 2), (1, 2, 3)]:
        ends = []
        for side in (step, -step):
            moved = x.copy()
            moved[place] += side
            ends.append(float(net.trace(moved, engine="reference")["scores"][3]))
        assert found[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=2e-3)


def test_occlusion_by_hand() -> None:
    """Patches of 2 x 2 every pixel or two, cut off at the edge; a pixel's value is the mean of its patches' falls."""
    net = Network((1, 2, 3), [Flatten(), Linear(2, bias=False)])
    net.weights["linear1.weight"] = [[1, 10, 100, 1000, 10000, 100000], [0] * 6]
    trace = net.trace(np.ones((1, 2, 3)))
    left, right = 11011, 110110
    values = trace.attribute("occlusion", 0, size=2, stride=1).values
    assert values.tolist() == [[left, (left + right) / 2, right]] * 2
    values = trace.attribute("occlusion", 0, size=2).values
    assert values.tolist() == [[left, (left + right) / 2, right]] * 2
    values = trace.attribute("occlusion", 0, size=2, stride=2).values
    assert values.tolist() == [[left, left, 100100]] * 2
    values = trace.attribute("occlusion", 0, size=9, stride=3).values
    assert values.tolist() == [[111111] * 3] * 2


def test_occlusion_is_not_linear() -> None:
    """What a rectifier hides counts only when both its reasons are covered."""
    net = Network((1, 1, 2), [Flatten(), Linear(1), ReLU(), Linear(2, bias=False)])
    net.weights["linear1.weight"], net.weights["linear1.bias"] = [[1, 1]], [-1]
    net.weights["linear2.weight"] = [[1], [0]]
    trace = net.trace([[[1, 1]]])
    assert trace.attribute("occlusion", 0, size=1).values.tolist() == [[1, 1]]
    assert trace.attribute("occlusion", 0, size=1, baseline=1).values.tolist() == [[0, 0]]


def test_grad_cam_by_hand() -> None:
    """Each map counts by its gradient's mean; sums below 0 are cut off; the map is resized by halves and quarters."""
    net = Network((1, 2, 2), [("maps", Conv2d(2, 1, bias=False)), Flatten(), Linear(2, bias=False)])
    net.weights["maps.weight"] = [[[[1]]], [[[-1]]]]
    net.weights["linear1.weight"] = [[1, 2, 3, 6, 0, 0, 0, 4], [0] * 8]
    found = net.trace([[[1, 2], [-3, 4]]]).attribute("grad-cam", 0)
    assert found.layer == "maps"
    assert found.values.tolist() == [[3 * 1 - 1, 3 * 2 - 2], [0, 3 * 4 - 4]]
    assert found.map.tolist() == found.values.tolist()
    halved = Network((1, 2, 4), [("maps", Conv2d(1, 1, stride=(1, 2), bias=False)), GlobalAvgPool2d()])
    halved.weights["maps.weight"] = [[[[2]]]]
    found = halved.trace([[[1, 9, 3, 9], [0, 9, 2, 9]]]).attribute("grad-cam", ("pool1", (0,)))
    assert found.values.tolist() == [[0.5, 1.5], [0, 1]]
    assert found.map.tolist() == [[0.5, 0.75, 1.25, 1.5], [0, 0.25, 0.75, 1]]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("softmax", [False, True])
def test_engines_agree(method: str, softmax: bool) -> None:
    """Every engine gives the same attribution, whatever the batches; and says that it did."""
    net, right = network(softmax=softmax), None
    for engine in ["reference", *RUNNABLE]:
        found = net.trace(image(), engine=engine).attribute(method, "b", batch_size=7)
        assert found.engine == engine
        right = found if right is None else right
        np.testing.assert_allclose(found.values, right.values, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(found.map, right.map, rtol=1e-3, atol=1e-5)
        assert found.values.dtype == found.map.dtype == np.float32
        assert found.map.shape == SHAPE[1:]
        assert np.abs(found.values).max() > 1e-3


def test_a_way_past_the_layer_is_held() -> None:
    """Grad-CAM's gradient is that of the layer alone: what other ways bring to the score stays as it is."""
    x = Input((1, 2, 2), name="x")
    y = ReLU()(x, name="y")
    net = Network(x, Linear(2, bias=False)(Flatten()(Concat()(y, Tanh()(y, name="z")))))
    net.weights["linear1.weight"] = [[1, 1, 1, 1, 5, 5, 5, 9], [0] * 8]
    trace = net.trace([[[1, 2], [-3, 4]]])
    assert trace.attribute("grad-cam", 0, layer="z").values == pytest.approx(6 * np.tanh([[1, 2], [0, 4]]))
    slopes = 1 - np.tanh([1, 2, 0, 4]) ** 2
    mean = (1 + np.array([5, 5, 5, 9]) * slopes).mean()
    assert trace.attribute("grad-cam", 0).layer == "concat1"
    assert trace.attribute("grad-cam", 0, layer="y").values == pytest.approx(
        mean * np.array([[1, 2], [0, 4]]), rel=1e-5
    )


def test_channels_become_a_map() -> None:
    """Gradients keep the channel that matters most, with its sign; shares of the score are added up."""
    values = np.array([[[1.0, -2.0]], [[-3.0, 1.0]]], np.float32)
    assert largest(values).tolist() == [[-3, -2]]
    assert summed(values).tolist() == [[-2, -1]]
    net, x = network(), image()
    trace = net.trace(x)
    gradient = trace.attribute(Gradient())
    assert np.array_equal(gradient.map, largest(gradient.values))
    shares = trace.attribute(IntegratedGradients(steps=3))
    assert np.array_equal(shares.map, summed(shares.values))
    assert trace.attribute(Occlusion(size=3)).map.shape == (7, 5)
    assert trace.attribute(GradCAM("conv")).values.shape == (7, 5)

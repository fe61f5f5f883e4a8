"""A trace holds every value of a run, and takes any of them apart."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.errors import ShapeError, UnknownNameError
from pellucid.explain import trace
from pellucid.layers import (
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softmax,
    Subtract,
)


def network() -> Network:
    """A small network with a branch and every kind of rule."""
    x = Input((2, 7, 6))
    stem = ReLU()(BatchNorm2d()(Conv2d(3, 3, padding=1)(x)))
    both = Concat()(Add()(stem, Conv2d(3, 1)(x)), stem)
    y = Softmax()(Linear(4)(Dropout()(Flatten()(MaxPool2d(2)(both)))))
    return Network(x, y, seed=3)


def image(seed: int = 0) -> np.ndarray:
    """An image of both signs."""
    return np.random.default_rng(seed).standard_normal((2, 7, 6))


def test_a_trace_holds_every_value_by_name() -> None:
    """Inputs and layers are all there, float32, without the batch, and the last equals predict's."""
    net = network()
    found = net.trace(image())
    assert list(found) == ["input", *net.layers]
    assert {name: value.shape for name, value in found.items()} == net.shapes
    assert all(value.dtype == np.float32 for value in found.values())
    assert found["softmax1"] == pytest.approx(net.predict(image())[0], rel=1e-6)  # predict folds and fuses layers
    assert len(found) == 12
    assert repr(found) == "<Trace of 'network' on engine 'native': 12 values>"


@pytest.mark.parametrize("name", list(network().layers))
def test_every_number_explains_itself(name: str) -> None:
    """For every layer the exact total is the engine's value up to rounding, and the values read are the trace's."""
    net = network()
    found = net.trace(image())
    for index in list(np.ndindex(net.shapes[name]))[::5]:
        e = found.explain(name, index)
        assert e.value == found[name][index]
        assert e.error == (0.0 if e.value == e.total else e.value - e.total)
        sizes = np.abs(e.terms.product).sum() + abs(e.bias or 0) + 1
        assert abs(e.error) <= 2**-20 * sizes
        for source, place, inside, value in zip(
            e.terms.source, e.terms.index, e.terms.inside, e.terms.value, strict=True
        ):
            assert value == (found[e.inputs[source]][tuple(place)] if inside else 0.0)
        assert e.address == f"{name}[{','.join(map(str, index))}]"
        assert e.kind == type(net.layers[name]).__name__


def test_exact_totals_are_correctly_rounded() -> None:
    """A sum that float32 loses to cancellation is exact in the explanation, which says how far the engine is off."""
    net = Network(3, [Linear(1, bias=False)])
    net.weights["linear1.weight"] = [[1.0, 1.0, 1.0]]
    e = net.trace(np.array([1e8, 0.5, -1e8])).explain("linear1", (0,))
    assert e.total == 0.5
    assert e.error == e.value - 0.5
    assert e.cancellation == pytest.approx(4e8)
    assert e.ulps == abs(e.error) / float(np.spacing(np.float32(0.5)))


def test_the_forgotten_bias_of_a_forum_thread() -> None:
    """The first output of a real question: nine products make 0.364034, and the bias that was forgotten the rest.

    Source: PyTorch forum, thread 24978 (values as printed there, to four digits).
    """
    picture = [
        [0.7504, 0.1157, 1.4940, -0.2619, -0.4732],
        [0.1497, 0.0805, 2.0829, -0.0925, -1.3367],
        [1.7471, 0.5205, -0.8532, -0.7358, -1.3931],
        [0.1159, -0.2376, 1.2683, -0.0959, -1.3171],
        [-0.1620, -1.8539, 0.0893, -0.0568, -0.0758],
    ]
    net = Network((1, 5, 5), [Conv2d(1, 3)])
    net.weights["conv1.weight"] = [
        [[[0.2405, 0.3018, 0.0011], [-0.1691, -0.0701, -0.0334], [-0.0429, 0.2668, -0.2152]]]
    ]
    net.weights["conv1.bias"] = [0.1501]
    e = net.trace(np.array([picture])).explain("conv1", (0, 0, 0))
    assert len(e.terms) == 9
    assert e.terms.product.sum() == pytest.approx(0.36403413, abs=1e-6)
    assert e.total == pytest.approx(0.5142, abs=1e-4)


def test_training_does_not_change_a_trace() -> None:
    """A trace explains the run that made it, even after the network's weights moved on."""
    net = network()
    found = net.trace(image())
    before = found.explain("conv1", (1, 3, 3))
    net.weights["conv1.weight"] = net.weights["conv1.weight"] + 1
    after = found.explain("conv1", (1, 3, 3))
    assert after.total == before.total
    assert abs(after.error) < 1e-5


def test_nan_and_infinity_are_told_as_such() -> None:
    """Not-a-number in the image is explained, not hidden."""
    net = network()
    bad = image()
    bad[0, 0, 0] = np.nan
    e = net.trace(bad).explain("conv1", (0, 0, 0))
    assert np.isnan(e.value)
    assert np.isnan(e.total)
    assert np.isnan(e.ulps)
    assert "NaN" in str(e)
    net.weights["conv1.bias"] = [np.inf, 0, 0]
    endless = net.trace(image()).explain("conv1", (0, 0, 0))
    assert (endless.value, endless.total, endless.error, endless.ulps) == (np.inf, np.inf, 0.0, 0.0)
    assert np.isnan(endless.cancellation)


def test_an_overflow_of_float32_is_infinitely_far_off() -> None:
    """Where float32 overflows and float64 does not, the error is infinite."""
    net = Network(2, [Linear(1, bias=False)])
    net.weights["linear1.weight"] = [[2e38, 2e38]]
    e = net.trace(np.array([1.0, 1.0])).explain("linear1", (0,))
    assert e.value == np.inf
    assert e.total == pytest.approx(4e38)
    assert e.ulps == np.inf


def test_bad_questions_get_one_clear_answer() -> None:
    """Unknown layers, places outside, inputs and batches: what came, what was expected, the fix."""
    net = network()
    found = net.trace(image())
    with pytest.raises(UnknownNameError, match="did you mean 'conv1'"):
        found.explain("conv11", (0, 0, 0))
    with pytest.raises(ShapeError) as outside:
        found.explain("conv1", (3, 0, 0))
    assert str(outside.value) == (
        "layer 'conv1'\n"
        "  got       place (3, 0, 0)\n"
        "  expected  3 numbers from (0, 0, 0) to (2, 6, 5)\n"
        "  fix       count from 0: (channel, row, column) for maps, (feature,) for vectors"
    )
    with pytest.raises(ShapeError, match="expected  3 numbers"):
        found.explain("conv1", (0, 0))
    with pytest.raises(ShapeError, match="an input is given, not computed"):
        found.explain("input", (0, 0, 0))
    with pytest.raises(UnknownNameError, match="layer before 'conv1' 'relu1'"):
        found.receptive_field("conv1", (0, 0, 0), of="relu1")
    with pytest.raises(ShapeError, match="got       2 images"):
        trace(net, np.zeros((2, 2, 7, 6)))


def test_a_trace_keeps_the_image_that_it_ran_on() -> None:
    """Changing the array that was traced changes nothing in the trace."""
    picture = image().astype(np.float32)
    found = network().trace(picture)
    before = found.explain("conv1", (1, 3, 3)).total
    picture[...] = 0
    assert found.explain("conv1", (1, 3, 3)).total == before


def test_cancellation_is_told_of_sums_alone() -> None:
    """Sums, differences and means say how much their terms took from each other; other rules have nothing to say."""
    net = Network(4, [Linear(1, bias=False), Sigmoid()])
    net.weights["linear1.weight"] = [[1.0, 1.0, 1.0, 1.0]]
    lost = net.trace(np.array([2.0**25, 1.0, -(2.0**25), -1.0]))
    assert lost.explain("linear1", (0,)).cancellation == np.inf
    assert "the terms are not 0, as is their sum: digits cancelled" in str(lost.explain("linear1", (0,)))
    assert np.isnan(net.trace(np.full(4, -10.0)).explain("sigmoid1", (0,)).cancellation)
    assert np.isnan(net.trace(np.zeros(4)).explain("linear1", (0,)).cancellation)
    pools = Network((1, 4, 4), [AvgPool2d(4)])
    assert pools.trace(np.ones((1, 4, 4))).explain("pool1", (0, 0, 0)).cancellation == 1.0
    mixed = np.ones((1, 4, 4))
    mixed[0, :2] = -1.0
    mixed[0, 0, 0] = 1.0
    assert pools.trace(mixed).explain("pool1", (0, 0, 0)).cancellation == 8.0
    x = Input(1, name="x")
    less = Network(x, Subtract()(Linear(1, bias=False)(x, name="scaled"), x))
    less.weights["scaled.weight"] = [[1.25]]
    assert less.trace([4.0]).explain("subtract1", (0,)).cancellation == 9.0


@pytest.mark.parametrize("index", [3, (0.9, 1.7, 0), ("a", 0, 0), None])
def test_places_are_whole_numbers(index: object) -> None:
    """A place that is no sequence of whole numbers is refused, not rounded."""
    with pytest.raises(ShapeError, match="expected  3 numbers from"):
        network().trace(image()).explain("conv1", index)  # pyright: ignore[reportArgumentType]


def test_what_a_trace_gives_cannot_be_changed() -> None:
    """Values read from a trace are read-only, so that explanation and value cannot come apart."""
    found = network().trace(image())
    for name in ("input", "conv1", "relu1", "softmax1"):
        with pytest.raises(ValueError, match="read-only"):
            found[name][...] = 0

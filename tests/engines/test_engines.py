"""Choosing an engine, and what it accepts."""

from __future__ import annotations

import tracemalloc
from typing import ClassVar

import numpy as np
import pytest

from pellucid import Input, Network, engines
from pellucid.arrays import Floats
from pellucid.engines import ENGINES, Engine, Program, as_inputs, get
from pellucid.engines.reference import ReferenceEngine
from pellucid.errors import DataError, EngineError, ParameterError, ShapeError, UnknownNameError
from pellucid.layers import Add, Conv2d, Flatten, Linear, ReLU, Tanh
from pellucid.train import SGD, CrossEntropy


def network() -> Network:
    """Two channels of unequal sides."""
    return Network((2, 4, 6), [Conv2d(3, 3), Flatten(), Linear(5)])


def images(n: int = 7) -> np.ndarray:
    """A batch of images."""
    return np.random.default_rng(0).standard_normal((n, 2, 4, 6)).astype(np.float32)


def test_engines_are_listed_with_what_they_are() -> None:
    """Every engine says what it is, or why it cannot run here."""
    assert set(engines.available()) == set(ENGINES)
    assert engines.available()["reference"].startswith("plain NumPy")


def test_get_by_name_by_object_and_by_default() -> None:
    """A name, an engine or nothing leads to an engine; an unknown name to an error that lists them."""
    own = ReferenceEngine()
    assert get("reference") is ENGINES["reference"]
    assert get() is get("native") is ENGINES["native"]
    assert get(own) is own
    with pytest.raises(UnknownNameError) as unknown:
        get("referense")
    assert str(unknown.value) == (
        "engine 'referense'\n  got       'referense'\n"
        f"  expected  one of {', '.join(ENGINES)}\n  fix       did you mean 'reference'?"
    )


def test_an_engine_that_cannot_run_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for an engine that is not available gives its reason."""

    class Absent(ReferenceEngine):
        name: ClassVar[str] = "absent"

        def unavailable(self) -> str | None:
            """Say why."""
            return "its package is not installed"

    monkeypatch.setitem(ENGINES, "absent", Absent())
    assert engines.available()["absent"] == "not available: its package is not installed"
    with pytest.raises(EngineError, match="got       its package is not installed"):
        get("absent")


def test_predict_takes_batches_of_any_size() -> None:
    """The batch size changes no number, a single image is a batch of one, and no image gives no output."""
    net = network()
    whole = net.predict(images())
    assert whole.shape == (7, 5)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(net.predict(images(), batch_size=2), whole, atol=1e-6)
    np.testing.assert_allclose(net.predict(images()[0]), whole[:1], atol=1e-6)
    assert net.predict(images(0)).shape == (0, 5)
    with pytest.raises(ParameterError, match="batch_size=0"):
        net.predict(images(), batch_size=0)


def test_layouts_and_types_do_not_matter() -> None:
    """Any real dtype and any memory layout gives what contiguous float32 gives, and the input stays as it was."""
    net = network()
    x = np.random.default_rng(0).integers(-3, 4, (3, 2, 4, 6))
    right = net.predict(x.astype(np.float32))
    kept = x.copy()
    strided = np.zeros((6, 4, 8, 12))[::2, ::2, ::2, ::2]
    strided[...] = x
    swapped = np.asfortranarray(x.astype(">f8"))
    for other in (x, x.astype(np.float16), x.astype(np.int8), strided, swapped, x[:, :, ::-1][:, :, ::-1]):
        assert np.array_equal(net.predict(other), right)
    assert np.array_equal(net.predict(x.transpose(0, 2, 3, 1), channels_last=True), right)
    assert np.array_equal(net.predict(x[0].transpose(1, 2, 0), channels_last=True), net.predict(x[:1]))
    assert np.array_equal(net.predict(x.tolist()), right)
    assert np.array_equal(x, kept)


def test_several_inputs_and_outputs() -> None:
    """Several inputs are a tuple of arrays, several outputs come as a tuple."""
    a, b = Input((3,), name="a"), Input((3,), name="b")
    net = Network([a, b], [Add()(a, b), Linear(2)(b)])
    x, y = np.ones((4, 3)), np.arange(12.0).reshape(4, 3)
    total, weighed = net.predict((x, y))
    assert np.array_equal(total, x + y)
    assert weighed.shape == (4, 2)
    assert [part.shape for part in net.predict((x[:0], y[:0]))] == [(0, 3), (0, 2)]
    assert net.trace((x[0], y[0]))["add1"].shape == (3,)
    with pytest.raises(ShapeError) as one:
        net.predict(x)
    assert str(one.value) == (
        "network 'network'\n  got       1 arrays\n  expected  2: a, b\n  fix       give a tuple with one array an input"
    )
    with pytest.raises(ShapeError, match="got       batches of 4, 3"):
        net.predict((x, y[:3]))


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        (np.zeros((7, 4, 6, 2)), ShapeError, "fix       pass channels_last=True"),
        (np.zeros((7, 2, 6, 4)), ShapeError, "got       shape (7, 2, 6, 4)\n  expected  (N, 2, 4, 6) or (2, 4, 6)"),
        (np.zeros((2, 7, 2, 4, 6)), ShapeError, "got       shape (2, 7, 2, 4, 6)"),
        (np.zeros(()), ShapeError, "got       shape ()"),
        (np.zeros((2, 4, 6), complex), DataError, "got       dtype complex128"),
        (np.full((2, 4, 6), "x"), DataError, "got       dtype <U1"),
        ([[1.0], [1.0, 2.0]], DataError, "got       rows of different lengths"),
        (None, DataError, "got       dtype object"),
    ],
)
def test_bad_images_get_one_clear_error(given: object, error: type[Exception], text: str) -> None:
    """What is not a batch of the network's images is told apart before anything runs."""
    with pytest.raises(error) as raised:
        as_inputs(network(), given)
    assert text in str(raised.value)


def test_a_missing_channel_axis_is_recognised() -> None:
    """Grey images without their channel axis get the fix that adds it."""
    net = Network((1, 4, 4), [Flatten(), Linear(2)])
    with pytest.raises(ShapeError, match=r"add the channel axis: images\[:, None\]"):
        net.predict(np.zeros((5, 4, 4)))


def test_nothing_is_said_on_the_way_to_nan() -> None:
    """NaN and infinity go through without warnings (which are errors in these tests)."""
    bad = images()
    bad[0, 0, 0, 0], bad[1, 1, 1, 1] = np.nan, np.inf
    assert np.isnan(network().predict(bad)[0]).all()


def test_the_contract_has_no_defaults_to_fall_back_on() -> None:
    """An engine that leaves something out cannot be made."""
    assert Engine.__abstractmethods__ == {"program", "trainer"}


def test_an_engine_that_only_runs_takes_no_gradients() -> None:
    """A program that defines none refuses clearly, and points to one that does."""

    class Runs(Program):
        def run(self, inputs: tuple[Floats, ...]) -> tuple[Floats, ...]:
            """Give the inputs back."""
            return inputs

        def trace(self, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
            """See nothing."""
            return {}

    x = np.ones((1, 3), np.float32)
    with pytest.raises(EngineError) as refused:
        Runs().gradients({"input": x}, "input", x)
    assert str(refused.value) == (
        "gradients\n  got       an engine that only runs networks\n"
        '  expected  one that takes gradients\n  fix       use "native"'
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_running_lets_go_of_what_nobody_reads_any_more(engine: str) -> None:
    """A run holds no more than a few values at once, however long the network is; a trace holds them all."""
    net = Network((8, 64, 64), [layer for _ in range(30) for layer in (ReLU(), Tanh())])
    x = np.ones((32, 8, 64, 64), np.float32)
    peaks: list[int] = []
    program = get(engine).program(net)
    for call in (program.run, program.trace):
        tracemalloc.start()
        call((x,))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] < 6 * x.nbytes
    assert peaks[1] > 55 * x.nbytes


def test_weights_that_the_loss_does_not_reach_stay() -> None:
    """Training moves what the first output depends on; gradients of all else are zeros."""
    a, b = Input((3,), name="a"), Input((3,), name="linear1.weight")  # a name that a weight has too
    net = Network([a, b], [Linear(2)(a), Linear(2)(b)])
    before = net.weights.copy()
    trainer = get().trainer(net, CrossEntropy(), SGD(0.1, weight_decay=0.1), seed=0)
    x = np.ones((4, 3), np.float32)
    grads = trainer.gradients((x, x), np.zeros(4, np.int64), np.arange(4))
    assert grads.inputs[0].any()
    assert not grads.inputs[1].any()
    assert not grads.weights["linear2.weight"].any()
    trainer.step((x, x), np.zeros(4, np.int64), np.arange(4), rate=0.1)
    trainer.sync()
    changed = {name for name in net.weights if not np.array_equal(before[name], net.weights[name])}
    assert changed == {"linear1.weight", "linear1.bias"}
    assert set(trainer.state()) == {"step"}

"""NaN, infinities, zeros of both signs and denormal numbers: the engine's answer is the definition's, everywhere.

Denormal numbers count as 0 while kernels run, which keeps them fast. So what goes in is compared as if it were 0, and
what comes out denormal may be 0; the process around the kernels keeps its own rules.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import numpy as np
import pytest
from contract import values
from engines.native.whole import SEED, TARGETS, Array, check_within, child, gradients, largest

from pellucid import Input, Network
from pellucid.engines import Engine
from pellucid.engines.native import NativeEngine, pool
from pellucid.engines.native.machine import Target
from pellucid.engines.reference import ReferenceEngine
from pellucid.layers import (
    CELU,
    ELU,
    GELU,
    SELU,
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm2d,
    Clip,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    GroupNorm,
    HardSigmoid,
    HardSwish,
    InstanceNorm2d,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    LocalResponseNorm,
    LogSoftmax,
    LpPool2d,
    MaxPool2d,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from pellucid.train import SGD, CrossEntropy, MeanSquaredError

TINY = 2.0**-126  # the smallest normal number
DENORMAL = np.float32(1e-40)
LANES = 17  # samples that hold a special value at one place: every lane of a vector, and one more
MAPS = (3, 4, 5)
# No sum of the last is infinite: whether a sum passes through an infinity depends on its order.
SPECIAL = {"NaN": np.nan, "inf": np.inf, "-inf": -np.inf, "-0": -0.0, "0": 0.0, "denormal": 1e-40, "huge": 1e33}
LAYERS: list[tuple[Layer, tuple[int, ...]]] = [
    (ReLU(), MAPS),
    (LeakyReLU(0.25), MAPS),
    (LeakyReLU(-0.5), MAPS),
    (Tanh(), MAPS),
    (Sigmoid(), MAPS),
    *((layer, MAPS) for layer in (ReLU6(), Clip(-0.5, 0.5), Clip(max=0.25), HardSigmoid(), HardSwish(), SiLU())),
    *((layer, MAPS) for layer in (ELU(0.5), SELU(), CELU(2.0), Softplus(), Softsign(), Mish(), GELU(), GELU("tanh"))),
    (Softmax(), MAPS),
    (Softmax(-1), MAPS),
    (Softmax(), (19,)),
    (LogSoftmax(), MAPS),
    (LogSoftmax(-1), MAPS),
    (LogSoftmax(), (19,)),
    (MaxPool2d(2), MAPS),
    (MaxPool2d(3, stride=1, padding=1), MAPS),
    (MaxPool2d((4, 1), dilation=1), MAPS),
    (GlobalMaxPool2d(), MAPS),
    (AvgPool2d(2, stride=1, padding=1), MAPS),
    (GlobalAvgPool2d(), MAPS),
    (Conv2d(5, 3, padding=1), MAPS),
    (Conv2d(4, 2, stride=2, padding_mode="replicate", padding=1), MAPS),
    (Conv2d(3, 3, groups=3), MAPS),
    (Linear(6), (19,)),
    (Linear(4), (2, 5)),
    (Add(), MAPS),
    (BatchNorm2d(), MAPS),
    *((LayerNorm(axes), MAPS) for axes in (None, (0,), (1, 2))),
    (LayerNorm(), (19,)),
    (GroupNorm(3), (6, 4)),
    (GroupNorm(2), (4, 3, 5)),
    (InstanceNorm2d(affine=True), MAPS),
    (LocalResponseNorm(3, alpha=0.5), MAPS),
    (LocalResponseNorm(2, alpha=0.5, beta=-1.3), (4, 5)),
    *((LpPool2d(p, 2, stride=1, padding=1), MAPS) for p in (2, 1.3)),
]
IDS = [f"{layer} on {shape}" for layer, shape in LAYERS]


def network(layer: Layer, shape: tuple[int, ...]) -> Network:
    """A network that is one layer, whose weights are neither 0 nor special."""
    x = Input(shape, name="x")
    net = Network(x, layer(*([x, x] if isinstance(layer, Add) else [x]), name="here"))
    for key, (name, spec) in enumerate(net.weights.specs.items()):
        drawn = values(spec.shape, key) + 0.003
        net.weights[name] = (np.abs(drawn) if name.endswith("var") else drawn).astype(np.float32)
    return net


def planted(shape: tuple[int, ...], special: float) -> Array:
    """For every place and every lane a sample that has a special value just there, among moderate ones."""
    size = int(np.prod(shape))
    images = np.tile(values((LANES, size), 3), (size, 1))  # (size * LANES, size)
    samples = np.arange(size * LANES)
    images[samples, samples // LANES] = special
    images[samples[::2], (samples[::2] // LANES * 7 + 3) % size] = special  # and in half of them at a second place
    return images.reshape(-1, *shape).astype(np.float32)


def filled(shape: tuple[int, ...], special: float) -> Array:
    """Samples that are special everywhere, but for one place in each, and one without exception."""
    size = int(np.prod(shape))
    images = np.full((size + 1, size), special)
    images[np.arange(size), np.arange(size)] = 1.5
    return images.reshape(-1, *shape).astype(np.float32)


def flushed(array: Array) -> Array:
    """The same numbers with zeros for denormal ones."""
    return np.where(np.abs(array) < TINY, np.copysign(np.zeros_like(array), array), array)


def check_special(found: Array, wanted: Array, what: str) -> None:
    """NaN at the same places, the same infinities, and other numbers nearly the same."""
    assert found.shape == wanted.shape
    found, wanted = flushed(found), flushed(wanted)
    for kind, test in (("NaN", np.isnan), ("inf", np.isposinf), ("-inf", np.isneginf)):
        differs = np.argwhere(test(found) != test(wanted))
        if len(differs):
            place = tuple(differs[0].tolist())
            text = f"{len(differs)} places differ in being {kind}, the first {place}"
            raise AssertionError(f"{what}: {text}: {found[place]!r}, wanted {wanted[place]!r}")
    plain = np.where(np.isfinite(wanted), wanted, 0)
    bound = np.full(plain.shape, 2e-5 * max(1.0, largest(plain)))
    check_within(np.where(np.isfinite(found), found, 0), plain, bound, what)


@cache
def answer(number: int, name: str, whole: bool) -> tuple[Array, Array, Array, dict[str, Array]]:
    """The definition's values in float32, a gradient, and what becomes of it."""
    layer, shape = LAYERS[number]
    net, images = network(layer, shape), (filled if whole else planted)(shape, SPECIAL[name])
    seen = flushed(images)
    (y,) = ReferenceEngine().program(net).run((seen,))
    gradient = (values(y.shape, 8) / max(1.0, largest(values(y.shape, 8)))).astype(np.float32)
    found = gradients(ReferenceEngine(), net, (seen,), gradient)
    return images, y, gradient, {"x": found.inputs[0], **found.weights}


def check_layer(engine: Engine, number: int, name: str, *, whole: bool) -> None:
    """A layer's values and gradients, with a special value at every place and lane, or everywhere but at one place."""
    layer, shape = LAYERS[number]
    net = network(layer, shape)
    images, y, gradient, wanted = answer(number, name, whole)
    what = f"{layer} of {name}"
    check_special(engine.program(net).run((images,))[0], y, what)
    for sample in (0, len(images) // 2, len(images) - 1):  # one image has lanes of its own
        one = images[sample : sample + 1]
        check_special(engine.program(net).run((one,))[0], y[sample : sample + 1], f"{what}, sample {sample} alone")
    found = gradients(engine, net, (images,), gradient)
    for where, array in {"x": found.inputs[0], **found.weights}.items():
        check_special(array, wanted[where], f"gradient of {where}, {what}")


# A mean of huge numbers is exact or not by the order of its sum, and with it whether their variance is 0 or infinite.
CASES = [
    pytest.param(number, name, id=f"{text}-{name}")
    for number, text in enumerate(IDS)
    for name in SPECIAL
    if name != "huge" or not isinstance(LAYERS[number][0], (LayerNorm, GroupNorm, InstanceNorm2d))
]


@TARGETS
@pytest.mark.parametrize(("number", "name"), CASES)
def test_special_values_are_answered_as_defined(number: int, name: str, target: Target) -> None:
    """NaN and infinities show at the same places, forward and backward, and spoil nothing else."""
    check_layer(NativeEngine(target=target, exact=True, threads=1), number, name, whole=False)
    check_layer(NativeEngine(target=target, exact=True, threads=1), number, name, whole=True)


@TARGETS
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_layers_done_in_one_step_answer_as_defined(special: float, target: Target) -> None:
    """So it is where a step does a batch norm, a sum, an activation and a pool besides."""
    x = Input((3, 4, 6), name="x")
    y = ReLU()(Add()(BatchNorm2d()(Conv2d(3, 3, padding=1)(x)), x))
    net = Network(x, [MaxPool2d(2)(y), MaxPool2d(2)(Tanh()(Conv2d(5, 3, padding=1)(x)))], seed=2)
    images = planted((3, 4, 6), special)
    for count in (1, 40, len(images)):
        found = NativeEngine(target=target, exact=True, threads=1).program(net).run((images[:count],))
        for ours, right in zip(found, ReferenceEngine().program(net).run((images[:count],)), strict=True):
            check_special(ours, right, f"{special} x {count}")


@TARGETS
@pytest.mark.parametrize("layer", [LeakyReLU(0.25), Tanh(), MaxPool2d(2), GlobalMaxPool2d(), Add()], ids=str)
def test_zeros_keep_their_sign(layer: Layer, target: Target) -> None:
    """-0 stays -0 where the definition leaves no choice."""
    net = network(layer, MAPS)
    for count in (1, 17):
        for zero in (-0.0, 0.0):
            images = np.full((count, *MAPS), zero, np.float32)
            (y,) = NativeEngine(target=target, threads=1).program(net).run((images,))
            assert not y.any()
            assert (np.signbit(y) == np.signbit(zero)).all()


@TARGETS
def test_denormal_numbers_count_as_zero(target: Target) -> None:
    """They are 0 to every sum, whatever they are multiplied with, and a sum that gets so small is 0."""
    x = Input((2, 4, 4), name="x")
    net = Network(x, Conv2d(1, 1, bias=False)(x))
    engine = NativeEngine(target=target, threads=1)
    for count in (1, 16):
        net.weights["conv1.weight"] = np.full((1, 2, 1, 1), 1e30, np.float32)
        assert not engine.program(net).run((np.full((count, 2, 4, 4), DENORMAL),))[0].any()
        net.weights["conv1.weight"] = np.full((1, 2, 1, 1), 1e-30, np.float32)
        assert not engine.program(net).run((np.full((count, 2, 4, 4), 1e-10, np.float32),))[0].any()


@TARGETS
def test_winograd_keeps_nan_in_its_tile(target: Target) -> None:
    """Winograd's algorithm mixes the 6x6 numbers of a tile: there NaN spreads, but to no other tile, sample or lane."""
    x = Input((32, 12, 12), name="x")
    net = Network(x, Conv2d(32, 3, padding=1)(x), seed=1)
    rng = np.random.default_rng(0)
    for count, sample, row, column in ((1, 0, 6, 7), (33, 32, 0, 11), (33, 5, 3, 4)):
        images = rng.standard_normal((count, 32, 12, 12)).astype(np.float32)
        images[sample, 3, row, column] = np.nan
        (found,) = NativeEngine(target=target, threads=1).program(net).run((images,))
        (right,) = ReferenceEngine().program(net).run((images,))
        assert np.isnan(found[np.isnan(right)]).all()
        near = np.zeros((count, 1, 12, 12), np.bool_)
        near[sample, 0, max(row - 5, 0) : row + 6, max(column - 5, 0) : column + 6] = True
        far = ~np.broadcast_to(near, found.shape)
        np.testing.assert_allclose(found[far], right[far], atol=2e-5)


@pytest.mark.parametrize("loss", [CrossEntropy(), MeanSquaredError()], ids=repr)
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf, 1e30])
def test_losses_tell_special_values(special: float, loss: Any) -> None:
    """One sample's loss is NaN or infinite as defined, and the others' stay what they are."""
    x = Input((7,), name="x")
    net = Network(x, LeakyReLU(0.5)(x))
    for place in (0, 3, 6):
        outputs = (values((17, 7), 2) / 2).astype(np.float32)
        outputs[np.arange(3, 17, 4), place] = special
        batch = (outputs,), np.arange(17) % 7, np.arange(17)
        made = [e.trainer(net, loss, SGD(0.1), seed=SEED) for e in (NativeEngine(), ReferenceEngine())]
        with np.errstate(all="ignore"):  # the definition's own
            found, wanted = (trainer.step(*batch, rate=0.1).losses for trainer in made)
            slope, right = (trainer.gradients(*batch).inputs[0] for trainer in made)
        check_special(found, wanted, f"{loss} of {special}")
        check_special(slope, right, f"gradient of {loss} of {special}")


@pytest.mark.parametrize(("layer", "shape"), [(Linear(6), (19,)), (Conv2d(5, 3, padding=1), MAPS)], ids=str)
def test_free_lanes_do_not_show(layer: Layer, shape: tuple[int, ...]) -> None:
    """An infinity in the last sample of a batch that fills no vector makes infinite gradients, as it does elsewhere."""
    net = network(layer, shape)
    images = values((17, *shape), 3).astype(np.float32)
    images[16].flat[4] = np.inf
    gradient = values((17, *net.outputs[0].shape), 4).astype(np.float32)
    found, wanted = (gradients(engine, net, (images,), gradient) for engine in (NativeEngine(), ReferenceEngine()))
    check_special(found.weights["here.weight"], wanted.weights["here.weight"], str(layer))


# --- the process around the kernels


def rules() -> tuple[bool, ...]:
    """Whether this thread keeps denormal numbers, and rounds to nearest, both ways."""
    one, half = np.float32(1), np.float32(2.0**-24)
    told = (
        float(DENORMAL * one) == float(DENORMAL),  # they go in
        float(np.float32(2.0**-126) * np.float32(0.5)) > 0,  # and come out
        one + half == one,
        one + np.float32(1.5) * half > one,
        -one - half == -one,
        -one - np.float32(1.5) * half < -one,
        one - half / 2 == one,
    )
    return tuple(bool(each) for each in told)


USUAL = (True,) * 7


def work(engine: NativeEngine) -> None:
    """Run and train a network with enough work for several threads, and numbers that overflow and are denormal."""
    x = Input((16, 20, 20), name="x")
    net = Network(x, Linear(10)(Flatten()(Tanh()(Conv2d(16, 3, padding=1)(AdaptiveAvgPool2d(18)(x))))), seed=1)
    images = np.full((33, 16, 20, 20), 1e-40, np.float32)
    images[::3], images[1::3] = 3e38, np.inf
    engine.program(net).run((images,))
    engine.program(net).run((images[:1],))
    trainer = engine.trainer(net, CrossEntropy(), SGD(0.1), seed=SEED)
    for _ in range(3):
        trainer.step((images,), np.zeros(33, np.int64), np.arange(33), rate=0.1)


@pytest.mark.parametrize("threads", [1, 4])
def test_the_process_keeps_its_arithmetic(threads: int) -> None:
    """After every call this thread, and others, keep denormal numbers and round to nearest as before."""
    assert rules() == USUAL
    work(NativeEngine(threads=threads))
    assert rules() == USUAL
    seen: list[tuple[bool, ...]] = []

    def call() -> None:
        seen.append(rules())
        work(NativeEngine(threads=threads))
        seen.append(rules())

    others = [threading.Thread(target=call) for _ in range(3)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert seen == [USUAL] * 6
    assert rules() == USUAL


def test_workers_keep_their_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that comes back from machine code to Python has Python's arithmetic."""
    native, seen, back = pool.get_driver(), [], threading.Event()

    class Watched:
        """The driver, with a look at the arithmetic after a worker's return."""

        execute, patience = native.execute, native.patience

        @staticmethod
        def work(state: int, thread: int, patience: int) -> None:
            native.work(state, thread, patience)
            seen.append(rules())
            back.set()

    monkeypatch.setattr(pool, "get_driver", Watched)
    monkeypatch.setattr(pool, "_POOLS", {})
    work(NativeEngine(threads=3))
    assert back.wait(60)
    assert set(seen) == {USUAL}


def test_overflow_in_a_kernel_is_no_error_of_numpy() -> None:
    """Kernels leave no floating-point flags behind that NumPy would take for its own."""
    with np.errstate(all="raise"):
        work(NativeEngine(threads=1))
        assert float(np.float32(1) + np.float32(1)) == 2


FRESH = """
import numpy as np
from engines.native.test_special_values import USUAL, rules, work
print(rules() == USUAL)
from pellucid.engines.native import NativeEngine
work(NativeEngine(threads=2))
print(rules() == USUAL)
"""


def test_importing_changes_no_arithmetic() -> None:
    """Neither the import nor the first compilation changes a fresh process's arithmetic."""
    assert child(FRESH).split() == ["True", "True"]


def test_a_driver_that_does_not_clean_up_would_be_seen() -> None:
    """These tests notice a driver that leaves denormal numbers flushed."""
    assert child(LEAKING).split() == ["True", "False"]


LEAKING = """
from dataclasses import replace
from engines.native.test_special_values import USUAL, rules, work
from pellucid.engines.native import NativeEngine, driver
driver._X86, driver._ARM = (replace(machine, restore="") for machine in (driver._X86, driver._ARM))
print(rules() == USUAL)
work(NativeEngine(threads=1))
print(rules() == USUAL)
"""

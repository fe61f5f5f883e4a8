"""The same bits come out of the same work: for any number of threads, again, in another process, beside other work.

What is promised: the same batch gives the same bits, for runs, gradients and whole trainings, on one instruction set.
What is not: that a sample gives the same bits alone as in a batch (other lanes may do its sums in another order), or on
another instruction set (which may round a multiplication and an addition once or twice).
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

import numpy as np
import pytest
from engines.native.whole import SEED, TARGETS, Array, child

from pellucid import Input, Network
from pellucid.engines.native import NativeEngine, executable
from pellucid.engines.native.machine import Target, available
from pellucid.engines.native.plan import Plan
from pellucid.layers import (
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Dropout2d,
    Flatten,
    LayerNorm,
    Linear,
    MaxPool2d,
    ReLU,
)
from pellucid.train import SGD, CrossEntropy

COUNTS = (33, 16, 7, 48, 1, 130)  # samples: fewer than a vector, no multiple of one, and more blocks than chunks
STEPS = 50


def network() -> Network:
    """Convolutions, direct and by Winograd's algorithm, norms, dropout, pools, a wide and a small linear layer."""
    x = Input((3, 12, 12), name="x")
    a = ReLU()(BatchNorm2d()(Conv2d(32, 3, padding=1)(x)))
    b = Dropout2d(0.2)(ReLU()(Conv2d(32, 3, padding=1)(a)))
    c = Concat()(MaxPool2d(2)(b), AvgPool2d(3, stride=2, padding=1)(LayerNorm((0,))(a)))
    d = ReLU()(Linear(32)(Flatten()(c)))  # 2304 x 32 weights
    return Network(x, Linear(10)(Dropout(0.3)(d)), seed=5)


def data(count: int) -> tuple[tuple[Array], Array, Array]:
    """Images, classes and numbers of samples."""
    rng = np.random.default_rng(count)
    images = rng.standard_normal((count, 3, 12, 12)).astype(np.float32)
    return (images,), rng.integers(0, 10, count), rng.permutation(1000)[:count]


def digest(threads: int, target: Target | None = None, *, steps: int = STEPS) -> dict[str, str]:
    """SHA-256 of what runs, traces, gradients and a training give, each by itself."""
    engine, net = NativeEngine(threads=threads, target=target), network()
    found = {name: hashlib.sha256() for name in ("runs", "traces", "gradients", "losses", "outputs", "weights")}

    def take(name: str, *arrays: Array) -> None:
        for array in arrays:
            found[name].update(np.ascontiguousarray(array).tobytes())

    trainer = engine.trainer(net, CrossEntropy(), SGD(0.05, momentum=0.9, weight_decay=1e-3), seed=SEED)
    for count in COUNTS:
        batch, classes, samples = data(count)
        take("runs", *engine.program(net).run(batch))
        take("traces", *engine.program(net).trace(batch).values())
        gradients = trainer.gradients(batch, classes, samples)
        take("gradients", *gradients.inputs, *gradients.weights.values())
    for number in range(steps):
        batch, classes, samples = data(COUNTS[number % len(COUNTS)])
        step = trainer.step(batch, classes, samples + number, rate=0.05 / (1 + number))
        take("losses", step.losses)
        take("outputs", step.outputs)
    trainer.sync()
    take("weights", *net.weights.values(), *trainer.state().values())
    return {name: made.hexdigest() for name, made in found.items()}


@pytest.fixture(scope="module")
def alone() -> dict[str, str]:
    """What one thread gives."""
    return digest(1)


@pytest.mark.parametrize("threads", [1, 2, 3, 4, 8, pytest.param(16, marks=pytest.mark.slow)])
def test_threads_change_no_bit(threads: int, alone: dict[str, str]) -> None:
    """Runs, gradients and 50 steps are the same for any number of threads; 1 is the same work again."""
    assert digest(threads) == alone


@pytest.mark.slow
@pytest.mark.parametrize("threads", [2, 3])
def test_a_hundred_times_change_no_bit(threads: int, alone: dict[str, str]) -> None:
    """The same work a hundred times over."""
    for _ in range(100):
        assert digest(threads) == alone


@pytest.mark.parametrize("target", available()[1:], ids=lambda target: target.name)
def test_threads_change_no_bit_on_other_instructions(target: Target) -> None:
    """So it is on every instruction set."""
    assert digest(3, target, steps=8) == digest(1, target, steps=8)


def test_the_network_has_it_all(plans: list[Plan]) -> None:
    """What the tests of this file train has steps of every kind."""
    digest(1, steps=6)
    kernels = {type(kernel).__name__ for plan in plans for kernel in plan.kernels()}
    assert {"ConvForward", "ConvInputGradient", "ConvWeightGradient"} <= kernels
    assert {"WinogradForward", "WinogradInputGradient"} <= kernels
    assert {"Moments", "DropoutForward", "MaxPoolBackward", "AvgPoolBackward"} <= kernels
    assert {"WideLinearForward", "WideLinearInputGradient", "LinearForward", "LinearWeightGradient"} <= kernels


def test_threads_do_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a second thread takes it does in memory of its own: it took some of this work, so its bits were compared."""
    made: list[executable.Executable] = []
    point = executable.Executable._point

    def note(self: executable.Executable) -> None:
        if self not in made:
            self._threads[:] = 0
            made.append(self)
        point(self)

    monkeypatch.setattr(executable.Executable, "_point", note)
    for _ in range(20):  # a worker may come late, but not for ever
        digest(2, steps=12)
        if any(each._threads[each.sizes.thread :].any() for each in made):
            return
    pytest.fail("the second thread never did anything")


AGAIN = """
import json, sys
from engines.native.test_determinism import digest
print(json.dumps(digest(int(sys.argv[1]))))
"""


@pytest.mark.parametrize("threads", [1, 3])
def test_another_process_gives_the_same_bits(threads: int, alone: dict[str, str]) -> None:
    """Nothing depends on where memory lies, or on hashes of this process."""
    assert json.loads(child(AGAIN, str(threads), PYTHONHASHSEED="7")) == alone


@contextmanager
def beside(work: Callable[[], object], count: int) -> Generator[None]:
    """Have other threads of Python do something again and again meanwhile."""
    over = threading.Event()

    def again() -> None:
        while not over.is_set():
            work()

    others = [threading.Thread(target=again) for _ in range(count)]
    for other in others:
        other.start()
    try:
        yield
    finally:
        over.set()
        for other in others:
            other.join()


def test_other_work_changes_no_bit(alone: dict[str, str]) -> None:
    """Other threads that keep the processor busy, and other networks that ask for the same workers, change nothing."""
    other = NativeEngine(threads=3).program(network())
    (images,), _, _ = data(33)
    with beside(lambda: sum(range(1000)), 2), beside(lambda: other.run((images,)), 2):
        assert digest(3) == alone


def test_several_callers_get_the_same_bits() -> None:
    """Threads that run one program at the same time get what each of them would get alone."""
    engine, net = NativeEngine(threads=2), network()
    wanted = {count: engine.program(net).run(data(count)[0])[0] for count in COUNTS}
    wrong: list[int] = []

    def call(count: int) -> None:
        for _ in range(20):
            (found,) = engine.program(net).run(data(count)[0])
            if found.tobytes() != wanted[count].tobytes():
                wrong.append(count)

    callers = [threading.Thread(target=call, args=(count,)) for count in COUNTS]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


@TARGETS
def test_a_batch_gives_the_same_bits_again(target: Target) -> None:
    """The same batch gives the same bits after others, larger and smaller, have passed through the same memory."""
    engine, net = NativeEngine(target=target, threads=2), network()
    first = {count: engine.program(net).run(data(count)[0])[0].tobytes() for count in COUNTS}
    for count in reversed(COUNTS):
        assert engine.program(net).run(data(count)[0])[0].tobytes() == first[count]


def test_a_change_of_order_would_be_seen(alone: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """These digests notice sums in another order: a batch that were cut into as many chunks as there are threads."""
    monkeypatch.setattr(executable, "MOST_CHUNKS", 3)
    changed = digest(1)
    assert changed["runs"] == alone["runs"]
    assert changed["gradients"] != alone["gradients"]
    assert changed["weights"] != alone["weights"]

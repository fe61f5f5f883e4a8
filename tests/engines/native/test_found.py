"""What a reader of the whole engine doubted, and what now holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engines.native.whole import TARGETS, Array, check_near, check_values, defined_gradients, gradients, named, training

from pellucid import Input, Network
from pellucid.engines.native import NativeEngine, executable, loader, trainer
from pellucid.engines.native.machine import Target
from pellucid.engines.native.samples.rules import RULES
from pellucid.engines.reference import ReferenceEngine
from pellucid.layers import Add, BatchNorm2d, Concat, Conv2d, Flatten, Layer, Linear, Softmax, Tanh
from pellucid.train import SGD, CrossEntropy
from pellucid.weights import WeightStore

POISON = 255  # in every byte, it makes a NaN of a float, and -1 of a whole number


def images(count: int, *shape: int) -> Array:
    """Return numbers around 0 without a pattern."""
    return np.random.default_rng(count).uniform(-1, 1, (count, *shape)).astype(np.float32)


class Failing:
    """NumPy whose `empty` finds no memory."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def empty(self, *arguments: Any) -> Array:
        """Find none."""
        raise MemoryError


@pytest.mark.parametrize("where", ["gradients", "outputs"])
def test_a_batch_after_one_that_found_no_memory_is_right(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the memory of a large batch comes only in part, the next batch has all that it needs, and its own sizes."""
    x = Input((3, 8, 8), name="x")
    net = Network(x, Linear(4)(Flatten()(BatchNorm2d()(Conv2d(8, 3)(x)))), seed=1)
    made, given, classes = NativeEngine().trainer(net, CrossEntropy(), SGD(0.1), seed=1), images(600, 3, 8, 8), 4

    def found(count: int) -> dict[str, Array]:
        numbers = np.arange(count)
        return dict(made.gradients((given[:count],), numbers % classes, numbers).weights)

    before, aligned, asked = found(20), executable.aligned, list[int]()

    def new(count: int, dtype: Any) -> Array:
        asked.append(count)
        if where == "gradients" and len(asked) == 2:
            raise MemoryError
        array = aligned(count, dtype)
        array.view(np.uint8)[...] = POISON
        return array

    with monkeypatch.context() as patched:
        patched.setattr(executable, "aligned", new)
        if where == "outputs":
            patched.setattr(trainer, "np", Failing())
        with pytest.raises(MemoryError):
            found(600)
    assert asked
    after = found(20)
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_a_shared_layer_without_kernels_watches_use_after_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only watches the data follows the second use of a layer from where the first one left it."""
    monkeypatch.delitem(RULES, "BatchNorm2d")
    x, norm = Input((3, 4, 5), name="x"), BatchNorm2d()
    net = Network(x, Linear(2)(Flatten()(Tanh()(norm(Tanh()(norm(x)))))), seed=1)
    start = {name: weight.copy() for name, weight in net.weights.items()}
    after: list[dict[str, Array]] = []
    for engine in (NativeEngine(), ReferenceEngine()):
        for name, weight in start.items():
            net.weights[name] = weight
        made = engine.trainer(net, CrossEntropy(), SGD(0.1), seed=1)
        made.step((images(9, 3, 4, 5) + 1,), np.arange(9) % 2, np.arange(9), rate=0.1)
        made.sync()
        after.append({name: weight.copy() for name, weight in net.weights.items()})
    check_near(after[0], after[1], 1e-6)


def test_weights_assigned_between_steps_take_no_step_from_the_others() -> None:
    """What is assigned counts from then on, in the next step and when the weights are written back."""
    after: list[dict[str, Array]] = []
    for engine in (NativeEngine(), ReferenceEngine()):
        net = Network((4,), [Linear(3)], seed=2)
        made, given, classes = engine.trainer(net, CrossEntropy(), SGD(0.5), seed=1), images(9, 4), np.arange(9) % 3
        for assigned in ("linear1.bias", "linear1.weight"):
            made.step((given,), classes, np.arange(9), rate=0.5)
            net.weights[assigned] = np.ones(net.weights[assigned].shape)
        made.sync()
        after.append(net.weights.copy())
    check_near(after[0], after[1], 1e-6)


def test_an_interrupt_while_weights_are_written_back_leaves_no_mixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written back once more, all weights are those of the last step."""
    net = Network((4,), [Linear(5), Tanh(), Linear(3)], seed=2)
    made, given, classes = NativeEngine().trainer(net, CrossEntropy(), SGD(0.5), seed=1), images(9, 4), np.arange(9) % 3
    assign, start = WeightStore.__setitem__, net.weights.copy()

    def interrupted(store: WeightStore, name: str, value: Array) -> None:
        assign(store, name, value)
        if name == "linear1.bias":
            raise KeyboardInterrupt

    made.step((given,), classes, np.arange(9), rate=0.5)
    with monkeypatch.context() as patched:
        patched.setattr(WeightStore, "__setitem__", interrupted)
        with pytest.raises(KeyboardInterrupt):
            made.sync()
    made.sync()
    assert all(not np.array_equal(weight, start[name]) for name, weight in net.weights.items())


@pytest.mark.parametrize(
    ("shape", "axis"),
    [(shape, axis) for shape in ((7,), (5, 7), (3, 5, 7), (2, 3, 5, 7)) for axis in range(-len(shape), len(shape))],
)
def test_a_softmax_sums_along_an_axis_counted_from_either_end(shape: tuple[int, ...], axis: int) -> None:
    """The last axis is -1 in the networks that others write, whatever the number of axes."""
    x = Input(shape, name="x")
    net = Network(x, Softmax(axis)(x))
    for count in (1, 9, 20):
        xs = [images(count, *shape)]
        check_values(NativeEngine(), net, xs, tolerance=1e-6)
        gradient = images(count + 1, *shape)[1:]
        wanted = defined_gradients(net, xs, gradient, training(count))
        check_near(named(gradients(NativeEngine(), net, xs, gradient)), named(wanted), 2e-6)


@TARGETS
@pytest.mark.parametrize("order", ["CHW", "HWC"])
def test_narrow_maps_are_flattened(order: str, target: Target) -> None:
    """A linear layer reads maps of one column, and single places with zeros around them for a convolution."""
    for channels, height in ((3, 5), (20, 5), (3, 1), (20, 1), (40, 1)):
        x = Input((channels, height, 1), name="x")
        a = Tanh()(x)
        net = Network(x, [Linear(5)(Flatten(order)(a)), *([Conv2d(4, 3, padding=1)(a)] if height == 1 else [])])
        for count in (1, 2, 17):
            check_values(NativeEngine(target=target), net, [images(count, channels, height, 1)], tolerance=1e-5)


@pytest.mark.parametrize("joining", [Add(), Concat()], ids=str)
def test_many_branches_meet(joining: Layer) -> None:
    """Any number of values goes into one layer (forty in the blocks of DenseNet-201), for one image and for many."""
    x = Input((3, 4, 5), name="x")
    net = Network(x, Flatten()(joining(*(Tanh()(x) if k % 16 == 0 else x for k in range(300)))), seed=1)
    for count in (1, 20):
        check_values(NativeEngine(), net, [images(count, 3, 4, 5)], tolerance=1e-5)


def test_code_is_made_anew_when_the_rule_of_windows_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels ask the rule of windows what a padding copies, so the cache's keys are made of that file as well."""
    before, read = loader.sources(), Path.read_text

    def changed(path: Path, *arguments: Any, **named: Any) -> str:
        return read(path, *arguments, **named) + ("# changed" if path.name == "sliding.py" else "")

    monkeypatch.setattr(Path, "read_text", changed)
    assert loader.sources.__wrapped__() != before

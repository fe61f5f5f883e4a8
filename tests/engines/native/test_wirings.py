"""Networks that are no chain: several inputs and outputs, shared layers, and layers that have no kernel."""

from __future__ import annotations

import numpy as np
import pytest
from contract import check_engine, values
from contract_training import check_training
from engines.native.whole import (
    BATCHES,
    TARGETS,
    Array,
    check_near,
    check_values,
    defined_gradients,
    gradients,
    named,
    training,
)

from pellucid import Input, Network
from pellucid.engines.native import NativeEngine
from pellucid.engines.native.channels.rules import RULES as CHANNEL_RULES
from pellucid.engines.native.machine import Target, host
from pellucid.engines.native.plan import Plan
from pellucid.engines.native.samples.rules import RULES as SAMPLE_RULES
from pellucid.engines.native.samples.rules import elementwise
from pellucid.engines.reference import ReferenceEngine
from pellucid.layers import (
    REGISTRY,
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from pellucid.layers.base import Example
from pellucid.train import SGD, CrossEntropy


def branches() -> Network:
    """Inputs of two shapes, a layer that is used twice, values read by many, and outputs from all over."""
    maps, vector = Input((3, 6, 5), name="maps"), Input((7,), name="vector")
    shared, dense = Conv2d(3, 3, padding=1), Linear(7)
    a = Tanh()(shared(maps))
    b = Add()(a, shared(a), maps)
    joined = Concat()(b, MaxPool2d(3, stride=1, padding=1)(b), a)
    flat = Flatten()(AvgPool2d(2)(joined))
    twice = dense(Sigmoid()(dense(vector)))
    y = Linear(4)(Dropout(0.5)(Concat()(flat, twice, vector)))
    # What is not trained: a value inside, the very inputs, one value twice, and a branch of its own.
    return Network([maps, vector], [y, b, maps, Softmax()(y), y, vector, Flatten("HWC")(a)], seed=2)


def inputs_of(net: Network, count: int) -> list[Array]:
    """Inputs of moderate size, without ties."""
    drawn = [values((count, *node.shape), k) for k, node in enumerate(net.inputs)]
    return [(3 * x / np.abs(x).max()).astype(np.float32) for x in drawn]


def check_network(engine: NativeEngine, net: Network, *, tolerance: float = 2e-5) -> None:
    """Values for every size of batch, and the gradients of the first output, are the definition's."""
    for count in BATCHES:
        check_values(engine, net, inputs_of(net, count), tolerance=tolerance)
    for count in (2, 33):
        xs = inputs_of(net, count)
        gradient = values((count, *net.outputs[0].shape), 5).astype(np.float32)
        gradient /= np.abs(gradient).max()
        wanted = defined_gradients(net, xs, gradient, training(count))
        check_near(named(gradients(engine, net, xs, gradient)), named(wanted), tolerance)


@TARGETS
def test_branches_agree(target: Target) -> None:
    """Several inputs and outputs, shared layers, an input as an output, the same output twice."""
    check_network(NativeEngine(target=target), branches())


@TARGETS
def test_a_shared_batch_norm_agrees(target: Target) -> None:
    """The gradients of all its uses add up, and its averages follow one use after the other."""
    x, norm = Input((3, 4, 5), name="x"), BatchNorm2d()
    net = Network(x, Linear(2)(Flatten()(Add()(norm(x), norm(Tanh()(norm(x)))))))
    check_network(NativeEngine(target=target), net)
    start = {name: weight.copy() for name, weight in net.weights.items()}
    after: list[dict[str, Array]] = []
    for engine in (NativeEngine(target=target), ReferenceEngine()):
        for name, weight in start.items():
            net.weights[name] = weight
        trainer = engine.trainer(net, CrossEntropy(), SGD(0.1), seed=1)
        trainer.step(tuple(inputs_of(net, 9)), np.arange(9) % 2, np.arange(9), rate=0.1)
        trainer.sync()
        after.append({name: weight.copy() for name, weight in net.weights.items()})
    check_near(after[0], after[1], 2e-5)


@TARGETS
def test_an_input_alone_can_be_the_output(target: Target) -> None:
    """A network may give one of its inputs back, beside a layer's value."""
    x = Input((2, 3, 4), name="x")
    check_network(NativeEngine(target=target), Network(x, [ReLU()(x), x]))


def test_what_the_loss_does_not_see_stays(plans: list[Plan]) -> None:
    """An input and a weight that the first output does not depend on get gradients of zeros, and no weight moves."""
    x, aside = Input((4,), name="x"), Input((3,), name="aside")
    net = Network([x, aside], [Linear(2)(x), Linear(5)(aside)])
    engine, kept = NativeEngine(), net.weights["linear2.weight"].copy()
    xs = tuple(inputs_of(net, 3))
    found = gradients(engine, net, xs, np.ones((3, 2), np.float32))
    assert not found.inputs[1].any()
    assert not found.weights["linear2.weight"].any()
    assert found.inputs[0].any()
    trainer = engine.trainer(net, CrossEntropy(), SGD(0.5), seed=1)
    trainer.step(xs, np.zeros(3, np.int64), np.arange(3), rate=0.5)
    trainer.sync()
    assert np.array_equal(net.weights["linear2.weight"], kept)


# --- layers without kernels


def without(kinds: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no kind of these have kernels, in any lanes."""
    for kind in kinds:
        monkeypatch.delitem(SAMPLE_RULES, kind)
        monkeypatch.delitem(CHANNEL_RULES, kind)
        monkeypatch.delitem(elementwise.ACTIVATIONS, kind, raising=False)  # nor as a part of another's kernel


@pytest.mark.parametrize("kind", SAMPLE_RULES)
def test_layers_without_kernels_agree(kind: str, monkeypatch: pytest.MonkeyPatch, plans: list[Plan]) -> None:
    """Each kind, left to its definition, still gives its values, gradients and steps; and every plan says so."""
    without([kind], monkeypatch)
    for example in REGISTRY[kind].examples():
        plans.clear()
        check_engine(NativeEngine(), example)
        assert plans
        if kind.startswith(("BatchNorm", "Dropout")):  # to a gradient when not training, a scale or nothing at all
            plans[:] = [plan for plan in plans if "slope" not in {buffer.name for buffer in plan.buffers}]
        assert all("here" in plan.falls_back() for plan in plans)


MIDDLES: list[tuple[Layer, list[str]]] = [
    (Tanh(), ["Tanh"]),
    (Conv2d(4, 3, padding=1), ["Conv2d"]),
    (BatchNorm2d(), ["BatchNorm2d"]),
    (MaxPool2d(2), ["MaxPool2d"]),
    (AvgPool2d(2), ["MaxPool2d", "AvgPool2d", "Flatten"]),
    (Dropout(0.5), ["Dropout", "Linear"]),
]


@pytest.mark.parametrize(("layer", "kinds"), MIDDLES, ids=str)
def test_a_middle_without_kernels_agrees(
    layer: Layer, kinds: list[str], monkeypatch: pytest.MonkeyPatch, plans: list[Plan]
) -> None:
    """Between layers that have kernels, read by several, and in two places, without changing any number."""
    x = Input((3, 6, 4), name="x")
    y = layer(Conv2d(5, 3, padding=1)(x))
    beside = Conv2d(y.shape[0], 1)(y)
    net = Network(x, Linear(3)(Flatten()(MaxPool2d(2)(Add()(y, ReLU()(beside))))), seed=4)
    without(kinds, monkeypatch)
    check_network(NativeEngine(target=host()), net)
    left = {str(node.name) for node in net.nodes if node.layer is not None and node.layer.kind in kinds}
    assert left
    for plan in plans:
        assert left <= set(plan.falls_back())
        assert plan.kernels()  # the others' work is done by kernels


def test_what_has_kernels_falls_back_nowhere(plans: list[Plan]) -> None:
    """No kind of layer that has a rule is left to its definition."""
    for kind in SAMPLE_RULES:
        check_engine(NativeEngine(), REGISTRY[kind].examples()[0])
    assert all(not plan.falls_back() for plan in plans)


def test_training_without_most_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps with batch norm, dropout and a shared convolution left to their definitions are the definition's."""
    without(["BatchNorm2d", "Dropout", "Conv2d"], monkeypatch)
    check_training(NativeEngine(), CrossEntropy(), SGD(0.3, momentum=0.9))


def test_a_network_of_falls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network none of whose layers has a kernel is still run and trained."""
    without(["Conv2d", "GlobalAvgPool2d", "ReLU"], monkeypatch)
    x = Input((2, 4, 5), name="x")
    check_network(NativeEngine(), Network(x, GlobalAvgPool2d()(ReLU()(Conv2d(3, 2)(x)))))
    check_engine(NativeEngine(), Example(ReLU(), (3,)))


@pytest.mark.parametrize("order", ["CHW", "HWC"])
@pytest.mark.parametrize("shape", [(9, 4, 1), (7, 1, 4), (16, 2, 1), (17, 3, 2), (1, 2, 1), (3, 2, 2)], ids=str)
def test_maps_that_are_flattened_meet_linear_layers(shape: tuple[int, int, int], order: str) -> None:
    """Whether channels fill a vector or not, and rows are one number or more, every weight meets its own number."""
    x = Input(shape, name="x")
    check_network(NativeEngine(), Network(x, Linear(6)(Flatten(order)(x))))

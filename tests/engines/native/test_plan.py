"""What a plan tells: it reads as it should, its multiply-adds are the network's, and nothing in memory meets."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from golden import check_golden

from pellucid import Input, Network
from pellucid.engines import NativeEngine
from pellucid.engines.native.channels import planning as channels
from pellucid.engines.native.channels.rules import RULES as CHANNELS
from pellucid.engines.native.kernel_words import kernel_name
from pellucid.engines.native.machine import neon, x86
from pellucid.engines.native.plan_facts import PlanFacts
from pellucid.engines.native.samples import planning as samples
from pellucid.engines.native.samples.rules import RULES as SAMPLES
from pellucid.errors import EngineError, ParameterError, UnknownNameError
from pellucid.layers import REGISTRY, Add, BatchNorm2d, Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU
from pellucid.layers.base import Gradients
from pellucid.weights import WeightStore
from pellucid.zoo import NETWORKS, lenet5

ENGINE = NativeEngine(target=x86("avx512"))
EXACT = NativeEngine(
    target=x86("avx512"), exact=True
)  # what suits Winograd is a matter of speed, and so is its scratch
FIRST_LAST = 64 * 9 + 4096  # bytes that lie around a thread's memory at most, so that no other thread's are beside it


class Halve(Layer):
    """A layer that no engine but the reference knows."""

    prefix = "halve"

    def output_shape(self, *shapes):
        """Return the shape of the input."""
        return shapes[0]

    def forward(self, *inputs, w, run):
        """Return half of each number."""
        return inputs[0] / 2

    def backward(self, grad, *inputs, y, w, run):
        """Return half of each gradient."""
        return Gradients((grad / 2,))


def branched() -> Network:
    """Two ways from the image to a sum, batch norms on both, and padding."""
    x = Input((3, 9, 8))
    left = ReLU()(BatchNorm2d()(Conv2d(6, 5, padding=2, bias=False)(x)))
    right = BatchNorm2d()(Conv2d(6, 1)(x))
    y = ReLU()(Add()(left, right))
    return Network(x, Linear(4)(Dropout(0.5)(Flatten()(MaxPool2d(2)(y)))), name="branched")


def digits() -> Network:
    """A small network with 3x3 convolutions."""
    layers = [Conv2d(16, 3, padding=1), ReLU(), MaxPool2d(2), Conv2d(32, 3, padding=1), Flatten(), Linear(10)]
    return Network((1, 8, 8), layers)


def meetings(plan: PlanFacts) -> list[tuple[str, str]]:
    """The pairs of buffers that are in use at the same time, and share bytes."""
    return [
        (a.name, b.name)
        for a, b in combinations(plan.buffers, 2)
        if a.memory == b.memory and a.first <= b.last and b.first <= a.last and a.begin < b.end and b.begin < a.end
    ]


PLANS = {
    "plan lenet5": lambda: EXACT.plan(lenet5()),
    "plan lenet5 training": lambda: EXACT.plan(lenet5(), training=True),
    "plan branched training": lambda: EXACT.plan(branched(), training=True, batch=40),
    "plan branched, one image": lambda: EXACT.plan(branched(), batch=1),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_text_reads_as_it_should(name):
    """The text is what it was; every step and buffer has its line, and the lines' multiply-adds are the plan's."""
    plan = PLANS[name]()
    text = str(plan)
    check_golden(name, text)
    lines = [line.removeprefix("=").split() for line in text.splitlines()]
    steps = [step for stage in plan.stages for step in (*stage.opening, *stage.steps)]
    told = {int(line[0]): line for line in lines if len(line) > 2 and line[0].isdigit() and not line[1][0].isdigit()}
    assert sorted(told) == [step.number for step in steps]
    assert sum(int(told[step.number][-1].replace(",", "")) for step in steps if step.macs) == plan.macs
    for buffer in plan.buffers:
        start = [f"{buffer.begin:,}", f"{buffer.end:,}", f"{buffer.first}-{buffer.last}", *buffer.name.split()]
        assert any(line[: len(start)] == start for line in lines), buffer


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("lanes", ["samples", "channels"])
@pytest.mark.parametrize("batch", [1, 20])
def test_multiply_adds_are_those_of_the_summary(name, lanes, batch):
    """In all lanes and batches a plan has the multiply-adds of the network's own layers, to the last one."""
    net = NETWORKS[name]()
    plan = ENGINE.plan(net, lanes=lanes, batch=batch)
    counted = sum(layer.macs for layer in net.summary().layers if layer.name in plan.falls_back)
    assert counted == 0, "what falls back here moves or bends numbers, and has no multiply-adds"
    steps = [step for stage in plan.stages for step in stage.steps]
    assert plan.macs == sum(step.macs for step in steps) == net.summary().macs


@pytest.mark.parametrize("make", [lenet5, branched, digits, NETWORKS["alexnet"]])
def test_a_training_step_multiplies_three_times(make):
    """Forward, the weights' gradient, and the input's gradient, but for layers that read the network's input."""
    net = make()
    summary = net.summary()
    first = sum(layer.macs for layer in summary.layers if layer.inputs == ("input",))
    assert ENGINE.plan(net, training=True).macs == 3 * summary.macs - first


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda t: t.name)
@pytest.mark.parametrize(
    "options",
    [{"training": True}, {"lanes": "samples"}, {"lanes": "channels", "batch": 1}, {"lanes": "channels", "batch": 3}],
    ids=str,
)
@pytest.mark.parametrize("make", [lenet5, branched, digits, NETWORKS["resnet18"]])
def test_nothing_in_memory_meets(make, options, target):
    """Buffers in use at the same time share no byte, and each memory ends where the last of its buffers does."""
    plan = NativeEngine(target=target).plan(make(), **options)
    assert meetings(plan) == []
    ends = {memory: max((b.end for b in plan.buffers if b.memory == memory), default=0) for memory in plan.memory}
    assert ends["thread"] <= plan.memory["thread"] < ends["thread"] + FIRST_LAST
    for memory in ("block", "chunk", "once"):
        assert plan.memory[memory] == -(-ends[memory] // 64) * 64, memory
    for buffer in plan.buffers:
        assert buffer.begin % 64 == 0
        assert buffer.begin < buffer.end


def test_a_meeting_is_seen():
    """A buffer moved onto one that is still in use is found, so that the test above can fail."""
    plan = EXACT.plan(lenet5())
    later = next(buffer for buffer in plan.buffers if buffer.name == "pool1")
    moved = tuple(replace(b, begin=0, end=64) if b is later else b for b in plan.buffers)
    assert meetings(replace(plan, buffers=moved)) == [("tanh1", "pool1"), ("pool1", "tanh2")]


def test_what_lay_in_a_place_before():
    """A buffer names those whose bytes it takes over; they were done with before it is used."""
    plan = EXACT.plan(lenet5())
    by_name = {buffer.name: buffer for buffer in plan.buffers}
    assert by_name["pool1"].after == ("input",)
    for buffer in plan.buffers:
        for name in buffer.after:
            before = by_name[name]
            assert before.last < buffer.first
            assert before.begin < buffer.end
            assert buffer.begin < before.end


def test_a_plan_makes_no_code_and_reads_no_weight(monkeypatch):
    """Planning the largest network compiles nothing, loads nothing, and does not even make its first weights."""

    def refuse(*args, **kwargs):
        raise AssertionError("a plan is only data")

    monkeypatch.setattr("pellucid.engines.native.loader.address_of", refuse)
    monkeypatch.setattr("pellucid.engines.native.executable.address_of", refuse)
    monkeypatch.setattr("pellucid.engines.native.compiler.compile_object", refuse)
    monkeypatch.setattr(WeightStore, "__getitem__", refuse)
    for training in (False, True):
        assert ENGINE.plan(NETWORKS["vgg19"](), training=training).stages


def test_lanes_are_those_in_which_a_network_is_run():
    """Many samples of a small network fill the lanes; of one sample, and in large networks, channels do."""
    assert ENGINE.plan(lenet5(), batch=64).lanes == "samples"
    assert ENGINE.plan(lenet5(), batch=1).lanes == "channels"
    assert ENGINE.plan(NETWORKS["resnet18"](), batch=64).lanes == "channels"
    assert ENGINE.plan(lenet5(), batch=1, lanes="samples").lanes == "samples"


def test_every_layer_has_kernels():
    """No layer of ours is left to its own definition, in no lanes."""
    assert set(SAMPLES) == set(CHANNELS) == set(REGISTRY)


def test_a_layer_without_a_kernel_falls_back():
    """It is named with the reason, and its definition stands between two phases; channel lanes refuse it."""
    net = Network((3, 4, 4), [Conv2d(4, 3), Halve(), ReLU()])
    plan = ENGINE.plan(net, batch=1)
    assert (plan.lanes, plan.falls_back) == ("samples", {"halve1": "it has no kernel yet"})
    assert [(stage.kind, stage.layer) for stage in plan.stages] == [
        ("blocks", ""),
        ("definition", "halve1"),
        ("blocks", ""),
    ]
    assert "falls back to the layer's own definition:\n  halve1: it has no kernel yet\n" in str(plan)
    assert "\nwhen all are done, the definition of halve1 on the whole batch\n" in str(plan)
    with pytest.raises(EngineError) as error:
        ENGINE.plan(net, lanes="channels")
    assert str(error.value) == (
        "Halve 'halve1'\n"
        "  got       lanes 'channels'\n"
        "  expected  lanes 'samples', where a layer without a kernel runs its own definition\n"
        "  fix       leave the lanes out"
    )


def test_exact_leaves_winograd_out():
    """With exact=True no step's kernel is one of Winograd's."""

    def kernels(engine: NativeEngine) -> str:
        plan = engine.plan(NETWORKS["vgg11"](), batch=1)
        return " ".join(step.kernel for stage in plan.stages for step in stage.steps)

    assert "winograd" in kernels(ENGINE)
    assert "winograd" not in kernels(EXACT)


@pytest.mark.parametrize("lanes", ["samples", "channels"])
def test_values_that_are_shown_are_sums_of_products(lanes):
    """A trace, whose numbers are taken apart, never has Winograd's rounding in it."""
    net, target = NETWORKS["vgg11"](), x86("avx512")
    if lanes == "samples":
        plan, _ = samples.running_plan(net, target, trace=True, exact=False)
    else:
        plan = channels.running_plan(net, target, trace=True, exact=False, single=True).plan
    names = [kernel_name(kernel) for kernel in plan.kernels()]
    assert names
    assert not any("winograd" in name for name in names)


def test_what_cannot_be_planned():
    """A batch of no sample, lanes that there are not, and training in channel lanes are refused."""
    with pytest.raises(ParameterError, match="batch 0"):
        ENGINE.plan(lenet5(), batch=0)
    with pytest.raises(UnknownNameError, match="one of samples, channels"):
        ENGINE.plan(lenet5(), lanes="pixels")
    with pytest.raises(ParameterError) as error:
        ENGINE.plan(lenet5(), training=True, lanes="channels")
    assert str(error.value) == (
        "plan of a training step\n"
        "  got       lanes 'channels'\n"
        "  expected  lanes 'samples'\n"
        "  fix       leave the lanes out"
    )

"""Code for processors that are not at hand: whole plans become machine code whose accumulators stay in registers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pellucid import Network, zoo
from pellucid.engines.native.arguments import arguments_of
from pellucid.engines.native.channels import planning as channels
from pellucid.engines.native.compiler import assembly, compile_object, spills
from pellucid.engines.native.driver import driver
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.machine import Target, neon, x86
from pellucid.engines.native.plan import Plan
from pellucid.engines.native.samples import planning as samples
from pellucid.engines.native.samples.learning import Goal, ends_of
from pellucid.engines.native.samples.losses import CrossEntropyLoss
from pellucid.engines.native.samples.updates import Sgd
from pellucid.engines.native.symbols import undefined
from pellucid.engines.reference import trained
from pellucid.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU


def lenet() -> Network:
    """LeNet-5 with ReLU: tanh's dozen constants, not the accumulators, would take their turns on the stack."""
    first, second = [Conv2d(6, 5, padding=2), ReLU(), MaxPool2d(2)], [Conv2d(16, 5), ReLU(), MaxPool2d(2)]
    return Network((1, 28, 28), [*first, *second, Flatten(), Linear(120), ReLU(), Linear(84), ReLU(), Linear(10)])


def small_vgg() -> Network:
    """Four convolutions of 32 and 64 channels."""
    parts = [
        [Conv2d(width, 3, padding=1), ReLU(), Conv2d(width, 3, padding=1), ReLU(), MaxPool2d(2)] for width in (32, 64)
    ]
    return Network((3, 32, 32), [*parts[0], *parts[1], Flatten(), Linear(512), ReLU(), Linear(10)])


def resnet() -> Network:
    """ResNet-18 at its own size."""
    return zoo.resnet18()


def training(net: Network, target: Target) -> Plan:
    """The plan of a training step."""
    arguments, names = arguments_of(net, target), trained(net)
    goal = Goal(names, Sgd(True, False, False), ends_of(names, ("velocity",), arguments), False, True)
    loss = CrossEntropyLoss(net.outputs[0].shape[0], False)
    return samples.training_plan(net, target, arguments, goal, loss, exact=False)[0]


def running(net: Network, target: Target) -> list[Plan]:
    """The plans of running it: many samples, several images, one image."""
    bulk = samples.running_plan(net, target, trace=False, exact=False)[0]
    plans = [
        channels.running_plan(net, target, trace=False, exact=False, single=single).plan for single in (False, True)
    ]
    return [bulk, *plans]


def spilling(plans: list[Plan], target: Target) -> dict[Kernel, int]:
    """The kernels whose vectors meet the stack, and how often."""
    found: dict[Kernel, int] = {}
    for kernel in dict.fromkeys(kernel for plan in plans for kernel in plan.kernels()):
        _, text = kernel.text(target)
        if count := spills(assembly(text, target, str(kernel))):
            found[kernel] = count
    return found


@pytest.mark.parametrize("target", [neon(), x86("avx512"), x86("avx2"), x86("sse2")], ids=lambda target: target.name)
def test_the_driver_of_every_processor(target: Target) -> None:
    """The driver is made for each processor, knows its clock, and sets aside how the caller's floats are rounded."""
    names, text = driver(target)
    listing = assembly(text, target, "the driver")
    control, clock = ("fpcr", "cntvct_el0") if target.name == "neon" else ("mxcsr", "rdtsc")
    bodies = [listing.split(f"\n{name}:")[1].split("\n.Lfunc_end")[0].lower() for name in names]
    assert [body.count(control) for body in bodies] == [3, 3, 0]  # kept, set, given back
    assert [clock in body for body in bodies] == [False, True, True]
    assert undefined(compile_object(text, target, "the driver")) == []


@pytest.mark.parametrize("target", [neon(), x86("avx512"), x86("sse2")], ids=lambda target: target.name)
@pytest.mark.parametrize("network", [lenet, small_vgg])
def test_whole_plans_of_small_networks(network: Callable[[], Network], target: Target) -> None:
    """Every kernel of running and training small networks is made for each processor, without a spill."""
    net = network()
    assert spilling([training(net, target), *running(net, target)], target) == {}


def test_the_plan_of_a_deep_network_for_arm() -> None:
    """Every kernel of a ResNet-18 that runs on one image of 224 x 224 is made for 64-bit ARM, without a spill."""
    target = neon()
    plan = channels.running_plan(resnet(), target, trace=False, exact=False, single=True).plan
    assert spilling([plan], target) == {}


@pytest.mark.slow
def test_all_plans_of_a_deep_network_for_arm() -> None:
    """Every kernel of a ResNet-18, run on many images or trained, is made for 64-bit ARM, without a spill."""
    net, target = resnet(), neon()
    assert spilling([training(net, target), *running(net, target)], target) == {}

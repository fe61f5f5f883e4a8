"""From a network to a plan in sample lanes: for running it, for every value of a run, and for a step of training."""

from __future__ import annotations

import math

from ....layers import Node
from ....network import Network
from ....wiring import in_order, name_of
from ...base import LossRule
from ..arguments import Arguments, arguments_of
from ..kernel import Kernel
from ..layout import maps_of
from ..machine import Target
from ..plan import Phase, Plan
from ..rewrite import rewritten
from .borders import Copy
from .builder import Builder
from .held import Halos, Held
from .learning import Goal, TrainingBuilder
from .packing import Pack, Unpack
from .rules import RULES, rule_of
from .rules.base import layer_of
from .rules.fallback import call_loss
from .updates import Store


def halos_of(net: Network) -> Halos:
    """Return what the layers of a network read around maps."""
    return Halos({name_of(node): rule_of(node).halo(node) for node in net.nodes}, {})


def training_halos_of(net: Network, *, exact: bool) -> Halos:
    """Return what they read around maps and gradients, with or without Winograd's algorithm."""
    gradients = {name_of(node): rule_of(node).gradient_halo(node, may_transform=not exact) for node in net.nodes}
    return Halos(halos_of(net).values, gradients)


def running_plan(net: Network, target: Target, *, trace: bool, exact: bool) -> tuple[Plan, Arguments]:
    """Return the plan that makes a network's outputs, or every value of it, and the memory that it is given.

    Args:
        net: the network; every layer has a rule.
        target: what to make code for.
        trace: keep every value.
        exact: without Winograd's algorithm.
    """
    norms = {conv: norm for conv, norm in rewritten(net, fold=not trace).norms.items() if _has_rule(net, conv, norm)}
    arguments = arguments_of(net, target, norms)
    halos = halos_of(net)
    b = Builder(net, target, arguments, halos, may_fuse=not trace, may_transform=not exact and not trace)
    _pack(b, net.inputs)
    wanted = {name_of(node) for node in net.nodes} if trace else b.outputs
    for node in net.nodes:
        rule_of(node).forward(b, node)
        if name_of(node) in wanted:
            _unpack(b, node)
    if not trace:
        for node in net.inputs:  # an input that is an output too
            if name_of(node) in wanted:
                _unpack(b, node)
    return b.plan, arguments


def training_plan(
    net: Network,
    target: Target,
    arguments: Arguments,
    goal: Goal,
    loss: Kernel | LossRule,
    *,
    exact: bool,
) -> tuple[Plan, int]:
    """Return the plan of a training step, and the bytes of one chunk's gradients.

    Args:
        net: the network; every layer has a rule.
        target: what to make code for.
        arguments: the memory that is given from outside.
        goal: what becomes of the gradients.
        loss: the kernel that makes losses and their gradient in the first output, or the loss's own definition.
        exact: without Winograd's algorithm.
    """
    halos = training_halos_of(net, exact=exact)
    b = TrainingBuilder(net, target, arguments, halos, goal, may_transform=not exact)
    _pack(b, net.inputs)
    for node in net.nodes:
        rule_of(node).forward(b, node)
    last = net.outputs[0]
    _unpack(b, last)
    if isinstance(loss, Kernel):
        _loss(b, last, loss)
    else:
        call_loss(b, last, loss)
    _backward(b, last)
    stride = b.end()
    if b.plan.preparing.steps:  # weights move at every step
        b.plan.stages.insert(0, b.plan.preparing)
        b.plan.preparing = Phase("weights", "tasks")
    return b.plan, stride


def gradients_plan(net: Network, target: Target, arguments: Arguments, *, exact: bool) -> Plan:
    """Return the plan of the inputs' gradients, given that in the first output.

    Args:
        net: the network; every layer has a rule, and does the same in training as not.
        target: what to make code for.
        arguments: the memory that is given from outside.
        exact: without Winograd's algorithm.
    """
    goal = Goal((), Store(), {}, inputs_too=True, moves_averages=False)
    halos = training_halos_of(net, exact=exact)
    b = TrainingBuilder(net, target, arguments, halos, goal, may_transform=not exact)
    _pack(b, net.inputs)
    for node in net.nodes:
        rule_of(node).forward(b, node)
    last = net.outputs[0]
    held, _ = b.into(last)
    b.step(name_of(last), Pack(last.shape, held.maps), b.array("slope", last.shape), arguments.call["real"], held)
    _backward(b, last)
    return b.plan


def _backward(b: TrainingBuilder, last: Node) -> None:
    """Take the gradient of a value back to everything that it depends on, and the inputs' out of the lanes."""
    net = b.net
    for node in reversed(in_order([last], list(net.inputs))):
        if b.has_gradient(node) and b.wants(node):
            rule_of(node).backward(b, node)
    for node in net.inputs:
        if b.goal.inputs_too and b.has_gradient(node):
            held = b.grad(node)
            array = b.array(f"gradient of {name_of(node)}", node.shape)
            b.step(name_of(node), Unpack(held.maps, node.shape), held, b.arguments.call["real"], array)


def _has_rule(net: Network, *names: str) -> bool:
    return all(layer_of(net.node(name)).kind in RULES for name in names)


def _pack(b: Builder, nodes: tuple[Node, ...]) -> None:
    """Bring the inputs into lanes."""
    for node in nodes:
        held = b.new(node)
        array = b.array(f"input {name_of(node)}", node.shape)
        b.step(name_of(node), Pack(node.shape, held.maps), array, b.arguments.call["real"], held)
        b.finished(node)


def _unpack(b: Builder, node: Node) -> None:
    """Write a value out of the lanes for the caller."""
    held = b.values[name_of(node)]
    array = b.array(f"value {name_of(node)}", node.shape)
    b.step(name_of(node), Unpack(held.maps, node.shape), held, b.arguments.call["real"], array)


def _loss(b: TrainingBuilder, last: Node, loss: Kernel) -> None:
    """Make each sample's loss, and its gradient in the output."""
    held = b.read(last, dense=True)
    dy, _ = b.into(last)
    call = b.arguments.call
    flat = dy if dy.maps.flat else b.hold("gradient of the loss", maps_of(last.shape, dense=True))
    known = {"y": held, "dy": flat, **{name: call[name] for name in ("targets", "mask", "count", "losses")}}
    if "wanted" in loss.arguments or getattr(loss, "labels", True) is False:
        known["targets"] = known["wanted"] = _wanted(b, last)
    b.step("loss", loss, *(known[name] for name in loss.arguments))
    if flat is not dy:
        b.step("loss", Copy(flat.maps, dy.maps), flat, dy)


def _wanted(b: Builder, node: Node) -> Held:
    """Bring targets that are arrays into lanes."""
    held = b.hold("wanted", maps_of((math.prod(node.shape),)))
    array = b.array("wanted", node.shape)
    b.step("loss", Pack((math.prod(node.shape),), held.maps), array, b.arguments.call["real"], held)
    return held

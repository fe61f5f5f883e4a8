"""From a network to a plan in channel lanes: for running it, or for every value of a run."""

from __future__ import annotations

from dataclasses import dataclass

from ....layers import Node
from ....network import Network
from ....wiring import name_of
from ..machine import Target
from ..plan import Buffer, Plan
from ..rewrite import Rewriting, rewritten
from ..samples.held import Halo
from .builder import Builder
from .held import Packed
from .rules import RULES
from .rules.base import layer_of
from .tracing import tell_all


@dataclass(frozen=True)
class Running:
    """A plan that runs a network, and what its owner gives it.

    Args:
        plan: the plan.
        rewriting: which layers others do.
        packed: the weights, in the order of each kernel.
        images: where the number of images is told.
    """

    plan: Plan
    rewriting: Rewriting
    packed: list[Packed]
    images: Buffer


def running_plan(net: Network, target: Target, *, trace: bool, exact: bool, single: bool) -> Running:
    """Return the plan that makes a network's outputs, or every value of it.

    Args:
        net: the network.
        target: what to make code for.
        trace: keep every value.
        exact: without Winograd's algorithm, as every value of a run always is.
        single: for one image, whose layers threads share; without it each image is one thread's.
    """
    rewriting = rewritten(net, fold=not trace)
    b = Builder(net, target, rewriting, _halo, may_fuse=not trace, may_transform=not exact and not trace, single=single)
    wanted = {name_of(node) for node in net.nodes} if trace else b.outputs
    for node in (*(() if trace else net.inputs), *net.nodes):
        if name_of(node) in b.done:
            if not trace and name_of(node) in wanted:
                b.tell(node)
            continue
        if node.layer is not None:
            RULES[layer_of(node).kind].forward(b, node)
        if name_of(node) in wanted:
            (tell_all if trace else Builder.tell)(b, node)
    return Running(b.plan, rewriting, b.packed, b.images)


def _halo(b: Builder, node: Node) -> Halo:
    return RULES[layer_of(node).kind].halo(b, node)

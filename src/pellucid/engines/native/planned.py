"""What the native engine would run: its own plans, as facts; no machine code is made, and no weight is read."""

from __future__ import annotations

import math

from ...errors import EngineError, ParameterError
from ...network import Network
from ...wiring import name_of
from ..outputs import ends_in_softmax
from ..reference import trained
from .arena import place
from .arguments import arguments_of
from .channels import planning as channels
from .channels.rules import has_rule
from .lanes import least_in_samples
from .machine import Target
from .plan_facts import PlanFacts, facts_of
from .samples import planning as samples
from .samples.learning import Goal, ends_of
from .samples.losses import CrossEntropyLoss
from .samples.updates import Sgd

LANES = ("samples", "channels")


def run_facts(net: Network, target: Target, *, batch: int, lanes: str | None, exact: bool) -> PlanFacts:
    """Return the facts of running a network on a batch.

    Args:
        net: the network.
        target: the instruction set.
        batch: how many samples.
        lanes: what fills a vector; None: what the engine chooses.
        exact: without Winograd's algorithm.

    Raises:
        EngineError: a layer without a kernel in channel lanes, where these were asked for.
    """
    lanes = lanes or ("samples" if batch >= least_in_samples(net, target) else "channels")
    if lanes == "samples":
        plan, _ = samples.running_plan(net, target, trace=False, exact=exact)
    else:
        _check_rules(net)
        plan = channels.running_plan(net, target, trace=False, exact=exact, single=batch == 1).plan
    return facts_of(plan, place(plan), network=net.name, target=target.name, batch=batch)


def training_facts(net: Network, target: Target, *, batch: int, lanes: str | None, exact: bool) -> PlanFacts:
    """Return the facts of a training step on a batch: cross-entropy, and gradient descent with momentum.

    Args:
        net: the network.
        target: the instruction set.
        batch: how many samples.
        lanes: "samples", or None.
        exact: without Winograd's algorithm.

    Raises:
        ParameterError: other lanes.
    """
    if lanes == "channels":
        raise ParameterError(
            "plan of a training step", got="lanes 'channels'", expected="lanes 'samples'", fix="leave the lanes out"
        )
    arguments, names = arguments_of(net, target), trained(net)
    goal = Goal(names, Sgd(True, False, False), ends_of(names, ("velocity",), arguments), False, True)
    loss = CrossEntropyLoss(math.prod(net.outputs[0].shape), ends_in_softmax(net))
    plan, slab = samples.training_plan(net, target, arguments, goal, loss, exact=exact)
    sizes = place(plan)
    return facts_of(plan, sizes, network=net.name, target=target.name, batch=batch, training=True, slab=slab)


def _check_rules(net: Network) -> None:
    """Refuse a layer that channel lanes do not know."""
    for node in net.nodes:
        if node.layer is not None and not has_rule(node):
            raise EngineError(
                f"{node.layer.kind} {name_of(node)!r}",
                got="lanes 'channels'",
                expected="lanes 'samples', where a layer without a kernel runs its own definition",
                fix="leave the lanes out",
            )

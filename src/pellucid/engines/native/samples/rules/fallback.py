"""A layer without kernels: its own definition runs between two phases, on arrays of the whole batch."""

from __future__ import annotations

import numpy as np

from .....layers import Node
from .....wiring import name_of
from ....base import LossRule
from ...plan import Call, Context
from ..builder import Builder
from ..filling import Masked
from ..learning import TrainingBuilder
from ..packing import Pack
from .base import Rule, layer_of

WHY = "it has no kernel yet"


class FallbackRule(Rule):
    """Any layer at all.

    Args:
        why: why its own definition runs.
    """

    def __init__(self, why: str) -> None:
        self._why = why

    def forward(self, b: Builder, node: Node) -> None:
        """Bring its inputs out of the lanes, call its definition, and bring its value into them."""
        name = name_of(node)
        names = b.net.weight_names(name)
        for before in node.inputs:
            b.out(before, b.values[name_of(before)], f"{name} reads {name_of(before)}")

        def run(context: Context) -> None:
            layer, arrays = layer_of(node), context.arrays
            xs = [arrays[f"{name} reads {name_of(before)}"] for before in node.inputs]
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                y = layer.forward(*xs, w=context.weights(name), run=context.run.at(name))
                if context.run.training:  # a layer used several times goes on from what its last use made
                    own = {short: context.watched.get(names[short], w) for short, w in context.weights(name).items()}
                    context.watched |= {names[short]: new for short, new in layer.updates(*xs, w=own).items()}
            arrays[f"{name} gives"][...] = y

        b.call(Call(name, self._why, run))
        held = b.new(node)
        b.step(
            name, Pack(node.shape, held.maps), b.between(f"{name} gives", node.shape), b.arguments.call["real"], held
        )
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Bring the gradient out of the lanes, call the definition, and bring the inputs' gradients into them."""
        name = name_of(node)
        b.out(node, b.grad(node), f"gradient in {name}")
        names = b.net.weight_names(name)
        trained = {short: full for short, full in names.items() if b.trains(node, short)}

        def run(context: Context) -> None:
            layer, arrays = layer_of(node), context.arrays
            xs = [arrays[f"{name} reads {name_of(before)}"] for before in node.inputs]
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                found = layer.backward(
                    arrays[f"gradient in {name}"],
                    *xs,
                    y=arrays[f"{name} gives"],
                    w=context.weights(name),
                    run=context.run.at(name),
                )
            for k, gradient in enumerate(found.inputs):
                arrays[f"gradient {k} out of {name}"][...] = gradient
            for short in trained:
                context.arrays[f"{name} {short}"][...] = found.weights[short].reshape(-1)

        b.call(Call(f"gradient of {name}", self._why, run))
        for short, full in trained.items():
            b.summed(node, short, b.between(f"{name} {short}", (b.arguments.weights[full].size // 4,), each=False))
        for k, before in enumerate(node.inputs):
            array = b.between(f"gradient {k} out of {name}", before.shape)
            if b.wants(before):
                dx, add = b.into(before)
                held = b.hold(f"gradient {k} of {name}", dx.maps)
                b.step(name, Pack(before.shape, held.maps), array, b.arguments.call["real"], held)
                b.step(name, Masked(held.maps, dx.maps, add), held, b.arguments.call["mask"], dx)


def call_loss(b: TrainingBuilder, node: Node, loss: LossRule) -> None:
    """Call a loss's own definition on a network's output, and bring its gradient into the lanes."""
    b.out(node, b.values[name_of(node)], "outputs")

    def run(context: Context) -> None:
        outputs, targets = context.arrays["outputs"], context.targets
        assert targets is not None
        context.losses = loss.values(outputs, targets)
        context.arrays["gradient of the loss"][...] = loss.gradient(outputs, targets)

    b.call(Call("loss", WHY, run))
    dy, _ = b.into(node)
    held, array = b.hold("gradient of the loss", dy.maps), b.between("gradient of the loss", node.shape)
    b.step("loss", Pack(node.shape, held.maps), array, b.arguments.call["real"], held)
    b.step("loss", Masked(held.maps, dy.maps, add=False), held, b.arguments.call["mask"], dy)

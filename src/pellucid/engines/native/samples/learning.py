"""Builds the plan of a training step: gradients of values, and what becomes of the weights' gradients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from ....layers import Node
from ....network import Network
from ....wiring import in_order, name_of
from ..arguments import Arguments
from ..kernel import Kernel
from ..layout import maps_of
from ..machine import Target
from ..memory import up
from ..plan import Buffer, Place, Step
from .borders import Border
from .builder import Builder, Spot, made
from .filling import Fill
from .held import NONE, Halos, Held
from .updates import Add, Finish, Store, Update


@dataclass
class Goal:
    """What a plan does with the gradients.

    Args:
        trained: the names of the weights that move.
        finish: what becomes of a finished gradient.
        ends: for each weight the buffers that `finish` works on, by its names for them.
        inputs_too: the inputs' gradients are wanted.
        moves_averages: batch norm's running averages follow.
    """

    trained: tuple[str, ...]
    finish: Finish
    ends: dict[str, dict[str, Buffer]]
    inputs_too: bool
    moves_averages: bool


def ends_of(trained: Iterable[str], slots: Iterable[str], arguments: Arguments) -> dict[str, dict[str, Buffer]]:
    """Return for each weight where its optimizer finds everything: the weight, its slots, its gradient, the rates.

    Args:
        trained: the names of the weights that move.
        slots: the names of what the optimizer keeps beside each; all lie in arrays laid out as the weights are.
        arguments: the memory that is given from outside.
    """
    kept = tuple(slots)
    ends: dict[str, dict[str, Buffer]] = {}
    for name in trained:
        weight = arguments.weights[name]
        ends[name] = {"weight": weight, "rates": arguments.call["rates"]}
        for slot in kept:
            ends[name][slot] = Buffer(f"{slot} of {name}", weight.size, "once", f"slot {slot}", weight.offset)
        ends[name]["gradient"] = Buffer(f"gradient of {name}", weight.size, "once", "grads", weight.offset)
    return ends


class TrainingBuilder(Builder):
    """The plan of a training step in the making."""

    training = True
    kind: Literal["blocks", "chunks"] = "chunks"

    def __init__(
        self, net: Network, target: Target, arguments: Arguments, halos: Halos, goal: Goal, *, may_transform: bool
    ) -> None:
        super().__init__(net, target, arguments, halos, may_fuse=True, may_transform=may_transform)
        self.goal = goal
        self.grads: dict[str, Held] = {}
        self.buffers: dict[str, tuple[Buffer, ...]] = {}  # what a layer's forward keeps for its backward
        self._written: set[int] = set()  # ids of gradients' buffers
        self._slabs: dict[str, Buffer] = {}
        self._late: list[list[Step]] = [[]]  # what finishes gradients when all blocks are done; lists one after another
        reached = in_order([net.outputs[0]], list(net.inputs))
        users = Counter(full for node in reached for full in net.weight_names(name_of(node)).values())
        self._shared = {full for full, count in users.items() if count > 1}
        self._wanted = {name_of(node) for node in net.inputs if goal.inputs_too}
        for node in net.nodes:
            own = net.weight_names(name_of(node)).values()
            if any(full in goal.trained for full in own) or any(name_of(x) in self._wanted for x in node.inputs):
                self._wanted.add(name_of(node))

    # --- gradients of values

    def wants(self, node: Node) -> bool:
        """Return whether the gradient in a node's value is wanted."""
        return name_of(node) in self._wanted

    def grad(self, node: Node) -> Held:
        """Return where a value's gradient is collected."""
        name = name_of(node)
        if name not in self.grads:
            self.grads[name] = self._shared_grad(node) or self._new_grad(node)
        return self.grads[name]

    def _shared_grad(self, node: Node) -> Held | None:
        """Return the memory of the input's gradient where this one may lie in it: it is only passed on."""
        fused = self.fused_with(node)
        if fused is not None:
            return self.grad(fused)
        held, before = (self.values.get(name_of(n)) for n in (node, node.inputs[0] if node.inputs else node))
        view = held is not None and before is not None and held is not before and held.buffer is before.buffer
        if view and self.sole_reader(node.inputs[0]) is node:
            held = self.grad(node.inputs[0])
            if held.maps.flat:
                return Held(held.buffer, maps_of(node.shape, dense=True))
        return None

    def _new_grad(self, node: Node) -> Held:
        passed_on = any(self.wants(before) for before in node.inputs)  # else nobody reads around it
        halo = self.halos.gradients.get(name_of(node), NONE) if passed_on else NONE
        maps = maps_of(node.shape, dense=halo == NONE).with_halo(*halo)
        return self.hold(f"gradient of {name_of(node)}", maps)

    def into(self, node: Node) -> tuple[Held, bool]:
        """Return where to write a contribution to a value's gradient, and whether it is added to others."""
        held = self.grad(node)
        seen = id(held.buffer) in self._written
        self._written.add(id(held.buffer))
        return held, seen

    def has_gradient(self, node: Node) -> bool:
        """Return whether anything came in for a value."""
        held = self.grads.get(name_of(node))
        return held is not None and id(held.buffer) in self._written

    def bordered(self, node: Node) -> None:
        """Fill what lies around a gradient with zeros."""
        held = self.grad(node)
        if held.maps.halo != NONE:
            self.step(name_of(node), Border(held.maps, "zeros"), held)

    # --- gradients of weights

    def trains(self, node: Node, short: str) -> bool:
        """Return whether a weight moves."""
        return self.net.weight_names(name_of(node)).get(short) in self.goal.trained

    def slab(self, node: Node, short: str) -> Buffer:
        """Return where the blocks of a chunk add up a weight's gradient."""
        full = self.net.weight_names(name_of(node))[short]
        if full not in self._slabs:
            size = self.arguments.weights[full].size
            offset = sum(up(slab.size) for slab in self._slabs.values())
            self._slabs[full] = Buffer(f"gradients of {full}", size, "item", "slabs", offset)
            self.plan.buffers.append(self._slabs[full])
        return self._slabs[full]

    def later(self, node: Node, short: str, kernel: Kernel, *places: Spot, items: int, macs: int = 0) -> None:
        """Add a step that takes a weight's gradient over all blocks, when they are done.

        Args:
            node: whose weight it is.
            short: the layer's own name for it.
            kernel: a kernel with a field `finish`, which is replaced by what is to be done here.
            places: its places, without those of its `finish`.
            items: its items.
            macs: multiply-adds of all items.
        """
        full = self.net.weight_names(name_of(node))[short]
        steps, finish, spots = self._turn(full)
        steps.append(made(full, replace(kernel, finish=finish), *places, *spots, items=items, macs=macs))  # pyright: ignore[reportCallIssue]

    def _turn(self, full: str) -> tuple[list[Step], Finish, list[Buffer]]:
        """Return among which steps a gradient of a weight is finished, by what, and on which buffers."""
        if full not in self._shared:
            return self._late[0], self.goal.finish, [self.goal.ends[full][name] for name in self.goal.finish.arguments]
        turn = sum(full in (step.layer for step in steps) for steps in self._late)  # first all are added up
        if len(self._late) <= turn:
            self._late.append([])
        return self._late[turn], Add() if turn else Store(), [self._collected(full)]

    def _collected(self, full: str) -> Buffer:
        """Return where the gradient of a weight with several users is added up."""
        name = f"gradient of {full}"
        known = next((buffer for buffer in self.plan.buffers if buffer.name == name), None)
        return known or self.buffer(name, self.arguments.weights[full].size, copies="once")

    def summed(self, node: Node, short: str, place: Buffer | Place) -> None:
        """Let a weight follow a gradient that is complete, and lies somewhere."""
        full = self.net.weight_names(name_of(node))[short]
        steps, finish, ends = self._turn(full)
        kernel = Update(self.arguments.weights[full].size // 4, finish, 0)
        steps.append(made(full, kernel, place, self.arguments.call["one"], *ends, items=kernel.items))

    def _update(self, full: str, source: Spot, chunks: Buffer, stride: int) -> Step:
        kernel = Update(self.arguments.weights[full].size // 4, self.goal.finish, stride)
        ends = [self.goal.ends[full][name] for name in self.goal.finish.arguments]
        return made(full, kernel, source, chunks, *ends, items=kernel.items)

    def end(self) -> int:
        """Add the last phases, in which the weights move; return the bytes of one chunk's gradients."""
        stride = sum(up(slab.size) for slab in self._slabs.values())
        for full, slab in self._slabs.items():
            slab.stride = stride
            self._late[0].append(self._update(full, slab, self.arguments.call["chunks"], stride // 4))
        if stride:
            first = next(phase for phase in self.plan.phases() if phase.kind == "chunks")
            whole = Buffer("gradients of a chunk", stride, "item", "slabs", 0, stride=stride)
            self.plan.buffers.append(whole)
            first.opening.append(made("", Fill(stride // 4), whole))
        collected = {step.layer for steps in self._late[1:] for step in steps}
        for steps in self._late:
            if steps:
                self.open("tasks", "weights").steps.extend(steps)
        if collected:
            one = self.arguments.call["one"]
            self.open("tasks", "weights").steps.extend(
                self._update(full, self._collected(full), one, 0) for full in sorted(collected)
            )
        return stride

"""Builds a plan in sample lanes: keeps where every value lies, and in which phase the steps stand."""

from __future__ import annotations

import math
from typing import Literal

from ....layers import Node
from ....layers.node import Shape
from ....network import Network
from ....wiring import name_of
from ..arguments import Arguments
from ..kernel import Kernel
from ..layout import Maps, maps_of
from ..machine import Target
from ..plan import Buffer, Call, Copies, Phase, Place, Plan, Step
from .borders import Border, Copy
from .held import NONE, Halo, Halos, Held, widest
from .packing import Unpack

Spot = Buffer | Place | Held


class Builder:
    """A plan in the making.

    Args:
        net: the network.
        target: what the kernels are made for.
        arguments: the memory that is given from outside.
        halos: what each layer reads around its input, and around its output's gradient.
        may_fuse: an activation may be part of the step before it, whose own value is then nowhere.
        may_transform: Winograd's algorithm may be used.
    """

    training = False
    kind: Literal["blocks", "chunks"] = "blocks"

    def __init__(
        self, net: Network, target: Target, arguments: Arguments, halos: Halos, *, may_fuse: bool, may_transform: bool
    ) -> None:
        self.net, self.target, self.arguments, self.halos = net, target, arguments, halos
        self.may_fuse, self.may_transform = may_fuse, may_transform
        self.plan = Plan("samples", target.lanes, buffers=list(arguments.buffers))
        self.values: dict[str, Held] = {}
        self.outputs = {name_of(node) for node in net.outputs}
        self._fused: dict[str, Node] = {}  # an activation, and whose step does it
        self._read: dict[str, Held] = {}  # what a layer read, for its backward
        self._readers: dict[str, list[Node]] = {}
        self._prepared: dict[tuple[str, Kernel], Buffer] = {}
        self._phase: Phase | None = None
        for node in net.nodes:
            for before in dict.fromkeys(node.inputs):
                self._readers.setdefault(name_of(before), []).append(node)

    # --- steps and phases

    def step(self, layer: str, kernel: Kernel, *places: Spot, macs: int = 0, items: int = 1) -> None:
        """Add a step to the phase that is open, or to a new one over all blocks."""
        phase = self._phase or self.open(self.kind)
        phase.steps.append(made(layer, kernel, *places, macs=macs, items=items))

    def open(self, kind: Literal["blocks", "chunks", "tasks"], name: str = "") -> Phase:
        """Begin a phase: what it does waits until every thread is done with those before."""
        self._phase = Phase(name, kind)
        self.plan.stages.append(self._phase)
        return self._phase

    def task(self, layer: str, kernel: Kernel, *places: Spot, items: int, macs: int = 0) -> None:
        """Add a step that all threads share, over all blocks at once, as a phase of its own."""
        self.open("tasks", layer)
        self.step(layer, kernel, *places, items=items, macs=macs)
        self._phase = None

    def prepared(self, node: Node, kernel: Kernel, size: int, *places: Spot, items: int) -> Buffer:
        """Return what a kernel makes of weights, in `size` bytes, before everything else."""
        key = name_of(node), kernel
        if key not in self._prepared:
            self._prepared[key] = self.buffer(f"weights of {name_of(node)}", size, copies="once")
            step = made(name_of(node), kernel, *places, self._prepared[key], items=items)
            self.plan.preparing.steps.append(step)
        return self._prepared[key]

    # --- memory

    @property
    def vector(self) -> int:
        """Bytes of a vector."""
        return 4 * self.target.lanes

    def buffer(self, name: str, size: int, *, copies: Copies = "block", kept: bool = False) -> Buffer:
        """Return new memory of `size` bytes."""
        fresh = Buffer(name, size, copies, kept=kept)
        self.plan.buffers.append(fresh)
        return fresh

    def hold(self, name: str, maps: Maps) -> Held:
        """Return new memory for maps."""
        return Held(self.buffer(name, maps.size * self.vector), maps)

    def scratch(self, layer: str, vectors: int) -> Buffer:
        """Return memory that only one step uses."""
        return self.buffer(f"scratch of {layer}", vectors * self.vector)

    def array(self, name: str, shape: Shape) -> Buffer:
        """Return an array of the caller's, (N, ...), block by block."""
        size = self.vector * math.prod(shape)
        fresh = Buffer(name, size, "block", name, stride=size)
        self.plan.buffers.append(fresh)
        return fresh

    def between(self, name: str, shape: Shape, *, each: bool = True) -> Buffer:
        """Return an array between phases and calls: (N, ...), or with `each` False just (...)."""
        self.plan.between[name] = shape, each
        if each:
            return self.array(name, shape)
        fresh = Buffer(name, 4 * math.prod(shape), "once", name)
        self.plan.buffers.append(fresh)
        return fresh

    def out(self, node: Node, held: Held, name: str) -> None:
        """Write a value or gradient out of the lanes, into an array of this name for a call."""
        self.step(
            name_of(node),
            Unpack(held.maps, node.shape),
            held,
            self.arguments.call["real"],
            self.between(name, node.shape),
        )

    def call(self, call: Call) -> None:
        """Let Python do something, when all blocks are done."""
        self._phase = None
        self.plan.stages.append(call)

    def stride(self, held: Held) -> int:
        """Return the vectors from one block's copy to the next, for kernels that walk all blocks."""
        return -(-held.buffer.size // 64) * 64 // self.vector

    def weight(self, node: Node, short: str) -> Buffer:
        """Return a layer's weight: its own, where it does a batch norm too."""
        own = self.arguments.folded.get(name_of(node), {})
        if short in own:
            return own[short]
        return self.arguments.weights[self.net.weight_names(name_of(node))[short]]

    # --- values

    def readers(self, node: Node) -> list[Node]:
        """Return the nodes that read a value."""
        return self._readers.get(name_of(node), [])

    def sole_reader(self, node: Node) -> Node | None:
        """Return the only one that ever sees a value, or None."""
        readers = self.readers(node)
        return readers[0] if len(readers) == 1 and name_of(node) not in self.outputs else None

    def fuse(self, activation: Node, node: Node) -> None:
        """Remember that the step of `node` does an activation too."""
        self._fused[name_of(activation)] = node

    def fused_with(self, activation: Node) -> Node | None:
        """Return the node whose step does an activation too, or None."""
        return self._fused.get(name_of(activation))

    def with_norm(self, node: Node) -> Node:
        """Return the batch norm that a convolution does too, or else the convolution."""
        return self.readers(node)[0] if name_of(node) in self.arguments.folded else node

    def new(self, node: Node) -> Held:
        """Return memory for a node's value, with room around it for those who read it."""
        name = name_of(node)
        halo = widest([self.halos.values.get(name_of(reader), NONE) for reader in self._all_readers(node)])
        maps = maps_of(node.shape, dense=halo == NONE).with_halo(*halo)
        self.values[name] = self.hold(name, maps)
        return self.values[name]

    def _all_readers(self, node: Node) -> list[Node]:
        """Return who reads a value, also under another name that stands for the same memory."""
        found = self.readers(node)
        return [*found, *(late for near in found if self.is_same(near) for late in self._all_readers(near))]

    def is_same(self, node: Node) -> bool:
        """Return whether a node's value is that of its input: dropout, when nothing is dropped."""
        return not self.training and type(node.layer).__name__ in ("Dropout", "Dropout2d")

    def same(self, node: Node) -> None:
        """Let a node's value be its input's."""
        self.values[name_of(node)] = self.values[name_of(node.inputs[0])]

    def finished(self, node: Node) -> None:
        """Fill what lies around a value, now that it is written."""
        held = self.values[name_of(node)]
        if held.maps.halo != NONE:
            self.step(name_of(node), Border(held.maps, "zeros"), held)

    def read(self, node: Node, *, dense: bool = False, halo: Halo = NONE, mode: str = "zeros") -> Held:
        """Return a value in the form that a kernel wants: as it lies, or a copy of it."""
        held = self.values[name_of(node)]
        own = mode != "zeros" and halo != NONE
        if not own and (held.maps.flat or not dense) and held.around(halo):
            return held
        copy = self.hold(f"{name_of(node)} for a reader", maps_of(node.shape, dense=dense).with_halo(*halo))
        self.step(name_of(node), Copy(_like(held.maps, copy.maps), copy.maps), held, copy)
        if halo != NONE:
            self.step(name_of(node), Border(copy.maps, mode), copy)
        return copy

    def remember(self, node: Node, held: Held) -> None:
        """Remember what a layer read."""
        self._read[name_of(node)] = held

    def recall(self, node: Node) -> Held:
        """Return what a layer read."""
        return self._read[name_of(node)]


def made(layer: str, kernel: Kernel, *places: Spot, macs: int = 0, items: int = 1) -> Step:
    """Return a step."""
    spots = tuple(
        spot if isinstance(spot, Place) else Place(spot.buffer if isinstance(spot, Held) else spot) for spot in places
    )
    assert len(spots) == kernel.count(), kernel
    return Step(layer, kernel, spots, macs, items)


def _like(held: Maps, copy: Maps) -> Maps:
    """Return a layout in the terms of another of the same shape: what is flat may be looked at in any."""
    if (held.channels, held.height, held.width) == (copy.channels, copy.height, copy.width):
        return held
    return Maps(copy.channels, copy.height, copy.width, dense=True)

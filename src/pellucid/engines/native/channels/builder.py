"""Puts a plan in channel lanes together: where each value lies, and which steps threads share."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Literal

from ....layers import Node
from ....layers.node import Shape
from ....network import Network
from ....wiring import name_of
from ..kernel import Kernel
from ..machine import Target
from ..plan import Buffer, Copies, Phase, Place, Plan, Step
from ..rewrite import Rewriting
from ..samples.held import NONE, Halo, widest
from .borders import Copy
from .held import Flattened, Floats, Held, Packed
from .layout import Blocked, Planar
from .packing import Pack, PackPlanar, blocked_of
from .telling import Tell
from .unloading import steps_of
from .whole import Whole, items_of

Spot = Buffer | Held


class Builder:
    """A plan in the making.

    Args:
        net: the network.
        target: what the kernels are made for.
        rewriting: which layers others do.
        halo: tells what a layer reads around its input.
        may_fuse: a step may do several layers, whose own values are then nowhere.
        may_transform: Winograd's algorithm may be used.
        single: one image, whose steps threads share; without it each image is one thread's.
    """

    def __init__(
        self,
        net: Network,
        target: Target,
        rewriting: Rewriting,
        halo: Callable[[Builder, Node], Halo],
        *,
        may_fuse: bool,
        may_transform: bool,
        single: bool,
    ) -> None:
        self.net, self.target, self.rewriting, self._halo = net, target, rewriting, halo
        self.may_fuse, self.may_transform, self.single = may_fuse, may_transform, single
        self.plan = Plan("channels", target.lanes)
        self.values: dict[str, Held | Flattened] = {}
        self.packed: list[Packed] = []
        self.done: set[str] = set()  # layers whose value an earlier step makes
        self.images = self.buffer("images", 8, copies="once", kept=True)
        self.outputs = {name_of(node) for node in net.outputs}
        self._planar: dict[tuple[str, Planar], Buffer] = {}
        self._arrays: dict[str, Buffer] = {}
        self._readers: dict[str, list[Node]] = {}
        self._phase: Phase | None = None
        for node in net.nodes:
            for before in dict.fromkeys(node.inputs):
                self._readers.setdefault(name_of(before), []).append(node)

    # --- steps

    def step(self, layer: str, kernel: Kernel, *places: Spot, macs: int = 0) -> None:
        """Add a step over images, or over its own items if it is large and there is one image."""
        items = items_of(kernel)
        if self.single and items > 1:
            self.task(layer, kernel, *places, macs=macs)
            return
        if self._phase is None:
            self._phase = self._open("blocks", "")
        self._phase.steps.append(Step(layer, Whole(kernel), _spots(places), macs))

    def task(self, layer: str, kernel: Kernel, *places: Spot, macs: int = 0) -> None:
        """Add a step whose items all threads share, as a phase of its own."""
        items = items_of(kernel)
        self._open("tasks", layer).steps.append(Step(layer, kernel, _spots(places), macs, items))
        self._phase = None

    def _open(self, kind: Literal["blocks", "tasks"], name: str) -> Phase:
        phase = Phase(name, kind)
        self.plan.stages.append(phase)
        return phase

    # --- memory

    def buffer(self, name: str, size: int, *, copies: Copies = "block", kept: bool = False) -> Buffer:
        """Return new memory of `size` bytes."""
        fresh = Buffer(name, size, copies, kept=kept)
        self.plan.buffers.append(fresh)
        return fresh

    def hold(self, name: str, maps: Blocked) -> Held:
        """Return new memory for maps."""
        return Held(self.buffer(name, maps.floats * 4), maps)

    def scratch(self, layer: str, floats: int) -> Buffer:
        """Return memory that one item of a step uses."""
        return self.buffer(f"scratch of {layer}", floats * 4, copies="thread")

    def array(self, name: str, shape: Shape) -> Buffer:
        """Return an array of the caller's, (N, ...), image by image."""
        if name not in self._arrays:
            size = 4 * math.prod(shape)
            self._arrays[name] = Buffer(name, size, "block", name, stride=size)
            self.plan.buffers.append(self._arrays[name])
        return self._arrays[name]

    def weight(self, layer: str, short: str, form: Hashable, make: Callable[[Floats | None], Floats]) -> Buffer:
        """Return a layer's weight in a kernel's own order.

        Args:
            layer: the layer.
            short: its own name of the weight.
            form: tells one order from another.
            make: brings the weight into that order.
        """
        buffer = Buffer(f"{layer}.{short}", 0, "once", f"weight {len(self.packed)}", stride=0)
        self.plan.buffers.append(buffer)
        key = layer, short, layer in self.rewriting.norms, form
        self.packed.append(Packed(buffer, key, layer, short, make))
        return buffer

    # --- values

    def sole_reader(self, node: Node) -> Node | None:
        """Return the only one that ever sees a value, or None."""
        readers = self.readers(node)
        return readers[0] if len(readers) == 1 and name_of(node) not in self.outputs else None

    def new(self, node: Node) -> Held:
        """Return memory for a node's value, with room around it for those who read it."""
        halo = widest([self._halo(self, reader) for reader in self._all_readers(node)])
        maps = blocked_of(node.shape, self.target.lanes)
        held = self.hold(name_of(node), maps.with_halo(*halo) if len(node.shape) == 3 else maps)
        self.values[name_of(node)] = held
        return held

    def _all_readers(self, node: Node) -> list[Node]:
        """Return who reads a value, also under another name that stands for the same memory."""
        found = self.readers(node)
        same = [near for near in found if name_of(near) in self.rewriting.same]
        return [*found, *(late for near in same for late in self._all_readers(near))]

    def known(self, node: Node) -> bool:
        """Return whether a value is there already."""
        return node.layer is None or name_of(node) in self.values

    def seen(self, node: Node) -> Held | Flattened:
        """Return a value as it lies: an input is brought into lanes when it is first read."""
        name = name_of(node)
        if node.layer is None and name not in self.values:
            held = self.new(node)
            self.step(name, Pack(steps_of(node.shape), held.maps), self.array(f"input {name}", node.shape), held)
        return self.values[name]

    def read(self, node: Node, *, halo: Halo = NONE, mode: str = "zeros") -> Held:
        """Return a value in the form that a kernel wants: as it lies, or a copy of it."""
        seen = self.seen(node)
        if isinstance(seen, Flattened):
            seen = self._laid_out(node, seen)
        if halo == NONE or (mode == "zeros" and _around(seen.maps, halo)):
            return seen
        copy = self.hold(f"{name_of(node)} for a reader", blocked_of(node.shape, self.target.lanes).with_halo(*halo))
        self.step(name_of(node), Copy(seen.maps, copy.maps, mode), seen, copy)
        return copy

    def _laid_out(self, node: Node, seen: Flattened) -> Held:
        """Make a vector of maps."""
        held = self.hold(name_of(node), blocked_of(node.shape, self.target.lanes))
        maps = seen.held.maps
        tail = held.maps.floats - math.prod(node.shape)
        steps = steps_of((maps.channels, maps.height, maps.width), seen.order)
        kernel = Tell(maps, steps, maps, tail=tail)
        self.step(name_of(node), kernel, seen.held, held)
        self.values[name_of(node)] = held
        return held

    def image(self, node: Node, halo: Halo) -> tuple[Buffer, Planar]:
        """Return an input of the network as channels of plain numbers, with zeros around them."""
        name, maps = name_of(node), Planar(*node.shape).with_halo(*halo)
        array = self.array(f"input {name}", node.shape)
        if maps.floats * 4 == array.size:
            return array, maps
        if (name, maps) not in self._planar:
            self._planar[name, maps] = self.buffer(f"{name} with zeros around", maps.floats * 4)
            self.step(name, PackPlanar(maps), array, self._planar[name, maps])
        return self._planar[name, maps], maps

    def tell(self, node: Node) -> None:
        """Write a value out of the lanes for the caller."""
        self._tell(node, self.array(f"value {name_of(node)}", node.shape))

    def told(self, node: Node) -> Buffer:
        """Return a value as an array of its own."""
        array = self.buffer(f"{name_of(node)} in a row", 4 * math.prod(node.shape))
        self._tell(node, array)
        return array

    def _tell(self, node: Node, array: Buffer) -> None:
        seen, steps = self.seen(node), steps_of(node.shape)
        if isinstance(seen, Flattened):
            maps, order = seen.held.maps, seen.order
            seen, steps = seen.held, steps_of((maps.channels, maps.height, maps.width), order)
        self.step(name_of(node), Tell(seen.maps, steps, seen.maps), seen, array)

    def readers(self, node: Node) -> list[Node]:
        """Return the nodes that read a value."""
        return self._readers.get(name_of(node), [])


def _spots(places: tuple[Spot, ...]) -> tuple[Place, ...]:
    return tuple(Place(spot.buffer if isinstance(spot, Held) else spot) for spot in places)


def _around(maps: Blocked, halo: Halo) -> bool:
    return all(have >= want for have, want in zip(maps.halo, halo, strict=True))

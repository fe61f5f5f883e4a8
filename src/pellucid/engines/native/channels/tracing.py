"""How a trace follows a value through the layers that change each number by itself, so that one step tells them all."""

from __future__ import annotations

from ....layers import Node
from ....wiring import name_of
from ..plan import Buffer
from ..samples.rules.base import layer_of
from ..samples.rules.elementwise import activation_of
from ..samples.rules.merging import adds_two
from .builder import Builder
from .held import Flattened, Held
from .rules.others import scale_and_shift
from .telling import Activated, Added, Scaled, Stage, Tell
from .unloading import steps_of

MOST = 6  # layers that one step follows


def tell_all(b: Builder, node: Node) -> None:
    """Write a value out of the lanes, and those of the layers behind it that a step can make on the way."""
    seen = b.seen(node)
    followed = [] if isinstance(seen, Flattened) else _followed(b, node)
    if isinstance(seen, Flattened) or not followed:
        b.tell(node)
        return
    stages: list[Stage] = []
    given: list[Buffer | Held] = [seen]
    before = node
    for layer in followed:
        stage, pointers = _stage(b, before, layer)
        stages.append(stage)
        given += pointers
        before = layer
    told = [b.array(f"value {name_of(each)}", each.shape) for each in (node, *followed)]
    y = b.new(followed[-1])
    kernel = Tell(seen.maps, steps_of(node.shape), y.maps, tuple(stages))
    b.step(name_of(node), kernel, *given, *told, y)
    b.done.update(map(name_of, followed))


def _followed(b: Builder, node: Node) -> list[Node]:
    """Return the layers behind a value that a step can make: what only they read need not lie in lanes."""
    found: list[Node] = []
    while len(found) < MOST:
        behind = [reader for reader in b.readers(node) if _can_follow(b, node, reader)]
        if not behind or (found and len(b.readers(node)) > 1):
            break
        node = behind[0]
        found.append(node)
    return found


def _can_follow(b: Builder, node: Node, reader: Node) -> bool:
    """Return whether a layer changes each number of a value by itself, or adds to it what is there already."""
    if layer_of(reader).kind == "Add":
        others = [before for before in reader.inputs if before is not node]
        return adds_two(reader) and len(others) == 1 and b.known(others[0])
    return activation_of(reader) is not None or layer_of(reader).kind == "BatchNorm2d"


def _stage(b: Builder, before: Node, node: Node) -> tuple[Stage, list[Buffer | Held]]:
    """Return what a layer does to each number, and what it reads besides."""
    activation = activation_of(node)
    if activation is not None:
        return Activated(activation), []
    if layer_of(node).kind == "Add":
        other = b.read(next(each for each in node.inputs if each is not before))
        return Added(other.maps), [other]
    return Scaled(), [*scale_and_shift(b, node)]

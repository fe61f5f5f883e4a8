"""PyTorch's operations that only move numbers: other shapes, other orders, parts, and parts together."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...layers import Concat, Flatten, Node
from ..opening import UnreadableError, make
from .call import Call


def same(call: Call) -> Node:
    """What gives its input: contiguous, clone, detach and the like, and conversions to another type of real numbers."""
    call.ignore("memory_format", "device", "layout", "non_blocking", "copy", "pin_memory", "other", "size", "implicit")
    wanted = call.get("dtype")
    if wanted not in (None, "torch.float32", "torch.float64", "torch.float16", "torch.bfloat16"):
        raise UnreadableError(f"a conversion to {wanted!r:.40}")
    return call.node("self")


def flatten(call: Call) -> Node | None:
    """Flatten, of some axes or of all but the batch."""
    node = call.node("self")
    rank = len(node.shape) + 1
    first, last = (call.whole(name, usual) % rank for name, usual in (("start_dim", 0), ("end_dim", -1)))
    if first == 0 and last > 0:
        raise UnreadableError("an axis that holds the batch and others")
    inner = node.shape[first - 1 : last]
    shape = (*node.shape[: first - 1], math.prod(inner), *node.shape[last:]) if first else node.shape
    if call.own and len(shape) == 1:
        return call.add(Flatten(), node)  # of a vector too: it is what the module is
    return call.reshaped(node, shape)


def flatten_last(call: Call) -> Node | None:
    """All numbers in a row, the channels innermost."""
    return call.add(Flatten("HWC"), call.maps("self"))


def view(call: Call) -> Node | None:
    """View, reshape and the like."""
    name = "shape" if call.step.kind == "reshape" else "size"
    return call.regrouped(call.node("self"), call.sizes(name))


def unflatten(call: Call) -> Node | None:
    """Unflatten: one axis as several."""
    node, sizes = call.node("self"), call.sizes("sizes")
    axis = call.axis("dim", node)
    return call.regrouped(node, [call.batch, *node.shape[:axis], *sizes, *node.shape[axis + 1 :]])


def squeeze(call: Call) -> Node | None:
    """Squeeze, of named axes or of all of one number; the batch is left where it is known to be more than one."""
    node, named = call.node("self"), call.sizes("dim")
    rank = len(node.shape) + 1
    if (not named or 0 in [axis % rank for axis in named]) and call.batch < 2:
        raise UnreadableError("the batch among the axes of one number")
    wanted = {axis % rank - 1 for axis in named} if named else range(len(node.shape))
    return call.reshaped(node, tuple(size for axis, size in enumerate(node.shape) if axis not in wanted or size != 1))


def unsqueeze(call: Call) -> Node | None:
    """Unsqueeze: one more axis of one number."""
    node, axis = call.node("self"), call.whole("dim")
    rank = len(node.shape) + 2
    if axis % rank == 0:
        raise UnreadableError("an axis before the batch")
    at = axis % rank - 1
    return call.reshaped(node, (*node.shape[:at], 1, *node.shape[at:]))


def permute(call: Call) -> Node | None:
    """Permute."""
    node = call.node("self")
    rank = len(node.shape) + 1
    order = [axis % rank for axis in call.sizes("dims")]
    return _ordered(call, node, order)


def transpose(call: Call) -> Node | None:
    """Transpose of two axes."""
    node = call.node("self")
    order = list(range(len(node.shape) + 1))
    a, b = (call.axis(name, node) + 1 for name in ("dim0", "dim1"))
    order[a], order[b] = b, a
    return _ordered(call, node, order)


def _ordered(call: Call, node: Node, order: Sequence[int]) -> Node | None:
    if sorted(order) != list(range(len(node.shape) + 1)) or order[0] != 0:
        raise UnreadableError(f"an order of axes {list(order)!r:.60} that moves the batch")
    ours = tuple(axis - 1 for axis in order[1:])
    return node if ours == tuple(sorted(ours)) else call.add(make("Permute", ours), node)


def slice_one(call: Call) -> Node | None:
    """A slice of one axis."""
    node = call.node("self")
    start, end, step = call.whole("start", 0), call.whole("end", 2**62), call.whole("step", 1)
    if call.whole("dim", 0) % (len(node.shape) + 1) == 0:
        if (start, step) == (0, 1) and end > 2**60:
            return node
        raise UnreadableError("a part of the batch")
    axis = call.axis("dim", node)
    return _part(call, node, axis, start, end, step)


def narrow(call: Call) -> Node | None:
    """Narrow: a slice told by its start and length."""
    node, start = call.node("self"), call.whole("start")
    axis = call.axis("dim", node)
    start = start + node.shape[axis] if start < 0 else start
    return _part(call, node, axis, start, start + call.whole("length"), 1)


def _part(
    call: Call, node: Node, axis: int, start: int, end: int, step: int = 1, told: str | None = None
) -> Node | None:
    size = node.shape[axis]
    if (start, step) in ((0, 1), (-size, 1)) and end >= size:
        return node
    return call.add(make("Slice", start, None if end > 2**60 else end, step, axis=axis), node, told=told)


def select(call: Call) -> Node | None:
    """One place of an axis, without the axis."""
    node, place = call.node("self"), call.whole("index")
    axis = call.axis("dim", node)
    place = place + node.shape[axis] if place < 0 else place
    part = _part(call, node, axis, place, place + 1, told="")
    return part and call.reshaped(part, (*node.shape[:axis], *node.shape[axis + 1 :]))


def chunk(call: Call) -> list[Node | None]:
    """Chunk: parts of one size, but the last."""
    node = call.node("self")
    axis = call.axis("dim", node, 0)
    each = -(-node.shape[axis] // max(1, call.whole("chunks")))
    return _split(call, node, axis, _sizes(node.shape[axis], each))


def split(call: Call) -> list[Node | None]:
    """Split: parts of one size, but the last, or of these sizes."""
    node = call.node("self")
    axis = call.axis("dim", node, 0)
    name = "split_sizes" if call.step.kind == "split_with_sizes" else "split_size"
    given = call.sizes(name)
    if isinstance(call.get(name), int):
        given = _sizes(node.shape[axis], max(1, call.whole(name)))
    if sum(given) != node.shape[axis] or min((*given, 1)) < 1:
        raise UnreadableError(f"parts of sizes {given!r:.60} of an axis of {node.shape[axis]}")
    return _split(call, node, axis, given)


def _sizes(whole: int, each: int) -> list[int]:
    return [min(each, whole - start) for start in range(0, whole, each)]


def _split(call: Call, node: Node, axis: int, sizes: list[int]) -> list[Node | None]:
    """Return the parts that somebody reads."""
    parts: list[Node | None] = []
    for place, size in enumerate(sizes):
        start, told = sum(sizes[:place]), (*call.step.gives, *[""] * len(sizes))[place]
        parts.append(_part(call, node, axis, start, start + size, told=told) if told else None)
    return parts


def concat(call: Call) -> Node | None:
    """Cat."""
    nodes = call.nodes("tensors")
    axis = call.axis("dim", nodes[0], 0)
    if len(nodes) == 1:
        return nodes[0]
    return call.add(Concat() if axis == 0 else make("Concat", axis), *nodes)

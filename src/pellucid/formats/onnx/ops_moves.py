"""ONNX's operators that only move numbers: padding, cutting, joining, laying out anew."""

from __future__ import annotations

import math

import numpy as np

from ...layers import Node
from ..opening import UnreadableError, make
from .call import BATCH, Call, Tall

END = 2**31 - 1  # from here on a place means the end of an axis
MOST_AXES = 4  # of a value here, without the batch
MOST_PARTS = 64  # that one node is cut into


def cut(call: Call, node: Node, axis: int, start: int, stop: int, step: int = 1, *, name: str = "") -> Node | None:
    """Keep places of an axis; nothing is added where all are kept."""
    size = node.shape[axis]
    if step < 1:
        raise UnreadableError("a step backwards")
    kept = range(size)[start:stop:step]
    if not kept:
        raise UnreadableError(f"places {start} to {stop} of {size}, of which there are none")
    if len(kept) == size:
        return node
    end = None if kept.start + len(kept) * step >= size else kept.stop
    return call.add(make("Slice", kept.start, end, step, axis=axis), node, name=name)


def slice_(call: Call) -> Node | None:
    """Slice of any axes but the batch: one layer an axis."""
    node: Node | None = call.node()
    assert node is not None
    rank = len(node.shape) + 1
    inputs = len(call.values) > 1
    starts, stops = (call.numbers(1), call.numbers(2)) if inputs else (call.get("starts", []), call.get("ends", []))
    axes = call.numbers(3) if call.has(3) else call.get("axes", list(range(len(starts))))
    steps = call.numbers(4) if call.has(4) else [1] * len(starts)
    if not len(starts) == len(stops) == len(axes) == len(steps):
        raise UnreadableError("starts, ends, axes and steps that are not as many")
    for axis, start, stop, step in zip(axes, starts, stops, steps, strict=True):
        if axis % rank == 0:
            whole = stop == BATCH or stop >= (END if call.batch == BATCH else call.batch)
            if (start, whole, step) != (0, True, 1):
                raise UnreadableError("a part of the batch")
        elif node is not None:
            node = cut(call, node, call.axis(axis, node), start, stop, step)
    return node


def split(call: Call) -> tuple[Node | None, ...]:
    """Split: each part is a layer that cuts it out."""
    node, parts = call.node(), len(call.outputs)
    axis = call.axis(call.get("axis", 0), node)
    size = node.shape[axis]
    if not parts or call.get("num_outputs", parts) != parts:
        raise UnreadableError(f"{parts} outputs, where num_outputs is {call.get('num_outputs', parts)}")
    each = -(-size // parts)
    sizes = call.numbers(1) if call.has(1) else call.get("split", [])
    sizes = sizes or [min(each, size - place) for place in range(0, size, each)]
    if len(sizes) != parts or sum(sizes) != size or min(sizes) < 1 or parts > MOST_PARTS:
        raise UnreadableError(f"{size} places in parts of {sizes!r:.100}, and {parts} outputs")
    ends = np.cumsum(sizes).tolist()
    return tuple(
        cut(call, node, axis, end - count, end, name=name)
        for end, count, name in zip(ends, sizes, call.outputs, strict=True)
    )


def gather(call: Call) -> Node | None:
    """Gather of places of one axis: in even steps one cut, else the cuts joined; one place alone loses the axis."""
    node, stored = call.node(), call.constant(1)
    axis, places = call.axis(call.get("axis", 0), node), call.numbers(1)
    size = node.shape[axis]
    if len(stored.shape) > 1 or not places or any(not -size <= place < size for place in places):
        raise UnreadableError(f"places {places!r:.100} of {size}, as a table of {len(stored.shape)} axes")
    parts = [cut(call, node, axis, first, last + 1, step) for first, last, step in _runs([p % size for p in places])]
    if any(part is None for part in parts):
        return None
    read = [part for part in parts if part is not None]
    joined = read[0] if len(read) == 1 else call.add(make("Concat", axis), *read)
    if joined is None or stored.shape:
        return joined
    return call.reshaped(joined, (*node.shape[:axis], *node.shape[axis + 1 :]))


def _runs(places: list[int]) -> list[tuple[int, int, int]]:
    """Return the fewest even rows, taken greedily, of which places are made: (first, last, step)."""
    runs: list[tuple[int, int, int]] = []
    at = 0
    while at < len(places):
        end, step = at + 1, places[at + 1] - places[at] if at + 1 < len(places) else 1
        while step > 0 and end < len(places) and places[end] - places[end - 1] == step:
            end += 1
        runs.append((places[at], places[end - 1], max(step, 1)))
        at = end
    return runs


def pad(call: Call) -> Node | None:
    """Pad; what is padded by less than nothing is cut."""
    maps = call.maps()
    pads = call.numbers(1) if len(call.values) > 1 else call.get("pads", [])
    value = call.scalar(2, 0.0) if len(call.values) > 1 else call.number("value", 0.0)
    mode = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}.get(
        call.get("mode", "constant")
    )
    axes = call.numbers(3) if call.has(3) else list(range(4))
    half = len(axes)
    if mode is None or len(pads) != 2 * half or len({axis % 4 for axis in axes}) < half:
        raise UnreadableError(f"mode {call.get('mode', 'constant')!r:.60}, pads {pads!r:.100}")
    sides = [(0, 0)] * 4
    for place, axis in enumerate(axes):
        sides[axis % 4] = pads[place], pads[place + half]
    if sides[0] != (0, 0):
        raise UnreadableError("padding of the batch")
    node: Node | None = maps
    for axis, (before, after) in enumerate(sides[1:]):
        if min(before, after) < 0 and node is not None:
            if mode != "constant":
                raise UnreadableError("negative padding, and another mode than constant")
            node = cut(call, node, axis, max(-before, 0), node.shape[axis] - max(-after, 0))
    channels, rows, columns = (tuple(max(side, 0) for side in pair) for pair in sides[1:])
    if node is None or channels == rows == columns == (0, 0):
        return node
    if mode != "constant" and channels != (0, 0):
        raise UnreadableError("padding of channels with another mode than constant")
    if mode == "constant" and value == 0.0 and channels == (0, 0):
        return call.add(make("ZeroPad2d", (rows, columns)), node)
    filling = {"value": value} if mode == "constant" else {}
    return call.add(make("Pad2d", (rows, columns), channels=channels, mode=mode, **filling), node)


def depth_to_space(call: Call) -> Node | None:
    """DepthToSpace."""
    call.maps()
    return call.add(make("PixelShuffle", call.get("blocksize", 0), order=call.get("mode", "DCR")))


def space_to_depth(call: Call) -> Node | None:
    """SpaceToDepth: the maps cut into blocks, whose places become channels."""
    maps, block = call.maps(), call.get("blocksize", 0)
    _, height, width = maps.shape
    if block < 1 or height % block or width % block:
        raise UnreadableError(f"blocks of {block} in maps of {height} x {width}")
    mode = call.get("mode", "DCR")
    if mode not in ("DCR", "CRD"):
        raise UnreadableError(f"mode {mode!r:.60}")
    return _blocks(call, maps, block, first=mode == "DCR")


def _blocks(call: Call, maps: Node, block: int, *, first: bool) -> Node | None:
    """Lay the places of every block out as channels, `first` of the channels' axes, or last."""
    channels, height, width = maps.shape
    rows, columns, more = height // block, width // block, channels * block
    by_columns = (
        make("Reshape", (-1, height if first else rows, columns, block)),
        make("Permute", (3, 0, 1, 2) if first else (0, 3, 1, 2)),
    )
    by_rows = (
        make("Reshape", (more if first else channels, rows, block, columns if first else width)),
        make("Permute", (2, 0, 1, 3) if first else (0, 2, 1, 3)),
    )
    last = make("Reshape", (more * block, rows, columns))
    steps = (*by_columns, *by_rows, last) if first else (*by_rows, *by_columns, last)
    node: Node | None = maps
    for number, step in enumerate(steps, 1):
        node = node and call.add(step, node, name=f"{call.name}/{number}" if number < len(steps) else "")
    return node


def unsqueeze(call: Call) -> Node | None:
    """Unsqueeze: axes of one number, counted in the output."""
    node = call.node()
    axes = call.numbers(1) if call.has(1) else list(call.get("axes", []))
    rank = len(node.shape) + 1 + len(axes)
    places = sorted(axis % rank for axis in axes if -rank <= axis < rank)
    if len(set(places)) < len(axes) or 0 in places:
        raise UnreadableError(f"new axes {axes!r:.60} of {rank}, where others than the batch's are expected")
    sizes = list(node.shape)
    for place in places:
        sizes.insert(place - 1, 1)
    return call.reshaped(node, tuple(sizes))


def expand(call: Call) -> Node | None:
    """Expand that changes nothing, or lays one number over each map."""
    node, sizes = call.node(), call.numbers(1)
    whole = (call.batch, *node.shape)
    if len(sizes) > len(whole):
        raise UnreadableError("more axes")
    sizes = [1] * (len(whole) - len(sizes)) + sizes
    wanted = tuple(max(own, size) if own == 1 else own for own, size in zip(whole, sizes, strict=True))
    if any(size not in (1, own) for own, size in zip(wanted, sizes, strict=True)):
        raise UnreadableError(f"a shape {sizes!r:.100} that does not meet (batch, {node.shape})")
    if wanted[1:] == node.shape:
        return node
    if len(node.shape) != 3 or node.shape[1:] != (1, 1) or wanted[1] != node.shape[0]:
        raise UnreadableError("other axes than height and width that grow")
    return call.add(make("Upsample", size=wanted[2:]))


def reshape(call: Call) -> Node | Tall | None:
    """Reshape that leaves the batch; what it makes one layer of together with what came before is known here."""
    given, sizes = call.values[0], call.numbers(1)
    tall = given if isinstance(given, Tall) else None
    node = tall.node if tall else call.node()
    own = tuple(tall.shape[axis] for axis in tall.order) if tall else node.shape
    if not call.get("allowzero", 0):
        whole = (call.batch, *own)
        sizes = [whole[i] if size == 0 and i < len(whole) else size for i, size in enumerate(sizes)]
    rest, count = sizes[1:], math.prod(own)
    if rest.count(-1) == 1 and sizes[0] == call.batch:
        known = -math.prod(rest)
        rest = [count // known if size == -1 and known > 0 else size for size in rest]
    if not rest or sizes[0] not in (-1, call.batch) or any(size < 1 for size in rest) or math.prod(rest) != count:
        told = call.said(sizes)
        raise UnreadableError(f"a new shape {told} of (batch, {own}), which does not leave the batch")
    if tall:
        return _laid(call, tall, tuple(rest))
    if len(rest) > MOST_AXES:
        return Tall(node, tuple(rest), tuple(range(len(rest))))
    return _shuffled(call, node, tuple(rest)) or call.reshaped(node, tuple(rest))


def _laid(call: Call, tall: Tall, shape: tuple[int, ...]) -> Node | None:
    """Return a value of many axes in three: numbers that went from channels into space, or the way back."""
    sizes, order = tall.shape, tall.order
    if order == tuple(range(len(order))):
        return call.reshaped(tall.node, shape)
    if len(sizes) == 5 and len(tall.node.shape) == len(shape) == 3:
        for name, turn, (a, b) in (("CRD", (0, 3, 1, 4, 2), (1, 2)), ("DCR", (2, 3, 0, 4, 1), (0, 1))):
            small = tall.node.shape[1:] == sizes[3:]
            if (
                order == turn
                and small
                and sizes[a] == sizes[b]
                and shape[1:] == (sizes[3] * sizes[a], sizes[4] * sizes[a])
            ):
                return call.add(make("PixelShuffle", sizes[a], order=name), tall.node)
        block = sizes[2]
        cut_up = tall.node.shape == (sizes[0], sizes[1] * block, sizes[3] * block) and sizes[4] == block
        if cut_up and order in ((2, 4, 0, 1, 3), (0, 2, 4, 1, 3)) and shape[1:] == (sizes[1], sizes[3]):
            return _blocks(call, tall.node, block, first=order[0] == 2)
    raise UnreadableError(f"numbers laid out as (batch, {sizes}) and turned to {order}, which no layer here does")


def _shuffled(call: Call, node: Node, shape: tuple[int, ...]) -> Node | None:
    """Return the channel shuffle that a Reshape, a Permute and this Reshape are together."""
    layer = node.layer
    if layer is None or layer.kind != "Permute" or layer.config()["order"] != (1, 0, 2, 3):
        return None
    table = node.inputs[0]
    if table.layer is None or table.layer.kind != "Reshape" or table.inputs[0].shape != shape:
        return None
    groups, each, *rest = table.shape
    if len(shape) != 3 or shape != (groups * each, *rest) or call.is_read_elsewhere(node, table):
        return None
    call.opening.forget(node, table)
    return call.add(make("ChannelShuffle", groups), table.inputs[0])

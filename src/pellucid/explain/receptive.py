"""Receptive fields: which places a number depends on, of one unit exactly, and of a layer's units in general."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..field import EXACT, UPPER_BOUND, WHOLE, Field
from ..layers.base import Mask, Windows
from ..layers.node import Shape
from ..network import Network
from ..wiring import name_of


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """The places of one input that one number depends on.

    Args:
        rows: the rows from the first to the last.
        columns: the columns from the first to the last.
        status: "exact" (everything in the box is read), "upper bound" (the box has gaps, see `mask`) or "whole input".
        mask: every place that is read, of the input's shape.
    """

    rows: range
    columns: range
    status: str
    mask: Mask = field(repr=False)


def masks(net: Network, name: str, index: tuple[int, ...]) -> dict[str, Mask]:
    """Return every place that number `index` of `name` depends on, in every earlier layer and input.

    A place counts if some value there could change the number: what a max-pool passes over counts too. Each layer
    says which places its outputs read, so branches, dilation, groups and padding are followed exactly.
    """
    start = np.zeros(net.shapes[name], np.bool_)
    start[index] = True
    found: dict[str, Mask] = {name: start}
    for node in reversed(net.nodes):
        if str(node.name) not in found or node.layer is None:
            continue
        read = node.layer.reads(found[str(node.name)], *(before.shape for before in node.inputs))
        for before, mask in zip(node.inputs, read, strict=True):
            key = str(before.name)
            found[key] = found[key] | mask if key in found else mask
    return found


def receptive_field(mask: Mask) -> ReceptiveField:
    """Return the box around a mask's places, with a word on how well it fits.

    >>> receptive_field(np.array([[[True, False, True]]]))
    ReceptiveField(rows=range(0, 1), columns=range(0, 3), status='upper bound')
    """
    height, width = ([1, *mask.shape])[-2:]
    flat: Mask = np.logical_or.reduce(mask.reshape(-1, height, width))  # (rows, columns)
    hits = [np.flatnonzero(np.logical_or.reduce(flat, axis=axis)) for axis in (1, 0)]
    rows, columns = (range(int(hit[0]), int(hit[-1]) + 1) if len(hit) else range(0) for hit in hits)
    filled = bool(flat[rows.start : rows.stop, columns.start : columns.stop].all())
    status = WHOLE if flat.all() else EXACT if filled else UPPER_BOUND
    return ReceptiveField(rows, columns, status, mask)


def fields(net: Network) -> dict[str, tuple[Field, Field]]:
    """Return the receptive field of every layer's units along height and width, borders of the image aside.

    Where a network has several inputs, it is the field in the first of them that the layer depends on.
    """
    found: dict[str, dict[str, tuple[Field, Field]]] = {}  # by layer, then by input
    for node in net.inputs:
        found[name_of(node)] = {name_of(node): (Field(), Field())}
    for node in net.nodes:
        assert node.layer is not None
        shapes = [before.shape for before in node.inputs]
        height, width = map_size(node.shape)
        joined: dict[str, tuple[Field, Field]] = {}
        for place, before in enumerate(node.inputs):
            windows = node.layer.branch_windows(place, *shapes)
            for source, axes in found[name_of(before)].items():
                rows, columns = _through(axes, windows, map_size(before.shape), map_size(net.shapes[source]))
                if source in joined:
                    rows, columns = joined[source][0].join(rows, height), joined[source][1].join(columns, width)
                joined[source] = rows, columns
        found[name_of(node)] = joined
    order = [name_of(node) for node in net.inputs]
    return {name: by_input[next(source for source in order if source in by_input)] for name, by_input in found.items()}


def sources(net: Network) -> dict[str, str]:
    """Return the input that each layer's field is told of: the first that it depends on."""
    order = {name_of(node): number for number, node in enumerate(net.inputs)}
    for node in net.nodes:
        order[name_of(node)] = min(order[name_of(before)] for before in node.inputs)
    return {name: name_of(net.inputs[number]) for name, number in order.items()}


def status_of(axes: tuple[Field, Field]) -> str:
    """Return how exact a field along height and width is: "whole input" (along both axes), "exact" or "upper bound"."""
    found = {axis.status for axis in axes}
    return WHOLE if found == {WHOLE} else UPPER_BOUND if UPPER_BOUND in found else EXACT


def map_size(shape: Shape) -> tuple[int, int]:
    """Return the height and width of maps; of a vector, its places are the columns."""
    height, width = ([1, 1, *shape])[-2:]
    return height, width


def _through(
    field: tuple[Field, Field], windows: Windows, sizes: tuple[int, int], whole: tuple[int, int]
) -> tuple[Field, Field]:
    rows, columns = (
        axis.whole(most) if window is None else axis.through(window, size)
        for axis, window, size, most in zip(field, windows, sizes, whole, strict=True)
    )
    return rows, columns

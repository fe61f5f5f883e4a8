"""Receptive fields: which places a number depends on, of one unit exactly, and of a layer's units in general."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..field import EXACT, UPPER_BOUND, WHOLE, Field
from ..layers.base import Mask
from ..network import Network


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
    """Return the receptive field of every layer's units along height and width, borders of the image aside."""
    height, width = ([1, 1, *net.inputs[0].shape])[-2:]
    found: dict[str, tuple[Field, Field]] = {str(node.name): (Field(), Field()) for node in net.inputs}
    for node in net.nodes:
        assert node.layer is not None
        shapes = [before.shape for before in node.inputs]
        windows = node.layer.windows(*shapes)
        reached: list[tuple[Field, Field]] = []
        for before in node.inputs:
            rows, columns = found[str(before.name)]
            if windows is None:
                reached.append((rows.whole(height), columns.whole(width)))
            else:
                sizes = before.shape[-2:] if len(before.shape) > 2 else (1, 1)
                reached.append((rows.through(windows[0], sizes[0]), columns.through(windows[1], sizes[1])))
        joined = reached[0]
        outputs = node.shape[-2:] if len(node.shape) > 2 else (1, 1)
        for other in reached[1:]:
            joined = joined[0].join(other[0], outputs[0]), joined[1].join(other[1], outputs[1])
        found[str(node.name)] = joined
    return found

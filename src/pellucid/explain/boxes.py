"""Where in the image a unit's receptive field lies: layers' fields put in place, cheap for thousands of units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..field import WHOLE
from ..network import Network
from ..wiring import name_of
from .receptive import fields, map_size, sources, status_of

Box = tuple[range, range]


class Boxes:
    """The boxes of a network's units in the input that their layer's field is told of.

    Args:
        net: the network.

    >>> from pellucid.layers import Conv2d, Flatten
    >>> boxes = Boxes(Network((1, 4, 4), [Conv2d(1, 3, padding=1), Flatten()]))
    >>> boxes.box("conv1", (0, 0, 3))
    (range(0, 2), range(2, 4))
    >>> boxes.box("flatten1", (3,)), boxes.status("flatten1")
    ((range(0, 2), range(2, 4)), 'exact')
    """

    def __init__(self, net: Network) -> None:
        self._net = net
        self._axes = fields(net)
        self.sources = sources(net)

    def status(self, name: str) -> str:
        """Return how well the boxes of a layer's units fit: "exact", "upper bound" or "whole input"."""
        return status_of(self._axes[name])

    def box(self, name: str, place: Sequence[int]) -> Box:
        """Return the rows and columns that a unit depends on, within the input; none where all are padding."""
        if not self._in_place(name):
            return _around(self._behind(name, place))
        rows, columns = self._axes[name]
        height, width = map_size(self._net.shapes[self.sources[name]])
        row, column = ([0, 0, *place])[-2:]
        return rows.places(row, height), columns.places(column, width)

    def _in_place(self, name: str) -> bool:
        """Return whether units stand as their fields do; those of a vector that was laid out from maps do not."""
        laid_out = len(self._net.shapes[name]) == 1 < len(self._net.shapes[self.sources[name]])
        return not laid_out or self.status(name) == WHOLE

    def _behind(self, name: str, place: Sequence[int]) -> Iterable[Box]:
        """Give the box of every number that a unit reads."""
        node = self._net.node(name)
        assert node.layer is not None
        mask = np.zeros(node.shape, np.bool_)
        mask[tuple(place)] = True
        for before, read in zip(
            node.inputs, node.layer.reads(mask, *(before.shape for before in node.inputs)), strict=True
        ):
            if self.sources[name_of(before)] == self.sources[name]:
                yield from (self.box(name_of(before), index) for index in np.argwhere(read).tolist())


def _around(boxes: Iterable[Box]) -> Box:
    """Return the box around some boxes."""
    found = list(boxes)
    return _span([rows for rows, _ in found]), _span([columns for _, columns in found])


def _span(places: list[range]) -> range:
    some = [each for each in places if each]
    return range(min(each.start for each in some), max(each.stop for each in some)) if some else range(0)

"""A layer's arithmetic as tables: what its numbers read, and what follows from neither values nor weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ...layers.arithmetic import Floats
from ...layers.node import Shape
from .sightings import Index, Whole


@dataclass(frozen=True, eq=False)
class Table:
    """Lists of numbers that depend on some axes of a place.

    Args:
        axes: these axes; the lists lie in the order of their places.
        which: (places,) the number of each place's list among those that differ.
        lists: the different lists.
    """

    axes: tuple[int, ...]
    which: Whole
    lists: list[Floats]

    def at(self, index: Index, shape: Shape) -> Floats:
        """Return the list at a place of a layer of `shape`."""
        return self.lists[int(self.which[_flat(index, self.axes, shape)])]


@dataclass(frozen=True, eq=False)
class Block:
    """Lists of coordinates that depend on some axes of a place.

    Args:
        columns: which coordinates: 0 is the input that is read, 1 its first axis, and so on.
        table: for each place the coordinates of n entries, n after n, and as the last n how far each moves the weight.
    """

    columns: tuple[int, ...]
    table: Table


@dataclass(frozen=True, eq=False)
class Recipe:
    """All of a layer's arithmetic.

    Args:
        blocks: what is read: every combination of one entry a block, the last block's changing fastest.
        rank: axes of what is read.
        taps: whether the entries move a weight.
        first_tap: the place in the flattened weight that moves start from.
        used: "all", "inside" or "winner": which of the numbers read count.
        kinds: rule, formula and symbols, of which `told["kind"]` says which.
        told: numbers that follow from neither values nor weights, by name.
    """

    blocks: list[Block]
    rank: int
    taps: bool
    first_tap: int
    used: str
    kinds: list[tuple[str, ...]]
    told: dict[str, Table] = field(default_factory=dict[str, Table])


def entries(made: Recipe, index: Index, shape: Shape) -> tuple[Whole, Whole | None]:
    """Return what a number reads by its layer's recipe: (n, 1 + rank) inputs and places, and (n,) places of weights."""
    lists: list[Floats] = []
    for block in made.blocks:
        told = block.table.at(index, shape)
        lists.append(told.reshape(len(block.columns) + 1, -1))
    sizes = tuple(one.shape[1] for one in lists)
    places = np.zeros((*sizes, 1 + made.rank), np.int32)
    taps = np.full(sizes, made.first_tap, np.int32)
    for number, (block, told) in enumerate(zip(made.blocks, lists, strict=True)):
        along = tuple(slice(None) if at == number else None for at in range(len(sizes)))
        for column, coordinates in zip(block.columns, told, strict=False):
            places[..., column] = coordinates[along]
        taps = taps + told[-1][along].astype(np.int32)
    return places.reshape(-1, 1 + made.rank), taps.ravel() if made.taps else None


def tabled(axes: tuple[int, ...], lists: Iterable[Floats]) -> Table:
    """Return lists, given in the order of their places, each of those that differ once."""
    numbers: dict[bytes, int] = {}
    different: list[Floats] = []
    which: list[int] = []
    for one in lists:
        key = one.tobytes()
        if key not in numbers:
            numbers[key] = len(different)
            different.append(one)
        which.append(numbers[key])
    return Table(axes, np.array(which, np.int32), different)


def _flat(index: Index, axes: tuple[int, ...], shape: Shape) -> int:
    flat = 0
    for axis in axes:
        flat = flat * shape[axis] + index[axis]
    return flat

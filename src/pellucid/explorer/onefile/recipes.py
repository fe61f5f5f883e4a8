"""How every number of a layer follows from values and weights, as a few tables: read off the layer's own `explain`.

What a number reads is a product of lists: a convolution's number reads some channels, of each some rows, of each some
columns; and each list depends on some axes of the number's place alone. So a few numbers along each axis show the lists
of all. They are looked at with noise for values and weights, so that nothing looks alike by chance. Where numbers at
other places, which are tried too, contradict what was found, every number of the layer is looked at.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from ...layers.arithmetic import Floats
from ...layers.base import Weights
from ...layers.node import Node, Shape
from .sightings import Index, Look, Sighting, noisy
from .tables import Block, Recipe, Table, entries, tabled

ALONG = 24  # numbers along an axis that show whether something depends on it: those at its ends, and some between
TRIED = 48  # numbers elsewhere that must agree
MOST_LOOKED_AT = 1 << 20  # numbers of a layer that are looked at one by one


def recipe(node: Node, weights: Weights, look: Look | None) -> Recipe | None:
    """Return the recipe of a layer, or None if it has none that is short.

    Args:
        node: the layer in its place.
        weights: its weights by their short name.
        look: gives the sighting of a number of a run; None: of the recipe, only what reads what is wanted.
    """
    probing = _Probing(node.shape, noisy(node, weights, 0))
    blocks = probing.blocks()
    used = _common(one.used for one in probing.seen.values())
    if blocks is None or not used:
        return None
    base = probing.look(probing.base)
    made = Recipe(blocks, base.places.shape[1] - 1, base.taps is not None, probing.first_tap, min(used), [])
    if look is not None:
        for name in ("kind", *base.told):
            table = _told(made, name, probing, look)
            if table is None:
                return None
            if any(len(one) for one in table.lists):
                made.told[name] = table
    return made


def _common(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    common: frozenset[str] | None = None
    for one in sets:
        common = one if common is None else common & one
    return common or frozenset[str]()


def retold(made: Recipe, node: Node, weights: Weights, look: Look) -> dict[str, Table]:
    """Return what is told otherwise in another run, which `look` gives the sightings of: what hangs on values."""
    probing, other = _Probing(node.shape, noisy(node, weights, 0)), noisy(node, weights, 1)
    others = [other(index) for index in probing.tried]
    found: dict[str, Table] = {}
    for name, table in made.told.items():
        pairs = [(_told_of(probing.look(one.index), name, []), _told_of(one, name, [])) for one in others]
        if any(a.tobytes() != b.tobytes() for a, b in pairs):
            found[name] = tabled(
                table.axes, (_told_of(look(index), name, made.kinds) for index in probing.over(table.axes))
            )
    return found


def _told(made: Recipe, name: str, probing: _Probing, look: Look) -> Table | None:
    """Return a table of what is told of the numbers of a run, or None if it is too long."""
    kinds: list[tuple[str, ...]] = []
    axes = probing.axes(lambda index: _told_of(probing.look(index), name, kinds).tobytes())
    for wanted in (axes, tuple(range(len(probing.shape)))):
        if math.prod(probing.shape[axis] for axis in wanted) > MOST_LOOKED_AT:
            return None
        table = tabled(wanted, (_told_of(look(index), name, made.kinds) for index in probing.over(wanted)))
        if all(
            table.at(index, probing.shape).tobytes() == _told_of(look(index), name, made.kinds).tobytes()
            for index in probing.tried
        ):
            return table
    raise AssertionError(f"{name} of a number differs from itself")


def _told_of(one: Sighting, name: str, kinds: list[tuple[str, ...]]) -> Floats:
    if name == "kind":
        if one.kind not in kinds:
            kinds.append(one.kind)
        return np.array([float(kinds.index(one.kind))])
    return one.told.get(name, np.zeros(0))


class _Probing:
    """Looks at some numbers of a layer, and finds on which axes of a place something depends."""

    def __init__(self, shape: Shape, look: Look) -> None:
        self.shape = shape
        self.seen: dict[Index, Sighting] = {}
        self.first_tap = 0
        self._look = look
        self._sizes: dict[int, tuple[int, ...]] = {}
        self.base = tuple(size // 2 for size in shape)
        self._lines = [
            [[_put(base, axis, at) for at in _spread(size)] for axis, size in enumerate(shape)]
            for base in (self.base, tuple(0 for _ in shape))
        ]
        random = np.random.default_rng(0)
        self.tried = [tuple(int(random.integers(size)) for size in shape) for _ in range(TRIED)]
        self.tried += list(itertools.product(*({0, size - 1} for size in shape)))
        self.tried += itertools.chain(*(line for lines in self._lines for line in lines))
        self.tried = list(dict.fromkeys(self.tried))
        for index in self.tried:
            self.look(index)

    def look(self, index: Index) -> Sighting:
        """Return the sighting of a number, which is looked at once."""
        if index not in self.seen:
            self.seen[index] = self._look(index)
        return self.seen[index]

    def axes(self, quantity: Callable[[Index], bytes]) -> tuple[int, ...]:
        """Return the axes that a quantity depends on."""
        return tuple(
            axis
            for axis in range(len(self.shape))
            if any(len({quantity(index) for index in line[axis]}) > 1 for line in self._lines)
        )

    def over(self, axes: Sequence[int]) -> Iterator[Index]:
        """Yield every place along some axes, in order; along the others it is the middle one."""
        for at in np.ndindex(*(self.shape[axis] for axis in axes)):
            index = list(self.base)
            for axis, place in zip(axes, at, strict=True):
                index[axis] = place
            yield tuple(index)

    def blocks(self) -> list[Block] | None:
        """Return what is read, in as many independent lists as there are."""
        for parts in (self._parts(), [(tuple(range(len(self.shape))), tuple(range(self._columns())))]):
            if any(math.prod(self.shape[axis] for axis in axes) > MOST_LOOKED_AT for axes, _ in parts):
                return None
            found = self._listed(parts)
            if found is not None:
                return found
        return None

    def _columns(self) -> int:
        return self.look(self.base).places.shape[1]

    def _parts(self) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """Return which coordinates depend on which axes, joined where they share some."""
        parts: list[tuple[set[int], set[int]]] = [({axis}, set[int]()) for axis in range(len(self.shape))]
        for column in range(self._columns()):
            depends = set(self.axes(lambda index, column=column: self._held(index, column)))
            joined = [part for part in parts if part[0] & depends]
            parts = [part for part in parts if part not in joined]
            parts.append(
                (set[int]().union(*(axes for axes, _ in joined)), {column}.union(*(columns for _, columns in joined)))
            )
        ordered = [(tuple(sorted(axes)), tuple(sorted(columns))) for axes, columns in parts]
        return sorted(ordered, key=lambda part: part[1])

    def _held(self, index: Index, column: int) -> bytes:
        return np.unique(self.look(index).places[:, column]).tobytes()

    def _listed(self, parts: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[Block] | None:
        """Return the parts' lists, or None if they do not make up what the tried numbers read."""
        start = self.look(self.base)
        columns = [columns for _, columns in parts]
        self.first_tap = 0 if start.taps is None else int(start.taps[0])
        blocks: list[Block] = []
        for number, (axes, own) in enumerate(parts):
            lists: list[Floats] = []
            for index in self.over(axes):
                one = self.look(index)
                sizes = self._sized(one, columns)
                if sizes is None:
                    return None
                lists.append(self._entries(one, sizes, number, own))
            blocks.append(Block(own, tabled(axes, lists)))
        whole = Recipe(blocks, self._columns() - 1, start.taps is not None, self.first_tap, "", [])
        for index in self.tried:
            places, taps = entries(whole, index, self.shape)
            one = self.look(index)
            if not np.array_equal(places, one.places) or (taps is None) != (one.taps is None):
                return None
            if taps is not None and one.taps is not None and not np.array_equal(taps, one.taps):
                return None
        return blocks

    def _entries(self, one: Sighting, sizes: tuple[int, ...], number: int, own: tuple[int, ...]) -> Floats:
        """Return the coordinates of one block's entries, and how far each moves the weight."""
        along = tuple(slice(None) if at == number else 0 for at in range(len(sizes)))
        places = one.places.reshape(*sizes, -1)[along]
        moves = np.zeros(len(places), np.int32)
        if one.taps is not None:
            moves = one.taps.reshape(sizes)[along] - self.first_tap
        return np.concatenate([*(places[:, column] for column in own), moves]).astype(np.float64)

    def _sized(self, one: Sighting, columns: list[tuple[int, ...]]) -> tuple[int, ...] | None:
        """Return how many entries each part has in a number's list."""
        n = len(one.places)
        before = self._sizes.get(n)
        if before is not None and _fits(one, before, columns):
            return before
        found = next((sizes for sizes in _factors(n, columns) if _fits(one, sizes, columns)), None)
        if found is not None:
            self._sizes.setdefault(n, found)
        return found


def _factors(n: int, columns: list[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """Yield the ways to write n as a product of one factor a part, the last factors smallest first."""
    if not columns:
        if n == 1:
            yield ()
        return
    choices = [1] if not columns[-1] else [d for d in range(1, n + 1) if n % d == 0]
    for last in choices:
        for first in _factors(n // last, columns[:-1]):
            yield (*first, last)


def _fits(one: Sighting, sizes: tuple[int, ...], columns: list[tuple[int, ...]]) -> bool:
    """Return whether a number's list is a product of lists of these sizes."""
    places = one.places.reshape(*sizes, -1)
    for number, own in enumerate(columns):
        first = tuple(slice(None) if at == number else slice(1) for at in range(len(sizes)))
        if not (places[..., list(own)] == places[first][..., list(own)]).all():
            return False
    if one.taps is None:
        return True
    taps = one.taps.reshape(sizes)
    zero = (0,) * len(sizes)
    moved = taps[zero]
    for number in range(len(sizes)):
        first = tuple(slice(None) if at == number else slice(1) for at in range(len(sizes)))
        moved = moved + (taps[first] - taps[zero])
    return bool((moved == taps).all())


def _put(base: Index, axis: int, at: int) -> Index:
    return (*base[:axis], at, *base[axis + 1 :])


def _spread(size: int) -> list[int]:
    """Return some places of an axis: its first and last ones, and others evenly between."""
    ends = ALONG // 6
    between = np.linspace(0, size - 1, ALONG - 2 * ends).astype(int).tolist()
    return sorted({*range(size)[:ends], *range(size)[-ends:], *between})

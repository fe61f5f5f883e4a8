"""Which values of two networks are to be compared: pairs of layers, whatever else stands between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..layers import Flatten, Reshape
from ..network import Network
from .graph import Graph
from .matching import Matching


@dataclass(frozen=True, eq=False)
class Alignment:
    """The values of two networks that are to be compared.

    Args:
        pairs: a name of A and one of B, in the order in which A runs, the inputs first. Outputs that are not partners
            are pairs too: what is asked for is compared in any case.
        partners: B's name for A's, each at most once: the pairs without such outputs.
    """

    pairs: tuple[tuple[str, str], ...]
    partners: dict[str, str]


def align(a: Network, b: Network) -> Alignment:
    """Match two networks' layers by kind, wiring and weights; by names only where nothing else decides.

    >>> from pellucid.layers import Conv2d, Dropout, ReLU
    >>> a = Network((1, 8, 8), [("x", Conv2d(2, 3)), ("y", ReLU()), ("z", Conv2d(2, 3))])
    >>> b = Network((1, 8, 8), [("y", Conv2d(2, 3)), ("u", ReLU()), ("v", Dropout(0.5)), ("w", Conv2d(2, 3))])
    >>> align(a, b).partners
    {'input': 'input', 'x': 'y', 'y': 'u', 'z': 'w'}
    """
    ours, theirs = Graph(a), Graph(b)
    structure = Matching(ours, theirs).pairs
    found = dict(structure)
    for i, j in structure.items():
        chain = dict(_chains(ours, theirs, structure, i, j))
        merged = _merged(ours, i, set(chain)), _merged(theirs, j, set(chain.values()))
        if merged[0] != i and merged[1] == j:  # what A has in two layers B has in one: their common end is compared
            del found[i]
            found[merged[0]] = j
        elif merged[0] == i:
            found[i] = merged[1]
        found |= chain
    ends = [(i, j) for i, j in zip(ours.outputs, theirs.outputs, strict=False) if found.get(i) != j]
    pairs = tuple((ours.names[i], theirs.names[j]) for i, j in [*sorted(found.items()), *ends])
    return Alignment(pairs, {ours.names[i]: theirs.names[j] for i, j in sorted(found.items())})


def _chains(a: Graph, b: Graph, structure: dict[int, int], i: int, j: int) -> Iterator[tuple[int, int]]:
    """Yield pairs of what hangs below a pair: in the same order, and as many of the same kind as there are."""
    ours, theirs = a.hanging[i], b.hanging[j]
    best = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]  # of what is left of both from here on
    for x in reversed(range(len(ours))):
        for y in reversed(range(len(theirs))):
            together = _fit(a, b, structure, ours[x], theirs[y])
            both = best[x + 1][y + 1] + together if together else 0
            best[x][y] = max(both, best[x + 1][y], best[x][y + 1])
    x = y = 0
    met: set[int] = set()
    others: set[int] = set()
    while x < len(ours) and y < len(theirs):
        together = _fit(a, b, structure, ours[x], theirs[y])
        if together and best[x][y] == best[x + 1][y + 1] + together:
            if _laid_alike(a, ours[x], met) and _laid_alike(b, theirs[y], others):
                met.add(ours[x])
                others.add(theirs[y])
                yield ours[x], theirs[y]
            x, y = x + 1, y + 1
        elif best[x][y] == best[x + 1][y]:
            x += 1
        else:
            y += 1


def _fit(a: Graph, b: Graph, structure: dict[int, int], x: int, y: int) -> int:
    """Return how well two layers of chains fit each other; 0 where they cannot be partners."""
    if a.families[x] != b.families[y]:
        return 0
    ours, theirs = a.net.node(a.names[x]).layer, b.net.node(b.names[y]).layer
    if a.families[x] == "layout" and ours != theirs and not (_keeps_order(ours) and _keeps_order(theirs)):
        return 0
    ahead = {structure.get(n) for n in a.leads[x]}, set(b.leads[y])
    return 8 + 4 * (type(ours) is type(theirs)) + 2 * bool(ahead[0] & ahead[1]) + (a.names[x] == b.names[y])


def _keeps_order(layer: object) -> bool:
    return isinstance(layer, Reshape) or (isinstance(layer, Flatten) and layer.order == "CHW")


def _laid_alike(graph: Graph, number: int, paired: set[int]) -> bool:
    """Return whether no layer that puts numbers in another order stands unpaired between a value and its structure."""
    before = graph.reads[number][0]
    while not graph.structural[before]:
        if graph.families[before] == "layout" and before not in paired:
            layer = graph.net.node(graph.names[before]).layer
            if not _keeps_order(layer):
                return False
        before = graph.reads[before][0]
    return True


def _merged(graph: Graph, number: int, paired: set[int]) -> int:
    """Return the last of the norms that directly follow a value with weights, and have no partner."""
    while graph.families[number] in ("weighted", "norm") and len(graph.readers[number]) == 1:
        (reader,) = graph.readers[number]
        if graph.families[reader] != "norm" or reader in paired or number in graph.outputs:
            break
        number = reader
    return number

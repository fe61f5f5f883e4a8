"""Which layers of two networks stand in the same place: by kind and wiring, by their weights, and by names last."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator

from .graph import Graph


class Matching:
    """Structural values of A with their partners in B.

    Values of the same history and the same future go first. From there pairs grow along the wires: a pair of neighbours
    of a pair is the likelier, the more of what is around it is paired, and if its weights are the same.

    Args:
        a, b: the two networks.

    Attributes:
        pairs: B's number for A's.
    """

    def __init__(self, a: Graph, b: Graph) -> None:
        self._a, self._b = a, b
        self._down = a.downward(), b.downward()
        self._up = a.upward(), b.upward()
        self._prints = a.prints(), b.prints()
        self._known = frozenset(own for own in self._prints[0] if own)
        counts = Counter(self._prints[0]) + Counter(self._prints[1])
        self._rare = {own for own in self._known if counts[own] == 2}  # once in each
        self._ancestors = _ancestors(a), _ancestors(b)
        self.pairs: dict[int, int] = {}
        self._taken: dict[int, int] = {}
        for i in range(len(a.net.inputs)):
            self._take(i, i)
        self._alike()
        self._grow()

    def _take(self, i: int, j: int) -> None:
        self.pairs[i], self._taken[j] = j, i

    def _alike(self) -> None:
        """Pair what has the same history and future; of several that do, those that read pairs, then by weights."""
        keys = [list(zip(down, up, strict=True)) for down, up in zip(self._down, self._up, strict=True)]
        waiting: dict[tuple[int, int], list[int]] = {}
        for j, key in enumerate(keys[1]):
            if self._b.structural[j]:
                waiting.setdefault(key, []).append(j)
        for i, key in enumerate(keys[0]):
            if not self._a.structural[i] or i in self.pairs:
                continue
            read = sorted(self.pairs.get(n, -1) for n in self._a.above[i])
            free = [j for j in waiting.get(key, []) if j not in self._taken and sorted(self._b.above[j]) == read]
            if free:
                self._take(i, max(free, key=lambda j: (self._likeness(i, j), -j)))

    def _likeness(self, i: int, j: int) -> int:
        same = self._prints[0][i] == self._prints[1][j]
        others = not same and self._prints[1][j] in self._known  # another of A's has these weights
        return 4 * (same and bool(self._prints[0][i])) - 2 * others + (self._a.names[i] == self._b.names[j])

    def _grow(self) -> None:
        """Pair the rest, the likeliest first."""
        heap: list[tuple[int, float, int, int]] = []
        left = [j for j in range(len(self._b.names)) if j not in self._taken]
        for i in range(len(self._a.names)):
            for j in left if i not in self.pairs else ():
                self._offer(heap, i, j)
        while heap:
            score, _, i, j = heapq.heappop(heap)
            if i in self.pairs or j in self._taken or -score < self._score(i, j) or not self._possible(i, j):
                continue
            self._take(i, j)
            for x, y in self._around(i, j):
                self._offer(heap, x, y)

    def _offer(self, heap: list[tuple[int, float, int, int]], i: int, j: int) -> None:
        fits = self._a.structural[i] and self._a.families[i] == self._b.families[j]
        if not fits or i in self.pairs or j in self._taken:
            return
        score = self._score(i, j)
        if score:
            apart = abs(i / len(self._a.names) - j / len(self._b.names))
            heapq.heappush(heap, (-score, apart, i, j))

    def _around(self, i: int, j: int) -> Iterator[tuple[int, int]]:
        """Yield the pairs that two values' neighbours could be."""
        for ours, theirs in ((self._a.above[i], self._b.above[j]), (self._a.below[i], self._b.below[j])):
            for x in ours:
                for y in theirs:
                    yield x, y

    def _score(self, i: int, j: int) -> int:
        """Return how likely a pair is; 0 where nothing speaks for it."""
        neighbours = sum(self.pairs.get(x) == y for x, y in self._around(i, j))
        ends = self._a.ends[i] == self._b.ends[j] != []
        alike = 5 * (self._down[0][i] == self._down[1][j]) + 3 * (self._up[0][i] == self._up[1][j])
        same = self._prints[0][i] == self._prints[1][j] and self._prints[0][i] in self._rare
        evidence = 2 * min(neighbours, 4) + 3 * ends + alike + 12 * same
        if not evidence:
            return 0
        return evidence + 4 * (self._a.label(i) == self._b.label(j)) + (self._a.names[i] == self._b.names[j])

    def _possible(self, i: int, j: int) -> bool:
        """Return whether nothing would have to run both before and after something."""
        above_a, above_b = self._ancestors
        return not any(
            (above_a[i] >> x & 1 and above_b[y] >> j & 1) or (above_a[x] >> i & 1 and above_b[j] >> y & 1)
            for x, y in self.pairs.items()
        )


def _ancestors(graph: Graph) -> list[int]:
    """Return of each value a number whose bits are the values that it depends on."""
    found: list[int] = []
    for read in graph.reads:
        bits = 0
        for n in read:
            bits |= found[n] | 1 << n
        found.append(bits)
    return found

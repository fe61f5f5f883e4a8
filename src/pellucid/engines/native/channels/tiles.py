"""The product at the heart of every kernel in channel lanes: a tile of places times a group of output channels.

A tile's sums stay in registers: for every input number, one vector of weights a block of outputs is loaded and every
place's number is spread over the lanes and multiplied with all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..ir import Code, Value
from ..machine import Target

Sums = tuple[tuple[Value, ...], ...]  # [block of outputs][place]

# Places of a tile for 1, 2 and 3 blocks of outputs: with the weights and one place's number they fill the registers.
_PLACES = {"avx512": (28, 14, 9), "avx2": (12, 6, 4), "sse2": (10, 4, 3), "neon": (24, 12, 8)}

# Weights come from far away when a network has more than the caches hold, and the processor foresees no further than a
# page. They are asked for so many turns before they are used.
AHEAD = 256


def group_of(blocks: int) -> int:
    """Return how many blocks of output channels are made at once; the last group may count blocks that are not there.

    >>> [group_of(blocks) for blocks in (1, 4, 9, 5)]
    [1, 2, 3, 2]
    """
    return 1 if blocks == 1 else 2 if blocks % 2 == 0 or blocks % 3 else 3


def places_of(target: Target, group: int) -> int:
    """Return the most places of a tile whose sums fit the registers."""
    return _PLACES[target.name][group - 1]


@dataclass(frozen=True)
class Parts:
    """A run of places cut into tiles of two sizes that differ by one at most.

    Args:
        large: places of the first `larges` tiles.
        larges, smalls: how many tiles have `large` places, and how many one less.
    """

    large: int
    larges: int
    smalls: int

    def runs(self) -> list[tuple[int, int, int]]:
        """Return (first place, places of a tile, tiles) for each size that occurs."""
        runs = [(0, self.large, self.larges), (self.large * self.larges, self.large - 1, self.smalls)]
        return [run for run in runs if run[2]]


def parts_of(places: int, most: int) -> Parts:
    """Return as few tiles of at most `most` places as will do.

    >>> parts_of(49, 14).runs()
    [(0, 13, 1), (13, 12, 3)]
    """
    tiles = -(-places // most)
    large = -(-places // tiles)
    smalls = large * tiles - places
    return Parts(large, tiles - smalls, smalls)


def zeros(code: Code, group: int, places: int) -> Sums:
    """Return sums that have not begun."""
    return tuple((code.zero(),) * places for _ in range(group))


def accumulate(code: Code, sums: Sums, x: Value, w: Value, offsets: Sequence[int]) -> Sums:
    """Write sums + x * w for one input channel or tap.

    Several of them in a turn of a loop would be no faster, and LLVM would load the weights of all of them at its
    beginning, for which there are no registers.

    Args:
        code: where to write.
        sums: what there is.
        x: the address of the first place's number.
        w: the address of the weights, one vector a block.
        offsets: floats from `x` to each place.
    """
    group, places, table = len(sums), range(len(offsets)), [list(row) for row in sums]
    for b in range(group):
        code.prefetch(w, AHEAD * group + b)
    if group <= len(offsets):  # the smaller set is held, and the larger one streams
        weights = [code.load(w, b) for b in range(group)]
        for p in places:
            number = code.broadcast(x, offsets[p])
            for b in range(group):
                table[b][p] = code.fma(number, weights[b], table[b][p])
    else:
        numbers = [code.broadcast(x, offset) for offset in offsets]
        for b in range(group):
            weight = code.load(w, b)
            for p in places:
                table[b][p] = code.fma(numbers[p], weight, table[b][p])
    return tuple(tuple(row) for row in table)


def flat(sums: Sums) -> tuple[Value, ...]:
    """Return the sums as loops carry them."""
    return tuple(value for row in sums for value in row)


def shaped(values: Sequence[Value], group: int) -> Sums:
    """Return what a loop carried as sums."""
    places = len(values) // group
    return tuple(tuple(values[b * places : (b + 1) * places]) for b in range(group))


def carried(values: Value | tuple[Value, ...]) -> tuple[Value, ...]:
    """Return what a loop returned as a tuple, which it is not where a loop carries one value."""
    return values if isinstance(values, tuple) else (values,)

"""How a layer's work is cut into items that threads take: alike in size, and small enough for the second cache."""

from __future__ import annotations

from dataclasses import dataclass

ITEMS = 8  # enough that two to four threads finish together
LEAST = 1 << 20  # multiply-adds that are worth handing to another thread
ROOM = 400 << 10  # bytes of input that may stay in the second cache beside weights and sums


@dataclass(frozen=True)
class Split:
    """Work as chunks of output channels times strips of rows.

    Args:
        groups: groups of output channels.
        rows: rows of the output.
        chunk: groups of an item.
        strip: rows of an item.
    """

    groups: int
    rows: int
    chunk: int
    strip: int

    @property
    def chunks(self) -> int:
        """Chunks of groups; the last one may be smaller."""
        return -(-self.groups // self.chunk)

    @property
    def strips(self) -> int:
        """Strips of rows; the last one may be smaller."""
        return -(-self.rows // self.strip)

    @property
    def items(self) -> int:
        """Items of the layer."""
        return self.chunks * self.strips


def split(groups: int, rows: int, step: int, *, macs: int, reads: int, weights: int) -> Split:
    """Cut along the axis that has fewer bytes to be read more than once.

    Args:
        groups: groups of output channels.
        rows: rows of the output.
        step: rows of a tile, which strips do not cut.
        macs: multiply-adds of the layer.
        reads: bytes of its input.
        weights: bytes of its weights.
    """
    wanted = min(ITEMS, max(1, macs // LEAST))
    if weights > reads:
        chunks = _parts(groups, wanted)
        return Split(groups, rows, groups // chunks, _strip(rows, step, _left(wanted, chunks)))
    strip = _strip(rows, step, max(wanted, -(-reads // ROOM)))
    chunks = _parts(groups, _left(wanted, -(-rows // strip)))
    return Split(groups, rows, groups // chunks, strip)


def _left(wanted: int, have: int) -> int:
    """Return how many parts the other axis should have, so that there are enough in all, and not an odd number."""
    return max(-(-wanted // have), 2 if have > 1 and have % 2 else 1)


def _parts(count: int, wanted: int) -> int:
    """Return the least divisor of `count` that gives as many parts as wanted, or as many as there are."""
    return next(parts for parts in range(min(wanted, count), count + 1) if count % parts == 0)


def _strip(rows: int, step: int, wanted: int) -> int:
    """Return the rows of a strip: strips are alike, if about as many as wanted can be."""
    steps = -(-rows // step)
    wanted = min(wanted, steps)
    parts = _parts(steps, wanted)
    return min(rows, (steps // parts if parts <= 2 * wanted else -(-steps // wanted)) * step)

"""The innermost step of every sum of products: a tile of accumulators meets one vector of each row and column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..ir import Code, Value


def add_products(
    code: Code,
    sums: tuple[Value, ...],
    m: int,
    n: int,
    left: Callable[[int], Value],
    right: Callable[[int], Value],
    columns: Sequence[int] | None = None,
) -> tuple[Value, ...]:
    """Return m * n accumulators, row by row, with the products of m by n vectors added.

    The smaller set of vectors is held, and the other passes through one register.

    Args:
        code: where to write.
        sums: the accumulators.
        m: rows of the tile.
        n: columns of the tile.
        left: writes what makes the vector of row j.
        right: writes what makes the vector of column k.
        columns: the columns that take part; all, if None.
    """
    total, columns = list(sums), range(n) if columns is None else columns
    if not columns:
        return sums
    if n <= m:
        held = [right(k) for k in columns]
        for j in range(m):
            passing = left(j)
            for k, value in zip(columns, held, strict=True):
                total[j * n + k] = code.fma(value, passing, total[j * n + k])
    else:
        held = [left(j) for j in range(m)]
        for k in columns:
            passing = right(k)
            for j in range(m):
                total[j * n + k] = code.fma(held[j], passing, total[j * n + k])
    return tuple(total)

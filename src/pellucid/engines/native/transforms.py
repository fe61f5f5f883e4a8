"""Winograd's F(4x4, 3x3): 4x4 outputs of a 3x3 convolution from 36 products instead of 144, in sample or channel lanes.

And, along rows only, F(4, 3) and F(2, 5): 4 outputs of 3 taps, or 2 of 5, from 6 products instead of 12 or 10.

y = A'[(G w G') * (B' d B)]A, from 6x6 inputs d; source: Lavin and Gray, "Fast Algorithms for Convolutional Neural
Networks" (2015). The matrices come from the points at which polynomials are multiplied. Points in pairs p, -p make rows
that share their work, and pairs near 1 keep the rounding errors small: with these they are less than half of those with
the customary 1, 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import product

from .ir import Code, Value

TILE, TAPS = 4, 3  # outputs of a tile, and the kernel's size, along each axis
REACH = TILE + TAPS - 1  # inputs of a tile along each axis

Matrix = tuple[tuple[float, ...], ...]
Load = Callable[[int, int], "Value | None"]
Store = Callable[[int, int, Value], None]


def _polynomial(roots: Iterable[Fraction]) -> list[Fraction]:
    """Return the coefficients, lowest first, of the polynomial with these roots."""
    factors = [Fraction(1)]
    for root in roots:
        shifted, scaled = [Fraction(0), *factors], [*factors, Fraction(0)]
        factors = [a - root * b for a, b in zip(shifted, scaled, strict=True)]
    return factors


def _matrices(taps: int, *pairs: Fraction) -> tuple[Matrix, Matrix, Matrix]:
    """Return B' (inputs), G (weights) and A' (outputs) for kernels of some taps and the points 0, +-pairs, infinity."""
    points = [Fraction(0), *(sign * point for point, sign in product(pairs, (1, -1)))]
    inputs: list[list[Fraction]] = []
    weights: list[list[Fraction]] = []
    for point in points:
        others = [other for other in points if other != point]
        scale = Fraction(1)
        for other in others:
            scale *= point - other
        inputs.append([*_polynomial(others), Fraction(0)])
        weights.append([point**k / scale for k in range(taps)])
    inputs.append(_polynomial(points))
    weights.append([Fraction(k == taps - 1) for k in range(taps)])
    tile = len(points) + 2 - taps
    outputs = [[*(point**k for point in points), Fraction(k == tile - 1)] for k in range(tile)]
    return _floats(inputs), _floats(weights), _floats(outputs)


def _floats(rows: Sequence[Sequence[Fraction]]) -> Matrix:
    return tuple(tuple(float(number) for number in row) for row in rows)


def transposed(matrix: Matrix) -> Matrix:
    """Return the matrix of the adjoint step, which gradients take.

    >>> transposed(((1.0, 2.0),))
    ((1.0,), (2.0,))
    """
    return tuple(zip(*matrix, strict=True))


_PAIRS = Fraction(2, 3), Fraction(3, 2)
# B', G and A' for 3 taps, by the outputs of a tile along each axis.
MATRICES = {2: _matrices(TAPS, Fraction(1)), TILE: _matrices(TAPS, *_PAIRS)}
# The same for tiles of REACH inputs, by the taps along an axis.
BY_TAPS = {taps: _matrices(taps, *_PAIRS) for taps in (3, 5)}
INPUT, WEIGHT, OUTPUT = MATRICES[TILE]


def transform(code: Code, matrix: Matrix, load: Load, store: Store) -> None:
    """Write matrix * values * matrix', by as many rows at a time as the registers hold.

    Args:
        code: where to write.
        matrix: one of this file's matrices, or its transpose.
        load: gives the value at a row and column; None stands for zero. It is asked again for each group of rows.
        store: takes the result at a row and column.
    """
    rows, columns = len(matrix), len(matrix[0])
    together = 3 if code.target.registers >= 32 else 1  # what is behind a point and its opposite, and one more
    for first in range(0, rows, together):
        group = range(first, min(first + together, rows))
        needed = [any(matrix[i][y] for i in group) for y in range(columns)]
        half: list[Sequence[Value | None]] = []
        for x in range(columns):
            values = [load(y, x) if needed[y] else None for y in range(columns)]
            empty = all(value is None for value in values)  # its zeros would cost work
            half.append([None] * len(group) if empty else apply(code, matrix, values, group))
        for k, i in enumerate(group):
            for j, value in enumerate(apply(code, matrix, [column[k] for column in half])):
                store(i, j, value)


def apply(code: Code, matrix: Matrix, values: Sequence[Value | None], rows: Iterable[int] | None = None) -> list[Value]:
    """Write matrix * values, or some rows of it; rows or columns of a pair of points share their work.

    Args:
        code: where to write.
        matrix: one of this file's matrices, or its transpose.
        values: the numbers to transform; None stands for zero.
        rows: which rows to return; all of them, if nothing is said.
    """
    wanted = range(len(matrix)) if rows is None else rows
    by_rows = len(matrix) > 2 and all(abs(a) == abs(b) for a, b in zip(matrix[1], matrix[2], strict=True))
    results = (_scattered if by_rows else _gathered)(code, matrix, values, list(wanted))
    return [code.zero() if value is None else value for value in results]


def _scattered(code: Code, matrix: Matrix, values: Sequence[Value | None], rows: list[int]) -> list[Value | None]:
    """Rows p and -p differ in the sign of what stands at odd places: their sum and difference are made once."""
    parts: dict[int, tuple[Value | None, Value | None, float]] = {}
    results: list[Value | None] = []
    for i in rows:
        row = matrix[i]
        pair = (i + 1) // 2
        if i in (0, len(matrix) - 1):
            results.append(_sum(code, row, values))
            continue
        if pair not in parts:
            factor = next(c for c in reversed(matrix[2 * pair - 1][1::2]) if c)
            odd = [number / factor if k % 2 else 0.0 for k, number in enumerate(matrix[2 * pair - 1])]
            even = [0.0 if k % 2 else number for k, number in enumerate(row)]
            parts[pair] = _sum(code, even, values), _sum(code, odd, values), factor
        evens, odds, factor = parts[pair]
        sign = 1.0 if i % 2 else -1.0
        results.append(_sum(code, (1.0, sign * factor), (evens, odds)))
    return results


def _gathered(code: Code, matrix: Matrix, values: Sequence[Value | None], rows: list[int]) -> list[Value | None]:
    """Columns p and -p differ in the sign of odd rows: even rows take a pair's sum, odd ones its difference."""
    last = len(values) - 1
    made: dict[tuple[int, int], Value | None] = {}
    results: list[Value | None] = []
    for i in rows:
        for j in range(1, last, 2):
            if (j, i % 2) not in made:
                made[j, i % 2] = _sum(code, (1.0, -1.0 if i % 2 else 1.0), (values[j], values[j + 1]))
        taken = [values[0], *(made[j, i % 2] for j in range(1, last, 2)), values[last]]
        results.append(_sum(code, [matrix[i][0], *matrix[i][1:last:2], matrix[i][last]], taken))
    return results


def _sum(code: Code, factors: Sequence[float], values: Sequence[Value | None]) -> Value | None:
    """Write a sum of products; zeros cost nothing, and a factor of 1 no multiplication."""
    terms = [(c, value) for c, value in zip(factors, values, strict=True) if c and value is not None]
    terms.sort(key=lambda term: term[0] != 1.0)
    total: Value | None = None
    for factor, value in terms:
        if total is None:
            total = value if factor == 1.0 else value * factor
        elif factor in (1.0, -1.0):
            total = total + value if factor == 1.0 else total - value
        else:
            total = code.fma(value, code.splat(factor), total)
    return total

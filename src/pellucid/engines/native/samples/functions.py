"""exp, log, tanh and erf of vectors (or of one float): a few multiplications each, and no call out.

Each takes the number apart, as J.-M. Muller describes (Elementary Functions, 3rd edition, 2016, chapters 3 and 11),
and evaluates a polynomial on what is left: minimax fits of the relative error, made in double precision.
Results below the smallest normal number become 0, and what lies below it counts as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan

from ..ir import Code, Value

_TINY = 2.0**-126  # the smallest normal float32
_ROUNDER = 1.5 * 2.0**23  # adding it leaves the nearest whole number in the low bits
_ROUNDER_BITS = 0x4B400000
_ONE_BITS = 0x3F800000
_TWO_THIRDS_BITS = 0x3F2AAAAB
_PER_LN2 = 1.4426950408889634
_LN2_HIGH = 0.693359375  # few bits, so that its products with exponents are exact
_LN2_LOW = -2.12194440054690583e-4

# (exp(r) - 1 - r) / r**2 for |r| <= ln(2) / 2: relative error 2**-28
_EXP = (0.49999994, 0.166665211, 0.041668389, 0.00836874545, 0.00138145394)
# (log(1 + f) - f + f**2 / 2) / f**3 for |f| <= 1/3: 2**-27
_LOG = (
    0.333332151,
    -0.249997973,
    0.200104058,
    -0.16680488,
    0.140058681,
    -0.121842615,
    0.139844388,
    -0.12891683,
)
# erf(x) / x - 1 in x**2 for x <= 0.92: 2**-26
_ERF = (0.128379151, -0.376124978, 0.112818457, -0.0267677195, 0.00499483058, -0.000599940657)
# log(1 - erf(x)) / x in x for 0.92 <= x <= 3.95, where erf becomes 1: 2**-28
_ERFC = (-1.128514364, -0.635718286, -0.10526184, 0.0228899643, -0.0032149558, 0.000213984968)
_ERF_SPLIT = 0.92
_ERF_ONE = 3.95


def exp(code: Code, x: Value) -> Value:
    """Return e**x, within 2 units in the last place; 0 below -87.34, infinity above 88.72."""
    n, rest = _apart(code, _between(code, x, -104.0, 89.0))
    half = code.binary("ashr", n, 1)
    # In two steps, for 2**n itself may be no number where the result is one.
    return (rest + 1.0) * _power(code, half) * _power(code, n - half)


def log(code: Code, x: Value) -> Value:
    """Return the natural logarithm of x, within 2 units in the last place; -infinity at 0, NaN below."""
    bits = code.convert("bitcast", x, _whole(x))
    exponent = code.binary("ashr", bits - _TWO_THIRDS_BITS, 23)
    f = code.convert("bitcast", bits - (exponent << 23), x.type) - 1.0  # x = (1 + f) * 2**exponent
    e = code.convert("sitofp", exponent, x.type)
    square = f * f
    small = code.fma(square, _number(code, -0.5, x), square * f * _polynomial(code, _LOG, f))
    small = code.fma(e, _number(code, _LN2_LOW, x), small)
    result = code.fma(e, _number(code, _LN2_HIGH, x), f + small)
    result = code.select(code.compare("olt", x, inf), result, x)  # infinity and NaN stay
    result = code.select(code.compare("olt", x, _TINY), -inf, result)
    return code.select(code.compare("ole", x, -_TINY), nan, result)


def tanh(code: Code, x: Value) -> Value:
    """Return the hyperbolic tangent of x, within 4 units in the last place; 1 from 9.02 on, and 0 keeps its sign."""
    size = code.call("fabs", x)
    n, rest = _apart(code, _between(code, size + size, 0.0, 20.0))
    power = _power(code, n)
    less = code.fma(power, rest, power - 1.0)  # exp(2 |x|) - 1, right for small x too
    return code.call("copysign", less / (less + 2.0), x)


def erf(code: Code, x: Value) -> Value:
    """Return the error function of x, within 4 units in the last place; 1 from 3.92 on, and 0 keeps its sign."""
    size = _between(code, code.call("fabs", x), 0.0, _ERF_ONE)
    near = code.fma(size, _polynomial(code, _ERF, size * size), size)
    n, rest = _apart(code, size * _polynomial(code, _ERFC, size))
    far = 1.0 - (rest + 1.0) * _power(code, n)
    return code.call("copysign", code.select(code.compare("olt", size, _ERF_SPLIT), near, far), x)


def _apart(code: Code, x: Value) -> tuple[Value, Value]:
    """Return whole numbers n and exp(r) - 1, with x = n * ln(2) + r and |r| at most ln(2) / 2."""
    shifted = code.fma(x, _number(code, _PER_LN2, x), _number(code, _ROUNDER, x))
    n = code.convert("bitcast", shifted, _whole(x)) - _ROUNDER_BITS
    turns = shifted - _ROUNDER
    r = code.fma(turns, _number(code, -_LN2_HIGH, x), x)
    r = code.fma(turns, _number(code, -_LN2_LOW, x), r)
    return n, code.fma(r * r, _polynomial(code, _EXP, r), r)


def _power(code: Code, n: Value) -> Value:
    """Return 2**n for whole n from -126 to 127."""
    return code.convert("bitcast", (n << 23) + _ONE_BITS, n.type.replace("i32", "float"))


def _between(code: Code, x: Value, least: float, most: float) -> Value:
    """Return x brought between two numbers; NaN stays, which is why the comparisons stand this way round."""
    low = _number(code, least, x)
    x = code.select(code.compare("ogt", low, x), low, x)
    high = _number(code, most, x)
    return code.select(code.compare("olt", high, x), high, x)


def _polynomial(code: Code, coefficients: Sequence[float], x: Value) -> Value:
    """Return the polynomial's value at x; the constant coefficient comes first."""
    value = _number(code, coefficients[-1], x)
    for coefficient in reversed(coefficients[:-1]):
        value = code.fma(value, x, _number(code, coefficient, x))
    return value


def _number(code: Code, number: float, like: Value) -> Value:
    return code.constant(number, like.type)


def _whole(x: Value) -> str:
    return x.type.replace("float", "i32")

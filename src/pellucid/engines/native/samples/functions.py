"""exp, log, tanh, erf and their kin, of vectors (or of one float): a few multiplications each, and no call out.

Each takes the number apart, as J.-M. Muller describes (Elementary Functions, 3rd edition, 2016, chapters 3 and 11),
and evaluates a polynomial on what is left: minimax fits of the relative error, made in double precision.
Results below the smallest normal number become 0, and what lies below it counts as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, nan

from ..ir import Code, Value

Polynomial = Callable[[Code, Sequence[float], Value], Value]

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
    n, rest = _apart(code, between(code, x, -104.0, 89.0))
    half = code.binary("ashr", n, 1)
    # In two steps, for 2**n itself may be no number where the result is one.
    return (rest + 1.0) * _power(code, half) * _power(code, n - half)


def exp_less_one(code: Code, x: Value) -> Value:
    """Return e**x - 1 for x up to 0, within 3 units in the last place, however small x is; for larger x it is 0."""
    n, rest = _apart(code, between(code, x, -20.0, 0.0))
    power = _power(code, n)
    return code.fma(power, rest, power - 1.0)


def log(code: Code, x: Value) -> Value:
    """Return the natural logarithm of x, within 2 units in the last place; -infinity at 0, NaN below."""
    bits = code.convert("bitcast", x, _whole(x))
    exponent = code.binary("ashr", bits - _TWO_THIRDS_BITS, 23)
    f = code.convert("bitcast", bits - (exponent << 23), x.type) - 1.0  # x = (1 + f) * 2**exponent
    result = _together(code, f, code.convert("sitofp", exponent, x.type))
    result = code.select(code.compare("olt", x, inf), result, x)  # infinity and NaN stay
    result = code.select(code.compare("olt", x, _TINY), -inf, result)
    return code.select(code.compare("ole", x, -_TINY), nan, result)


def log_one_more(code: Code, x: Value) -> Value:
    """Return log(1 + x) for x from 0 to 1, within 3 units in the last place, however small x is."""
    large = code.compare("ogt", x, 1 / 3)  # then 1 + x = (1 + f) * 2
    f = code.select(large, (x - 1.0) * 0.5, x)
    return _together(code, f, code.select(large, code.constant(1.0, x.type), 0.0), _fetched)


def tanh(code: Code, x: Value) -> Value:
    """Return the hyperbolic tangent of x, within 4 units in the last place; 1 from 9.02 on, and 0 keeps its sign."""
    size = code.call("fabs", x)
    n, rest = _apart(code, between(code, size + size, 0.0, 20.0))
    power = _power(code, n)
    less = code.fma(power, rest, power - 1.0)  # exp(2 |x|) - 1, right for small x too
    return code.call("copysign", less / (less + 2.0), x)


def erf(code: Code, x: Value) -> Value:
    """Return the error function of x, within 4 units in the last place; 1 from 3.92 on, and 0 keeps its sign."""
    size = between(code, code.call("fabs", x), 0.0, _ERF_ONE)
    near = code.fma(size, _polynomial(code, _ERF, size * size), size)
    n, rest = _apart(code, size * _polynomial(code, _ERFC, size))
    far = 1.0 - (rest + 1.0) * _power(code, n)
    return code.call("copysign", code.select(code.compare("olt", size, _ERF_SPLIT), near, far), x)


def normal_below(code: Code, x: Value) -> Value:
    """Return the share of a normal distribution below x, within 2**-24; 0 below -5.58."""
    size = between(code, code.call("fabs", x) * 0.5**0.5, 0.0, _ERF_ONE)
    near = code.fma(size, _fetched(code, _ERF, size * size), size)
    n, rest = _apart(code, size * _fetched(code, _ERFC, size), _fetched)
    tail = code.select(code.compare("olt", size, _ERF_ONE), (rest + 1.0) * _power(code, n), size - size)
    beyond = code.select(code.compare("olt", size, _ERF_SPLIT), 1.0 - near, tail)
    return code.select(code.compare("olt", x, 0.0), beyond, 2.0 - beyond) * 0.5


def power(code: Code, x: Value, exponent: float) -> Value:
    """Return x**exponent of an x that is not negative: roots and products where these do, or within 2**-22 of it.

    The further the exponent is from 0, the less exact it is: the bound holds from -4 to 4.
    """
    if exponent < 0:
        return 1.0 / power(code, x, -exponent)
    if exponent == 0:
        return code.constant(1.0, x.type)
    whole, rest = divmod(exponent, 1.0)
    if whole <= 4 and rest % 0.25 == 0:
        return _product(code, x, int(whole), int(rest * 4))
    bits = code.convert("bitcast", x, _whole(x))
    e = code.binary("ashr", bits - _TWO_THIRDS_BITS, 23)
    f = code.convert("bitcast", bits - (e << 23), x.type) - 1.0  # x = (1 + f) * 2**e
    square = f * f
    curve = f + code.fma(square, _number(code, -0.5, f), square * f * _fetched(code, _LOG, f))  # log(1 + f)
    e = code.convert("sitofp", e, x.type)
    turns = e * _number(code, exponent, x)
    lost = code.fma(e, _number(code, exponent, x), 0.0 - turns)  # by rounding it
    near = between(code, code.fma(curve, _number(code, exponent * _PER_LN2, x), turns), -200.0, 200.0)
    shifted = near + _number(code, _ROUNDER, x)
    n, left = code.convert("bitcast", shifted, _whole(x)) - _ROUNDER_BITS, turns - (shifted - _ROUNDER)
    # What is left of the whole turns and what the curve adds are each large, and together at most ln(2) / 2.
    r = code.fma(left, _number(code, _LN2_LOW, x), lost * _number(code, 1 / _PER_LN2, x))
    r = code.fma(curve, _number(code, exponent, x), r)
    r = between(code, code.fma(left, _number(code, _LN2_HIGH, x), r), -0.4, 0.4)
    half = code.binary("ashr", n, 1)
    result = (code.fma(r * r, _fetched(code, _EXP, r), r) + 1.0) * _power(code, half) * _power(code, n - half)
    result = code.select(code.compare("olt", x, inf), result, x)  # infinity and NaN stay
    return code.select(code.compare("olt", x, _TINY), 0.0, result)


def _product(code: Code, x: Value, whole: int, quarters: int) -> Value:
    """Return x to the power of a whole number and so many quarters, which are not all 0."""
    root = code.call("sqrt", x) if quarters else x
    factors = [x] * whole + [root] * (quarters >= 2) + [code.call("sqrt", root)] * (quarters % 2)
    while len(factors) > 1:
        factors = [*factors[2:], factors[0] * factors[1]]
    return factors[0]


def _together(code: Code, f: Value, e: Value, polynomial: Polynomial | None = None) -> Value:
    """Return the logarithm of (1 + f) * 2**e, for f from -1/3 to 1/3."""
    square, curve = f * f, (polynomial or _polynomial)(code, _LOG, f)
    small = code.fma(square, _number(code, -0.5, f), square * f * curve)
    small = code.fma(e, _number(code, _LN2_LOW, f), small)
    return code.fma(e, _number(code, _LN2_HIGH, f), f + small)


def _apart(code: Code, x: Value, polynomial: Polynomial | None = None) -> tuple[Value, Value]:
    """Return whole numbers n and exp(r) - 1, with x = n * ln(2) + r and |r| at most ln(2) / 2."""
    shifted = code.fma(x, _number(code, _PER_LN2, x), _number(code, _ROUNDER, x))
    n = code.convert("bitcast", shifted, _whole(x)) - _ROUNDER_BITS
    turns = shifted - _ROUNDER
    r = code.fma(turns, _number(code, -_LN2_HIGH, x), x)
    r = code.fma(turns, _number(code, -_LN2_LOW, x), r)
    return n, code.fma(r * r, (polynomial or _polynomial)(code, _EXP, r), r)


def _power(code: Code, n: Value) -> Value:
    """Return 2**n for whole n from -126 to 127."""
    return code.convert("bitcast", (n << 23) + _ONE_BITS, n.type.replace("i32", "float"))


def between(code: Code, x: Value, least: float, most: float) -> Value:
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


def _fetched(code: Code, coefficients: Sequence[float], x: Value) -> Value:
    """Return the same, with coefficients from memory: for what has more constants than there are registers."""
    table, value = code.table(list(coefficients), "float"), None
    for k in reversed(range(len(coefficients))):
        number = code.load(table, k, of="float", fresh=True)
        coefficient = code.spread(number) if x.type.startswith("<") else number
        value = coefficient if value is None else code.fma(value, x, coefficient)
    assert value is not None
    return value


def _number(code: Code, number: float, like: Value) -> Value:
    return code.constant(number, like.type)


def _whole(x: Value) -> str:
    return x.type.replace("float", "i32")

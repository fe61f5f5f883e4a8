"""The curves that activations are: a number's value and its slope, with the operations of the definitions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from ..ir import Code, Value
from .functions import between, exp, exp_less_one, log_one_more, normal_below, tanh

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805
_GELU_CUBE, _GELU_ROOT = 0.044715, math.sqrt(2 / math.pi)
_FLAT = 20.0  # beyond it a gate of tanh is 1 to the last bit, and its slope 0


class Curve(NamedTuple):
    """A function of every number by itself.

    Args:
        value: what it is, of x and two parameters.
        slope: its derivative, of x or of the value, and the same parameters.
        needs: what the slope is told from.
        dear: its constants fill the registers: no sums can wait there meanwhile, nor several numbers be made at once.
        rises: it keeps the order of numbers, so that a maximum may be taken before it as well as behind.
    """

    value: Callable[[Code, Value, float, float], Value]
    slope: Callable[[Code, Value, float, float], Value]
    needs: Literal["x", "y"] = "x"
    dear: bool = True
    rises: bool = False


def positive(code: Code, x: Value, *_: float) -> Value:
    """Return max(x, 0), or NaN of NaN: one instruction everywhere."""
    if code.target.name == "neon":
        return code.call("maximum", x, code.zero())
    return code.select(code.compare("olt", x, 0.0), code.zero(), x)  # x86's own maximum


def sigmoid(code: Code, x: Value, *_: float) -> Value:
    """Return 1 / (1 + exp(-x)), which cannot overflow."""
    small = _exp_of_minus(code, x)
    return code.select(code.compare("oge", x, 0.0), code.splat(1.0), small) / (small + 1.0)


def _exp_of_minus(code: Code, x: Value) -> Value:
    """Return exp(-|x|)."""
    return exp(code, code.call("copysign", x, code.splat(-1.0)))


def _step(code: Code, where: Value, inside: float, outside: float = 0.0) -> Value:
    return code.select(where, code.splat(inside), code.splat(outside))


def _above(code: Code, x: Value, yes: Value, no: Value) -> Value:
    return code.select(code.compare("ogt", x, 0.0), yes, no)


def _clip(code: Code, x: Value, low: float, high: float) -> Value:
    """Return x between bounds, of which those that there are not are infinite."""
    if low > -math.inf:
        x = code.select(code.compare("olt", x, low), low, x)
    return code.select(code.compare("ogt", x, high), high, x) if high < math.inf else x


def _clip_slope(code: Code, x: Value, low: float, high: float) -> Value:
    slope = code.splat(1.0)
    if low > -math.inf:
        slope = code.select(code.compare("oge", x, low), slope, code.zero())
    return code.select(code.compare("ole", x, high), slope, code.zero()) if high < math.inf else slope


def _leaky(code: Code, x: Value, slope: float, _: float) -> Value:
    return _above(code, x, x, x * code.splat(slope))


def _leaky_slope(code: Code, x: Value, slope: float, _: float) -> Value:
    return _step(code, code.compare("ogt", x, 0.0), 1.0, slope)


def _between_0_and(code: Code, y: Value, high: float, slope: float) -> Value:
    """Return a slope for values between 0 and a bound, else 0."""
    return _step(code, code.compare("ogt", y, 0.0) & code.compare("olt", y, high), slope)


def _line(code: Code, x: Value, alpha: float, beta: float) -> Value:
    return between(code, x * code.splat(alpha) + code.splat(beta), 0.0, 1.0)


def _hard_swish(code: Code, x: Value, *_: float) -> Value:
    return x * between(code, x / 6.0 + 0.5, 0.0, 1.0)


def _hard_swish_slope(code: Code, x: Value, *_: float) -> Value:
    high = code.select(code.compare("oge", x, 3.0), 1.0, x / 3.0 + 0.5)
    return code.select(code.compare("ole", x, -3.0), code.zero(), high)


def _silu_slope(code: Code, x: Value, *_: float) -> Value:
    s = sigmoid(code, x)
    return s * (1.0 + x * (1.0 - s))


def _elu(code: Code, x: Value, alpha: float, scale: float) -> Value:
    """Return scale * x above 0, else alpha * (exp(x) - 1)."""
    return _above(code, x, x * code.splat(scale), exp_less_one(code, x) * code.splat(alpha))


def _elu_slope(code: Code, x: Value, alpha: float, scale: float) -> Value:
    return _above(code, x, code.splat(scale), exp(code, between(code, x, -104.0, 0.0)) * code.splat(alpha))


def _celu(code: Code, x: Value, alpha: float, _: float) -> Value:
    return _above(code, x, x, exp_less_one(code, x / code.splat(alpha)) * code.splat(alpha))


def _celu_slope(code: Code, x: Value, alpha: float, _: float) -> Value:
    return _above(code, x, code.splat(1.0), exp(code, between(code, x / code.splat(alpha), -104.0, 0.0)))


def _softplus(code: Code, x: Value, beta: float, threshold: float) -> Value:
    scaled = x * code.splat(beta)
    soft = (positive(code, scaled) + log_one_more(code, _exp_of_minus(code, scaled))) / code.splat(beta)
    return code.select(code.compare("ogt", scaled, threshold), x, soft)


def _softplus_slope(code: Code, x: Value, beta: float, threshold: float) -> Value:
    scaled = x * code.splat(beta)
    return code.select(code.compare("ogt", scaled, threshold), 1.0, sigmoid(code, scaled))


def _mish_parts(code: Code, x: Value) -> tuple[Value, Value]:
    """Return e = exp(x), and n = e * (e + 2): with them tanh(log(1 + e)) is n / (n + 2), and nothing cancels."""
    e = exp(code, between(code, x, -104.0, _FLAT))
    return e, e * (e + 2.0)


def _mish(code: Code, x: Value, *_: float) -> Value:
    n = _mish_parts(code, x)[1]
    return x * (n / (n + 2.0))


def _mish_slope(code: Code, x: Value, *_: float) -> Value:
    e, n = _mish_parts(code, x)
    more = n + 2.0
    rising = (e * (e + 1.0)) * 4.0 / (more * more)
    return n / more + x * code.select(code.compare("ogt", x, _FLAT), code.zero(), rising)


def _softsign_slope(code: Code, x: Value, *_: float) -> Value:
    more = code.call("fabs", x) + 1.0
    return 1.0 / (more * more)


def _gelu_of(code: Code, x: Value, below: Value) -> Value:
    return code.select(code.compare("oeq", x, -math.inf), code.zero(), x * below)


def _gelu(code: Code, x: Value, *_: float) -> Value:
    return _gelu_of(code, x, normal_below(code, x))


def _gelu_slope(code: Code, x: Value, *_: float) -> Value:
    density = exp(code, x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return normal_below(code, x) + x * density


def _gelu_tanh_inner(code: Code, x: Value) -> Value:
    """Return twice what the definition takes the tanh of, since (1 + tanh(t)) / 2 is the sigmoid of 2 t."""
    return (x + x * x * x * _GELU_CUBE) * (2 * _GELU_ROOT)


def _gelu_tanh(code: Code, x: Value, *_: float) -> Value:
    return _gelu_of(code, x, sigmoid(code, _gelu_tanh_inner(code, x)))


def _gelu_tanh_slope(code: Code, x: Value, *_: float) -> Value:
    inner = _gelu_tanh_inner(code, x)
    small = _exp_of_minus(code, inner)
    more = small + 1.0
    below = code.select(code.compare("oge", inner, 0.0), code.splat(1.0), small) / more
    density = small / (more * more) * (2 * _GELU_ROOT) * (x * x * (3 * _GELU_CUBE) + 1.0)
    return below + x * density


def _y_positive(code: Code, y: Value, *_: float) -> Value:
    return _step(code, code.compare("ogt", y, 0.0), 1.0)


def _relu6(code: Code, x: Value, *_: float) -> Value:
    return between(code, x, 0.0, 6.0)


def _relu6_slope(code: Code, y: Value, *_: float) -> Value:
    return _between_0_and(code, y, 6.0, 1.0)


def _tanh(code: Code, x: Value, *_: float) -> Value:
    return tanh(code, x)


def _tanh_slope(code: Code, y: Value, *_: float) -> Value:
    return 1.0 - y * y


def _sigmoid_slope(code: Code, y: Value, *_: float) -> Value:
    return y * (1.0 - y)


def _line_slope(code: Code, y: Value, alpha: float, _: float) -> Value:
    return _between_0_and(code, y, 1.0, alpha)


def _silu(code: Code, x: Value, *_: float) -> Value:
    return x * sigmoid(code, x)


def _softsign(code: Code, x: Value, *_: float) -> Value:
    return x / (code.call("fabs", x) + 1.0)


CURVES: dict[str, Curve] = {
    "relu": Curve(positive, _y_positive, needs="y", dear=False),
    "leaky_relu": Curve(_leaky, _leaky_slope, needs="y", dear=False),
    "relu6": Curve(_relu6, _relu6_slope, needs="y", dear=False),
    "clip": Curve(_clip, _clip_slope, dear=False),
    "tanh": Curve(_tanh, _tanh_slope, needs="y", rises=True),
    "sigmoid": Curve(sigmoid, _sigmoid_slope, needs="y", rises=True),
    "hard_sigmoid": Curve(_line, _line_slope, needs="y", dear=False),
    "hard_swish": Curve(_hard_swish, _hard_swish_slope, dear=False),
    "silu": Curve(_silu, _silu_slope),
    "elu": Curve(_elu, _elu_slope),
    "celu": Curve(_celu, _celu_slope),
    "softplus": Curve(_softplus, _softplus_slope),
    "softsign": Curve(_softsign, _softsign_slope, dear=False),
    "mish": Curve(_mish, _mish_slope),
    "gelu": Curve(_gelu, _gelu_slope),
    "gelu_tanh": Curve(_gelu_tanh, _gelu_tanh_slope),
}
SELU = "elu", _SELU_SCALE * _SELU_ALPHA, _SELU_SCALE

"""Functions of vectors keep to their promised errors, and tell infinity, NaN and zero as mathematics does."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from engines.native.harness import aligned, run

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.ir import Code, Value
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples import functions

FUNCTIONS: dict[str, Callable[[Code, Value], Value]] = {
    name: getattr(functions, name)
    for name in ("exp", "exp_less_one", "log", "log_one_more", "tanh", "erf", "normal_below")
}
TRUTH: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "erf": np.vectorize(math.erf),
    "exp_less_one": np.expm1,
    "log_one_more": np.log1p,
    "normal_below": lambda x: np.vectorize(math.erfc)(-x / math.sqrt(2)) / 2,
}
TINY = np.finfo(np.float32).tiny
COUNT = 1 << 16

targets = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)


@dataclass(frozen=True)
class Apply(Kernel):
    """y = f(x) for COUNT numbers, in vectors or one by one."""

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    name: str
    single: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write one loop."""
        x, y = pointers
        of = "float" if self.single else code.vector
        count = COUNT if self.single else COUNT // code.lanes
        code.loop(count, lambda i: code.store(FUNCTIONS[self.name](code, code.load(x, i, of=of)), y, i))


def apply(name: str, x: np.ndarray, target: Target, *, single: bool = False) -> np.ndarray:
    """The function's values for at most COUNT numbers."""
    padded = aligned(np.resize(x.astype(np.float32), COUNT))
    y = aligned(np.zeros(COUNT, np.float32))
    run(Apply(name, single), padded, y, target=target)
    return y[: x.size]


def error(name: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Errors in units in the last place of the true value."""
    truth = TRUTH[name](x.astype(np.float64))
    unit = np.spacing(np.maximum(np.abs(truth), TINY).astype(np.float32)).astype(np.float64)
    return np.abs(y.astype(np.float64) - truth) / unit


def grids() -> list[tuple[str, np.ndarray, float]]:
    """Dense grids over each function's range, evenly and by magnitude, with the promised error."""
    even, tiny = np.linspace, np.geomspace
    return [
        ("exp", even(-87.33, 88.72, COUNT), 2),
        ("exp", even(-1, 1, COUNT), 2),
        ("exp", tiny(1e-30, 80, COUNT), 2),
        ("exp", -tiny(1e-30, 80, COUNT), 2),
        ("log", tiny(1.2e-38, 3.4e38, COUNT), 2),
        ("log", even(0.5, 2, COUNT), 2),
        ("log", 1 + np.arange(-COUNT // 2, COUNT // 2) * 2.0**-23, 2),
        ("tanh", even(-10, 10, COUNT), 4),
        ("tanh", even(0, 1, COUNT), 4),
        ("tanh", -tiny(1e-37, 9, COUNT), 4),
        ("erf", even(-4.5, 4.5, COUNT), 4),
        ("erf", even(0.8, 1, COUNT), 4),
        ("erf", tiny(1e-37, 4, COUNT), 4),
        ("exp_less_one", even(-25, 0, COUNT), 3),
        ("exp_less_one", -tiny(1e-37, 2, COUNT), 3),
        ("log_one_more", even(0, 1, COUNT), 3),
        ("log_one_more", tiny(1e-37, 1, COUNT), 3),
        ("normal_below", even(-1.3, 6, COUNT), 6),
    ]


@targets
def test_errors_stay_within_the_promise(target: Target) -> None:
    """No value on dense grids is further from the truth than promised, in units in the last place."""
    for name, x, most in grids():
        x = x.astype(np.float32)
        assert error(name, x, apply(name, x, target)).max() <= most, (name, x[0])


@targets
def test_a_small_share_is_within_rounding_of_one(target: Target) -> None:
    """Far below the middle the share of a normal distribution is as exact as if it had been taken from 1."""
    x = np.linspace(-9, -1.3, COUNT).astype(np.float32)
    assert np.abs(apply("normal_below", x, target) - TRUTH["normal_below"](x.astype(np.float64))).max() <= 2.0**-24


@targets
def test_special_values(target: Target) -> None:
    """Infinity, NaN and both zeros come out as mathematics has them, and what is below the normal numbers as 0."""
    inf, nan, low = np.inf, np.nan, TINY / 4
    x = np.array([nan, inf, -inf, 0.0, -0.0, 1e30, -1e30, low, -low], np.float32)
    expected = {
        "exp": [nan, inf, 0, 1, 1, inf, 0, 1, 1],
        "log": [nan, inf, nan, -inf, -inf, None, nan, -inf, -inf],
        "tanh": [nan, 1, -1, 0, -0.0, 1, -1, None, None],
        "erf": [nan, 1, -1, 0, -0.0, 1, -1, None, None],
        "exp_less_one": [nan, 0, -1, None, None, 0, -1, None, None],
        "normal_below": [nan, 1, 0, 0.5, 0.5, 1, 0, 0.5, 0.5],
    }
    for name, wanted in expected.items():
        values = apply(name, x, target)
        for value, want, at in zip(values, wanted, x, strict=True):
            if want is not None:
                np.testing.assert_array_equal(value, np.float32(want), err_msg=f"{name}({at})")
                assert np.isnan(want) or np.signbit(value) == np.signbit(want), (name, at)
            else:
                assert abs(value - TRUTH[name](np.array(at, np.float64))) <= max(TINY, 1e-6 * abs(value)), (name, at)
    np.testing.assert_array_equal(apply("log", np.array([1.0]), target), 0)


@targets
def test_ends_of_the_range(target: Target) -> None:
    """Where float32 ends, exp overflows to infinity and sinks to 0; tanh and erf reach 1 and never pass it."""
    ends = np.array([88.7228, 88.723, -87.3365, -87.34, -103.0], np.float32)
    values = apply("exp", ends, target)
    assert np.isfinite(values[0])
    assert values[0] > 3.4e38
    assert values[1] == np.inf
    assert values[2] == pytest.approx(TINY, rel=1e-4)
    assert (values[3:] < TINY).all()
    far = np.linspace(0, 30, COUNT)
    for name, one in (("tanh", 9.02), ("erf", 3.93)):
        values = apply(name, far, target)
        assert values.max() == 1
        assert (values[far >= one] == 1).all()
        np.testing.assert_array_equal(apply(name, -far, target), -values)


@targets
def test_singles_agree_with_vectors(target: Target) -> None:
    """A function of one float gives the bits that it gives in a vector."""
    x = np.linspace(-5, 5, COUNT)
    for name in FUNCTIONS:
        np.testing.assert_array_equal(apply(name, x, target), apply(name, x, target, single=True))


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_is_put_aside_and_nobody_called(target: Target) -> None:
    """All vectors stay in registers, and no library is needed."""
    for name in FUNCTIONS:
        _, text = Apply(name).text(target)
        shown = assembly(text, target, name)
        assert spills(shown) == 0
        assert not any(word in shown for word in ("callq", "jmp\tQWORD", "\tbl\t"))

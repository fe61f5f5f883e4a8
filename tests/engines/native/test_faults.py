"""The checks can fail: kernels with one small mistake each are caught by the check that is there for it.

A wrong kernel has a name of its own, so that it never passes for the right one in the cache of compiled objects.
"""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

import numpy as np
import pytest
from engines.native.test_numbers import SUMS, check_exact, check_sums, check_winograd, normal
from engines.native.test_special_values import LAYERS, check_layer

from pellucid.engines import Engine
from pellucid.engines.native import NativeEngine
from pellucid.engines.native.ir import Code, Value
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.machine import host
from pellucid.engines.native.samples import losses, pooling, winograd_weights
from pellucid.engines.native.samples.convolution import ConvForward, ConvWeightGradient
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.losses import SquaredError
from pellucid.engines.native.samples.pooling import AvgPoolForward, MaxPoolBackward, Reads
from pellucid.engines.native.samples.rules import convolution as conv_rules
from pellucid.engines.native.samples.rules import elementwise as activation_rules
from pellucid.engines.native.samples.rules import losses as loss_rules
from pellucid.engines.native.samples.rules import pooling as pool_rules
from pellucid.engines.native.samples.winograd_weights import WinogradWeights
from pellucid.layers import Conv2d, ReLU


class ForgottenBias(ConvForward):
    """Adds no bias."""

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Leave its pointer out."""
        plain = ConvForward(self.x, self.y, self.geometry, False, self.activation)
        plain.write(code, item, pointers[0], pointers[1], pointers[-1])


class Scaled(Activation):
    """Multiplies with a number that is hardly more than 1."""

    def apply(self, code: Code, x: Value) -> Value:
        """Be off by 64 u."""
        return x * code.splat(1 + 2.0**-18)


class HardlyMore(ConvForward):
    """Is a few bits off, as sums in lower precision would be."""

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Scale the sums."""
        ConvForward(self.x, self.y, self.geometry, self.bias, Scaled("relu")).write(code, item, *pointers)


class BiasUnmoved(ConvWeightGradient):
    """Finds no gradient of the bias."""

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Leave its pointer out."""
        ConvWeightGradient(self.x, self.dy, self.geometry, False).write(code, item, *pointers[:3])


class RoundedReciprocal(AvgPoolForward):
    """Multiplies with a reciprocal instead of dividing: off by one bit now and then."""

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Round the reciprocal."""

        def divisor(code: Code, rows: tuple[int, ...], columns: tuple[int, ...]) -> Callable[[Value, Reads], Value]:
            reciprocal = float(np.float32(1 / (rows[0] * columns[0])))
            return lambda value, reads: value * code.splat(reciprocal)

        with mock.patch.object(pooling, "_divisor", divisor):
            super().write(code, item, *pointers)


class Uncleared(MaxPoolBackward):
    """Adds to whatever was there."""

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Clear nothing."""
        right = {name: getattr(self, name) for name in ("x", "y", "dx", "dy", "rows", "columns")}
        MaxPoolBackward(**right, add=True).write(code, item, *pointers)


class UnmaskedError(SquaredError):
    """Gives free lanes a gradient too."""

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Take all lanes for real ones."""
        with mock.patch.object(losses, "_real", lambda code, mask: code.compare("one", code.splat(1.0), 0.0)):
            super().write(code, item, *pointers)


class Quiet(Activation):
    """Makes 0 of NaN, as a maximum in the other order does."""

    def apply(self, code: Code, x: Value) -> Value:
        """Compare the other way round."""
        return code.select(code.compare("ogt", x, 0.0), x, code.zero())


class Coarse(WinogradWeights):
    """Transforms weights by numbers of three digits."""

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Round the matrix."""
        rounded = tuple(tuple(round(number, 3) for number in row) for row in winograd_weights.WEIGHT)
        with mock.patch.object(winograd_weights, "WEIGHT", rounded):
            super().write(code, item, *pointers)


def exact(engine: Engine) -> None:
    """Whole numbers, on the first drawn networks."""
    for number in range(14):
        check_exact(engine, number)


def near(engine: Engine) -> None:
    """Sums, on numbers of one size."""
    check_sums(engine, *SUMS[0], normal, 33)


def special(engine: Engine) -> None:
    """NaN at every place of a ReLU."""
    assert isinstance(LAYERS[0][0], ReLU)
    check_layer(engine, 0, "NaN", whole=False)


def fast(engine: Engine) -> None:
    """Winograd's errors; the check makes engines of its own."""
    check_winograd(host(), Conv2d(32, 3, padding=1), (32, 12, 12))


Fault = tuple[Callable[[Engine], None], object, str, type[Kernel] | type[Activation]]
FAULTS: list[Fault] = [
    (exact, conv_rules, "ConvForward", ForgottenBias),
    (near, conv_rules, "ConvForward", HardlyMore),
    (exact, conv_rules, "ConvWeightGradient", BiasUnmoved),
    (exact, pool_rules, "AvgPoolForward", RoundedReciprocal),
    (exact, pool_rules, "MaxPoolBackward", Uncleared),
    (special, activation_rules, "Activation", Quiet),
    (fast, conv_rules, "WinogradWeights", Coarse),
]


@pytest.mark.parametrize(("check", "module", "name", "wrong"), FAULTS, ids=[fault[3].__name__ for fault in FAULTS])
def test_wrong_kernels_fail(
    check: Callable[[Engine], None],
    module: object,
    name: str,
    wrong: type[Kernel] | type[Activation],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The check passes with the right kernel, and fails with the wrong one."""
    check(NativeEngine(exact=True, threads=1))
    monkeypatch.setattr(module, name, wrong)
    with pytest.raises(AssertionError, match=r"off by|differ in being"):
        check(NativeEngine(exact=True, threads=1))


def test_a_loss_of_free_lanes_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free lanes that had a gradient would show in the weights' gradients."""
    monkeypatch.setitem(loss_rules.LOSSES, "MeanSquaredError", lambda config, size, labels: UnmaskedError(size, labels))
    with pytest.raises(AssertionError, match="off by"):
        exact(NativeEngine(exact=True, threads=1))

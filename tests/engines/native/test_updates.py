"""Finishes move weights as the optimizers define, to the bit; sums of slabs keep their order and their bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engines.native.harness import aligned, run

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.updates import TILE, Add, Finish, Store, Update, finish_of, host_rates
from pellucid.train import SGD, Adam, AdamW
from pellucid.train.optimizers import Optimizer

UNTOUCHED = np.float32(-77)
OPTIMIZERS: list[Optimizer] = [
    SGD(0.1),
    SGD(0.1, momentum=0.9),
    SGD(0.05, momentum=0.8, nesterov=True, weight_decay=0.01),
    SGD(0.3, weight_decay=1e-3),
    Adam(1e-2),
    Adam(3e-3, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.02),
    AdamW(1e-2, weight_decay=0.1),
]

targets = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
everywhere = pytest.mark.parametrize(
    "target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name
)


def of(optimizer: Optimizer) -> Finish:
    """The finish of an optimizer."""
    finish = finish_of(optimizer.kind, optimizer.config())
    assert finish is not None
    return finish


def apply(update: Update, slabs: np.ndarray, chunks: int, *arrays: np.ndarray, target: Target) -> None:
    """Run every item."""
    for item in range(update.items):
        run(update, slabs, aligned(np.array([chunks], np.int64)), *arrays, item=item, target=target)


def in_order(slabs: np.ndarray) -> np.ndarray:
    """The slabs' sum in float32, from the first to the last."""
    total = slabs[0]
    for slab in slabs[1:]:
        total = total + slab
    return total


@targets
def test_sums_keep_the_order_of_the_slabs(target: Target) -> None:
    """Every float is the sum of its slabs from the first on, whatever its place; nothing beyond is touched."""
    random = np.random.default_rng(3)
    for size, chunks in ((1, 1), (15, 3), (16, 8), (33, 2), (67, 5), (TILE, 2), (TILE + 79, 3)):
        stride = -(-size // 16) * 16
        slabs = aligned(random.normal(size=(8, stride)).astype(np.float32))
        expected = in_order(slabs[:chunks, :size])
        out = aligned(np.full(size + 40, UNTOUCHED))
        apply(Update(size, Store(), stride), slabs, chunks, out, target=target)
        np.testing.assert_array_equal(out[:size], expected)
        assert (out[size:] == UNTOUCHED).all()
        apply(Update(size, Add(), stride), slabs, chunks, out, target=target)
        np.testing.assert_array_equal(out[:size], expected + expected)
        assert (out[size:] == UNTOUCHED).all()


@targets
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_weights_move_as_the_optimizer_defines(optimizer: Optimizer, target: Target) -> None:
    """Over several steps with a changing rate, weights and slots are the definition's, to the bit."""
    random = np.random.default_rng(5)
    size, stride = 37, 48
    finish = of(optimizer)
    update = Update(size, finish, stride)
    weight = random.normal(size=size).astype(np.float32)
    slots = {name: np.zeros(size, np.float32) for name in optimizer.slots}
    given: dict[str, Any] = {"weight": aligned(weight), "rates": aligned(np.zeros(8, np.float32))}
    given |= {name: aligned(array) for name, array in slots.items()}
    for step in range(4):
        rate = optimizer.rate / (step + 1)
        slabs = aligned(random.normal(size=(2, stride)).astype(np.float32))
        weight, slots = optimizer.update(weight, in_order(slabs[:, :size]), slots, step=step, rate=rate)
        rates = host_rates(optimizer.kind, optimizer.config(), step, rate)
        given["rates"][: len(rates)] = rates
        apply(update, slabs, 2, *(given[name] for name in finish.arguments), target=target)
        np.testing.assert_array_equal(given["weight"], weight)
        for name in optimizer.slots:
            np.testing.assert_array_equal(given[name], slots[name])


def test_settings_are_not_in_the_code() -> None:
    """Optimizers that differ in their numbers alone share their kernels; an unknown one has none."""
    a, b = SGD(0.1, momentum=0.9), SGD(0.2, momentum=0.5)
    assert Update(8, of(a), 16).text(x86("avx2")) == Update(8, of(b), 16).text(x86("avx2"))
    assert finish_of("Lion", {}) is None


@everywhere
def test_nothing_is_put_aside(target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    for finish in {Store(), Add(), *map(of, OPTIMIZERS)}:
        kernel = Update(2000, finish, 2048)
        _, text = kernel.text(target)
        assert spills(assembly(text, target, str(kernel))) == 0

"""What the tests of the engine as a whole share: the definition's numbers, how near is near enough, and processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pellucid import Network
from pellucid.engines import BatchGradients, Engine
from pellucid.engines.native.machine import available
from pellucid.engines.reference import backward, forward
from pellucid.layers.base import Run
from pellucid.train import SGD

Array = NDArray[Any]
TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
BATCHES = (1, 2, 16, 33)  # one image, less than a vector of samples, a whole one, and more than two
SEED = 3
TESTS = Path(__file__).resolve().parents[2]


class Given:
    """A loss whose gradient in the outputs is what we say: it has no kernel, so it is called between two phases.

    Args:
        gradient: (N, ...).
    """

    kind = "Given"

    def __init__(self, gradient: Array) -> None:
        self._gradient = gradient

    def config(self) -> dict[str, Any]:
        """Return no settings."""
        return {}

    def values(self, outputs: Array, targets: Array) -> Array:
        """Return zeros."""
        return np.zeros(len(outputs), outputs.dtype)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return what we said."""
        return self._gradient.astype(outputs.dtype)


def doubles(arrays: Sequence[Array]) -> tuple[Array, ...]:
    """The same numbers in float64."""
    return tuple(array.astype(np.float64) for array in arrays)


def weights_of(net: Network) -> dict[str, Array]:
    """The network's weights in float64."""
    return {name: np.asarray(weight, np.float64) for name, weight in net.weights.items()}


def defined(net: Network, inputs: Sequence[Array]) -> dict[str, Array]:
    """Every value by its definition, in float64, not training."""
    return forward(net, doubles(inputs), Run(), weights=weights_of(net))


def defined_gradients(net: Network, inputs: Sequence[Array], gradient: Array, run: Run) -> BatchGradients:
    """All gradients by their definition, in float64, given that in the first output."""
    weights = weights_of(net)
    values = forward(net, doubles(inputs), run, weights=weights)
    return backward(net, values, {str(net.outputs[0].name): gradient.astype(np.float64)}, run, weights=weights)


def training(count: int) -> Run:
    """The run of a first training step on samples 0, 1, 2 and so on."""
    return Run(training=True, seed=SEED, samples=np.arange(count))


def gradients(engine: Engine, net: Network, inputs: Sequence[Array], gradient: Array) -> BatchGradients:
    """All gradients by an engine, given that in the first output."""
    trainer = engine.trainer(net, Given(gradient), SGD(0.1), seed=SEED)
    count = len(inputs[0])
    return trainer.gradients(tuple(inputs), np.zeros(count, np.int64), np.arange(count))


def named(found: BatchGradients) -> dict[str, Array]:
    """Gradients of inputs and weights by name."""
    return {**{f"input {k}": array for k, array in enumerate(found.inputs)}, **found.weights}


def check_values(engine: Engine, net: Network, inputs: Sequence[Array], *, tolerance: float = 2e-5) -> None:
    """A run and a trace give the definition's numbers: off by `tolerance` of a value's largest, or of 1."""
    wanted = defined(net, inputs)
    program = engine.program(net)
    outputs = {str(node.name): wanted[str(node.name)] for node in net.outputs}
    found = program.run(tuple(inputs))
    check_near({str(node.name): y for node, y in zip(net.outputs, found, strict=True)}, outputs, tolerance)
    check_near(program.trace(tuple(inputs)), wanted, tolerance)


def check_near(found: Mapping[str, Array], wanted: Mapping[str, Array], tolerance: float) -> None:
    """Numbers are off by no more than `tolerance` of an array's largest, or of 1."""
    assert set(found) == set(wanted)
    for name, right in wanted.items():
        check_within(found[name], right, np.full(right.shape, tolerance * max(1.0, largest(right))), name)


def check_within(found: Array, wanted: Array, bound: Array, what: str) -> None:
    """Every number is off by no more than its bound; an error tells the worst place."""
    assert found.shape == wanted.shape, f"{what}: shape {found.shape}, wanted {wanted.shape}"
    off = np.abs(found - wanted)
    wrong = ~(off <= bound)  # NaN is wrong
    if wrong.any():
        with np.errstate(all="ignore"):
            excess = np.where(wrong, np.nan_to_num(off / np.maximum(bound, 1e-300), nan=np.inf), -1)
        worst = np.unravel_index(np.argmax(excess), off.shape)
        place = tuple(int(i) for i in worst)
        text = f"{found[worst]!r}, wanted {wanted[worst]!r}, off by {off[worst]:.3g}, allowed {bound[worst]:.3g}"
        raise AssertionError(f"{what}: {wrong.sum()} of {wrong.size} wrong, the worst at {place}: {text}")


def largest(array: Array) -> float:
    """The largest size of a number."""
    return float(np.abs(array).max(initial=0.0))


def child(code: str, *arguments: str, **environment: str) -> str:
    """Run Python code in a process of its own, which may not die, and return what it wrote."""
    made = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-W", "error", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]), **environment},
    )
    assert made.returncode == 0, (
        f"the process ended with {made.returncode}:\n{made.stdout[-2000:]}{made.stderr[-4000:]}"
    )
    return made.stdout

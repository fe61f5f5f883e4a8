"""Every layer, geometry, loss and optimizer on every instruction set of this machine, by all engines' contract."""

from __future__ import annotations

import numpy as np
import pytest
from contract import check_engine, network_of, values, weights
from contract_training import LOSSES, OPTIMIZERS, check_running, check_training
from engines.native.whole import BATCHES, TARGETS, check_values
from geometries import convolutions, pools
from hypothesis import given, settings

from pellucid.engines import Engine
from pellucid.engines.native import NativeEngine
from pellucid.engines.native.machine import Target
from pellucid.layers import REGISTRY
from pellucid.layers.base import Example
from pellucid.train import Loss, Optimizer

EXAMPLES = [
    pytest.param(example, id=f"{example.layer} on {' and '.join(map(str, example.shapes))}")
    for kind in REGISTRY.values()
    for example in kind.examples()
]


def check_batches(engine: Engine, example: Example) -> None:
    """A layer gives its definition's numbers for one image, and for batches that fill vectors or do not."""
    net = network_of(example)
    for name, value in weights(example.layer, example.shapes, 9).items():
        net.weights[f"here.{name}"] = value
    for count in BATCHES:
        inputs = [values((count, *shape), i).astype(np.float32) for i, shape in enumerate(example.shapes)]
        check_values(engine, net, [x / max(1.0, np.abs(x).max() / 4) for x in inputs])


@TARGETS
@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_agree(example: Example, target: Target) -> None:
    """Values, gradients and a training step equal the definition's, and values do for any size of batch."""
    engine = NativeEngine(target=target)
    check_engine(engine, example)
    check_batches(engine, example)


@TARGETS
@settings(max_examples=12)
@given(example=convolutions() | pools())
def test_geometries_agree(target: Target, example: Example) -> None:
    """So they do for any geometry of a convolution or a pool."""
    engine = NativeEngine(target=target)
    check_engine(engine, example)
    check_batches(engine, example)


@pytest.mark.slow
@TARGETS
@settings(max_examples=300)
@given(example=convolutions() | pools())
def test_many_geometries_agree(target: Target, example: Example) -> None:
    """The same for many more."""
    engine = NativeEngine(target=target)
    check_engine(engine, example)
    check_batches(engine, example)


@TARGETS
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_training_is_as_defined(loss: Loss, optimizer: Optimizer, target: Target) -> None:
    """Several steps, with every loss and optimizer, equal the definition's, also when resumed in between."""
    check_training(NativeEngine(target=target), loss, optimizer)


@TARGETS
def test_programs_see_new_weights_and_keep_old_answers(target: Target) -> None:
    """Weights may be assigned at any time, and what was returned belongs to the caller."""
    check_running(NativeEngine(target=target))

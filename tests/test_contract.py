"""Every layer keeps its contract, and every engine agrees with the definition: on all examples and drawn geometries."""

from __future__ import annotations

import pytest
from contract import LAYER_CHECKS, check_engine
from contract_training import LOSSES, OPTIMIZERS, check_running, check_training, check_values_gradients
from geometries import convolutions, norms, pools
from geometries_of_movement import GEOMETRIES
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.engines import ENGINES
from pellucid.layers import REGISTRY
from pellucid.layers.base import Example
from pellucid.train import Loss, Optimizer

EXAMPLES = [
    pytest.param(example, id=f"{example.layer} on {' and '.join(map(str, example.shapes))}")
    for kind in REGISTRY.values()
    for example in kind.examples()
]
RUNNABLE = [name for name, engine in ENGINES.items() if engine.unavailable() is None]


def test_every_kind_has_examples() -> None:
    """No layer escapes the contract by having nothing to show."""
    assert all(kind.examples() for kind in REGISTRY.values())
    assert {type(example.layer) for kind in REGISTRY.values() for example in kind.examples()} == set(REGISTRY.values())


@pytest.mark.parametrize("check", LAYER_CHECKS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_keep_the_contract(example: Example, check: str) -> None:
    """Shape, purity, gradients, explanation and reads hold on a layer's own examples."""
    LAYER_CHECKS[check](example)


@pytest.mark.parametrize("engine", RUNNABLE)
@pytest.mark.parametrize("example", EXAMPLES)
def test_engines_agree_on_examples(example: Example, engine: str) -> None:
    """Values, gradients and a training step equal the definition's in float64."""
    check_engine(ENGINES[engine], example)


@settings(max_examples=60)
@given(example=convolutions())
def test_convolutions_keep_the_contract(example: Example) -> None:
    """The contract holds for any geometry of a convolution."""
    for check in LAYER_CHECKS.values():
        check(example)


@settings(max_examples=60)
@given(example=pools())
def test_pools_keep_the_contract(example: Example) -> None:
    """The contract holds for any geometry of a pool."""
    for check in LAYER_CHECKS.values():
        check(example)


@settings(max_examples=40)
@given(example=norms())
def test_norms_keep_the_contract(example: Example) -> None:
    """The contract holds for any axes, groups and neighbours of a norm."""
    for check in LAYER_CHECKS.values():
        check(example)


@pytest.mark.parametrize("kind", GEOMETRIES)
@settings(max_examples=25)
@given(data=st.data())
def test_movements_and_joins_keep_the_contract(kind: str, data: st.DataObject) -> None:
    """The contract holds for any geometry of layers that grow, pad, resize, move, join and scale values."""
    example = data.draw(GEOMETRIES[kind])
    for check in LAYER_CHECKS.values():
        check(example)


@pytest.mark.parametrize("engine", [name for name in RUNNABLE if name != "keras"])
@pytest.mark.parametrize("kind", GEOMETRIES)
@settings(max_examples=8)
@given(data=st.data())
def test_engines_agree_on_movements_and_joins(kind: str, engine: str, data: st.DataObject) -> None:
    """Every engine equals the definition for these geometries as well, inside its own kernels and out of them."""
    check_engine(ENGINES[engine], data.draw(GEOMETRIES[kind]))


@pytest.mark.parametrize("engine", [name for name in RUNNABLE if name != "keras"])
@settings(max_examples=40)
@given(example=convolutions() | pools() | norms())
def test_engines_agree_on_geometries(engine: str, example: Example) -> None:
    """Every engine equals the definition for any geometry."""
    check_engine(ENGINES[engine], example)


# TensorFlow compiles four functions a geometry, which takes a second: few are drawn, and more of them when slow.
@pytest.mark.skipif("keras" not in RUNNABLE, reason="Keras or TensorFlow is not installed")
@pytest.mark.parametrize("geometries", [8, pytest.param(80, marks=pytest.mark.slow)])
def test_keras_agrees_on_geometries(geometries: int) -> None:
    """The engine on Keras equals the definition for any geometry."""

    @settings(max_examples=geometries)
    @given(example=convolutions() | pools() | norms())
    def check(example: Example) -> None:
        check_engine(ENGINES["keras"], example)

    check()


@pytest.mark.parametrize("engine", RUNNABLE)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_engines_train_as_defined(engine: str, loss: Loss, optimizer: Optimizer) -> None:
    """Several steps, with every loss and optimizer, equal the definition's, also when resumed in between."""
    check_training(ENGINES[engine], loss, optimizer)


@pytest.mark.parametrize("engine", RUNNABLE)
def test_programs_see_new_weights_and_keep_old_answers(engine: str) -> None:
    """Weights may be assigned at any time, and what was returned belongs to the caller."""
    check_running(ENGINES[engine])


@pytest.mark.parametrize("engine", RUNNABLE)
def test_engines_take_gradients_of_values(engine: str) -> None:
    """The gradient of any value in inputs and inner values equals the definition's, not training."""
    check_values_gradients(ENGINES[engine])

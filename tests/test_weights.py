"""Weights: made when first read, a function of seed and name, checked when assigned."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from by_hand import Refusal

from pellucid import Network
from pellucid.errors import DataError, ShapeError, UnknownNameError
from pellucid.layers import BatchNorm2d, Conv2d, Flatten, Linear
from pellucid.layers.initializers import Weight
from pellucid.weights import WeightStore

NAMES = ["conv1.weight", "conv1.bias", "norm1.weight", "norm1.bias", "norm1.running_mean", "norm1.running_var"]


def store(seed: int = 0) -> WeightStore:
    """The weights of a convolution and a batch norm."""
    return Network((1, 5, 6), [Conv2d(3, 2), BatchNorm2d()], seed=seed).weights


def test_a_mapping() -> None:
    """Weights are a mapping by full name, in the order in which the layers run."""
    weights = store()
    assert list(weights) == [*NAMES]
    assert len(weights) == 6
    assert {name: of.shape for name, of in weights.items()} == {name: weights.specs[name].shape for name in NAMES}
    assert all(of.dtype == np.float32 for of in weights.values())
    assert "conv1.weight" in weights
    assert "conv2.weight" not in weights


def test_trainable() -> None:
    """Running averages are weights, but not ones that a gradient changes."""
    assert store().trainable == tuple(NAMES[:4])


def test_made_when_first_read() -> None:
    """A weight that would fill all memory costs nothing until it is read."""
    weights = WeightStore({"huge": Weight((2**31, 2**31)), "small": Weight((2,), "ones")}, seed=0)
    assert weights["small"].tolist() == [1, 1]
    with pytest.raises((MemoryError, ValueError)):
        weights["huge"]


def test_what_is_read_stays_as_it_was() -> None:
    """What is read cannot be changed, and is not when another array is assigned; the version counts assignments."""
    weights = store()
    read, version = weights["conv1.bias"], weights.version
    before = read.tolist()
    with pytest.raises(ValueError, match="read-only"):
        read[1] = 7
    weights["conv1.bias"] = read + 1
    assert read.tolist() == before
    assert weights["conv1.bias"] is weights["conv1.bias"] is not read
    assert weights.version == version + 1


def test_first_values_go_by_seed_and_name() -> None:
    """The same seed gives the same bits, in any order of reading and whatever other layers there are."""
    one, two, other = store(), store(), store(seed=1)
    backwards = {name: two[name] for name in reversed(NAMES)}
    assert all(one[name].tobytes() == backwards[name].tobytes() for name in NAMES)
    assert one["conv1.weight"].tobytes() != other["conv1.weight"].tobytes()
    assert one["conv1.weight"].ravel()[:3].tolist() != one["conv1.bias"].tolist()
    longer = Network((1, 5, 6), [Conv2d(3, 2), BatchNorm2d(), Flatten(), Linear(2)]).weights
    assert longer["conv1.weight"].tobytes() == one["conv1.weight"].tobytes()


@pytest.mark.parametrize(
    "value",
    [
        [1, 2, 3],
        np.array([1, 2, 3], np.uint8),
        np.array([1, 2, 3], ">f8"),
        np.arange(9.0)[1:9:3] % 3 + [0, 1, 1],
        np.array([True, False, True]),
    ],
)
def test_assigned_as_float32(value: object) -> None:
    """Numbers of any real type and any layout are taken as contiguous float32, in an array of the network's own."""
    weights = store()
    weights["conv1.bias"] = value
    taken = weights["conv1.bias"]
    assert taken.dtype == np.float32
    assert taken.flags.c_contiguous
    assert taken.tolist() == np.asarray(value).astype(float).tolist()
    assert not np.shares_memory(taken, np.asarray(value))


def test_assigning_does_not_reach_back() -> None:
    """Changing the array that a weight was assigned from leaves the weight as it was."""
    weights, mine = store(), np.zeros(3, np.float32)
    weights["conv1.bias"] = mine
    mine[:] = 1
    assert weights["conv1.bias"].tolist() == [0, 0, 0]
    assert mine.flags.writeable


def test_copies() -> None:
    """A copy holds arrays of its own; pickled and deeply copied weights are the same bits."""
    weights = store()
    weights["conv1.bias"] = [1, 2, 3]
    taken = weights.copy()
    assert list(taken) == NAMES
    taken["conv1.bias"][0] = 9
    assert weights["conv1.bias"][0] == 1
    for twin in (copy.deepcopy(weights), pickle.loads(pickle.dumps(weights))):
        assert all(twin[name].tobytes() == weights[name].tobytes() for name in NAMES)
        assert not twin["conv1.bias"].flags.writeable
        twin["conv1.bias"] = [9, 9, 9]
        assert weights["conv1.bias"][0] == 1


REFUSED = [
    Refusal(
        lambda: store().__setitem__("conv1.weight", np.zeros((3, 1, 2, 3))),
        ShapeError,
        "weight 'conv1.weight'",
        "shape (3, 1, 2, 3)",
        "shape (3, 1, 2, 2)",
        "give it the shape of the layer it belongs to",
    ),
    Refusal(
        lambda: Network((5,), [Linear(7)]).weights.__setitem__("linear1.weight", np.zeros((5, 7))),
        ShapeError,
        "weight 'linear1.weight'",
        "shape (5, 7)",
        "shape (7, 5)",
        "transpose it",
    ),
    *(
        Refusal(
            lambda value=value: store().__setitem__("conv1.bias", value),
            DataError,
            "weight 'conv1.bias'",
            f"dtype {np.asarray(value).dtype}",
            "an array of real numbers",
            "convert it to float32",
        )
        for value in ([1j, 0, 0], ["a", "b", "c"], [None, 1, 2])
    ),
    *(
        Refusal(
            make,
            UnknownNameError,
            "weight 'conv1.wieght'",
            "'conv1.wieght'",
            f"one of {', '.join(NAMES)}",
            "did you mean 'conv1.weight'?",
        )
        for make in (lambda: store()["conv1.wieght"], lambda: store().__setitem__("conv1.wieght", [1]))
    ),
    *(
        Refusal(
            make,
            ShapeError,
            "weight 'conv1.bias'",
            "a request to remove it",
            "the weights of the network's layers, all of them",
            "build a network without the layer",
        )
        for make in (lambda: store().__delitem__("conv1.bias"), lambda: store().pop("conv1.bias"))
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: refusal.got)
def test_refused(refusal: Refusal) -> None:
    """Other shapes, other types, other names, and removal are refused."""
    refusal.check()


def test_a_refused_value_changes_nothing() -> None:
    """After a refused assignment the weight is what it was."""
    weights = store()
    before = weights["conv1.bias"].tobytes()
    with pytest.raises(ShapeError):
        weights["conv1.bias"] = [1, 2]
    assert weights["conv1.bias"].tobytes() == before


def test_rows_of_different_lengths_are_refused() -> None:
    """A ragged list is not an array."""
    store = WeightStore({"a": Weight((2, 2))}, 0)
    with pytest.raises(DataError) as ragged:
        store["a"] = [[1.0, 2.0], [3.0]]
    assert str(ragged.value) == (
        "weight 'a'\n  got       rows of different lengths\n  expected  an array of real numbers\n"
        "  fix       make it a NumPy array first"
    )


def test_numbers_beyond_float32_are_refused() -> None:
    """What float32 cannot hold is refused and nothing is lost; an infinity that was meant is kept."""
    store = WeightStore({"a": Weight((2,))}, 0)
    with pytest.raises(DataError, match=r"got       numbers up to 1e\+39"):
        store["a"] = [1e39, np.inf]
    assert store["a"].tolist() == [0.0, 0.0]
    store["a"] = [-np.inf, 1.0]
    assert store["a"].tolist() == [-np.inf, 1.0]


def test_a_store_equals_itself_alone() -> None:
    """Two networks' weights are compared array by array, never by accident as a whole."""
    store, other = WeightStore({"a": Weight((2,))}, 0), WeightStore({"a": Weight((2,))}, 0)
    assert store in [store]
    assert store != other
    assert len({store, other}) == 2


def test_an_array_that_nobody_else_holds_is_taken_over() -> None:
    """Adopting copies nothing where it need not, counts as an assignment, and checks as one does."""
    store = WeightStore({"a": Weight((2, 2))}, 0)
    array = np.ones((2, 2), np.float32)
    store.adopt("a", array)
    assert store["a"] is array
    assert not array.flags.writeable
    assert store.version == 1
    other: Any = np.arange(4, dtype=np.float64).reshape(2, 2)
    store.adopt("a", other)
    assert store["a"].tolist() == other.tolist()
    for name, wrong in (("a", np.ones((2, 3), np.float32)), ("b", array)):
        with pytest.raises((ShapeError, UnknownNameError)):
            store.adopt(name, wrong)

"""Random numbers that are a function of what they are for: known answers, independence, and even spread."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import Refusal
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import ParameterError
from pellucid.random import checked_seed, generator, name_key, permutation, philox, uniform

seeds = st.integers(-(2**63), 2**64 - 1)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ([0, 0, 0, 0], (0, 0), [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([2**32 - 1] * 4, (2**32 - 1, 2**32 - 1), [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            (0xA4093822, 0x299F31D0),
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_known_answers(counter: list[int], key: tuple[int, int], words: list[int]) -> None:
    """Philox4x32-10 gives the known answers that its authors publish with Random123."""
    assert philox(np.array(counter, np.uint32), key).tolist() == words


def test_philox_of_many_counters() -> None:
    """Many counters at once give what each gives alone."""
    counters = np.arange(4 * 3 * 5, dtype=np.uint32).reshape(4, 3, 5)
    together = philox(counters, (1, 2))
    assert together.dtype == np.uint32
    for place in np.ndindex(3, 5):
        assert together[(slice(None), *place)].tolist() == philox(counters[(slice(None), *place)], (1, 2)).tolist()


def test_the_bits_are_pinned() -> None:
    """The same seed gives the same bits in every later version: these were written down once."""
    numbers = uniform(7, 3, "dropout1", np.array([0, 5]), 5) * 2**24
    assert numbers.tolist() == [
        [1898001, 4541731, 13004867, 1466036, 14279139],
        [10307183, 6155954, 5185485, 8898834, 6518998],
    ]
    assert permutation(0, 1, 10).tolist() == [0, 3, 4, 7, 8, 6, 9, 1, 5, 2]
    assert generator(1, "conv1.weight").integers(0, 1000, 4).tolist() == [569, 239, 279, 606]


@given(seed=seeds, step=st.integers(0, 2**40), count=st.integers(0, 9), samples=st.lists(st.integers(0, 2**33)))
def test_a_sample_has_its_own_numbers(seed: int, step: int, count: int, samples: list[int]) -> None:
    """What a sample gets does not depend on the batch it is in, on its place there, or on how many are asked for."""
    together = uniform(seed, step, "here", np.array(samples, np.int64), count)
    assert together.shape == (len(samples), count)
    assert together.dtype == np.float32
    for row, sample in zip(together, samples, strict=True):
        alone = uniform(seed, step, "here", np.array([sample]), count + 3)
        assert row.tolist() == alone[0, :count].tolist()


def test_numbers_are_multiples_of_one_part_in_2_to_24() -> None:
    """Numbers are in [0, 1), and each is one of the 2**24 evenly spaced values that float32 holds exactly."""
    numbers = uniform(0, 0, "here", np.arange(100), 101).astype(np.float64) * 2**24
    assert (numbers == np.floor(numbers)).all()
    assert numbers.min() >= 0
    assert numbers.max() < 2**24


def test_numbers_spread_evenly() -> None:
    """Over 200,000 numbers, each tenth of [0, 1) gets its share within five standard deviations."""
    counts = np.histogram(uniform(3, 1, "here", np.arange(2000), 100), bins=10, range=(0, 1))[0]
    assert np.abs(counts - 20_000).max() < 5 * np.sqrt(200_000 * 0.1 * 0.9)


@pytest.mark.parametrize(
    ("seed", "step", "layer", "sample"),
    [(1, 0, "a", 0), (2**32, 0, "a", 0), (-1, 0, "a", 0), (0, 1, "a", 0), (0, 0, "b", 0), (0, 0, "a", 1)],
)
def test_everything_named_matters(seed: int, step: int, layer: str, sample: int) -> None:
    """Another seed (its upper word and its sign too), step, layer or sample gives unrelated numbers."""
    ours = uniform(0, 0, "a", np.array([0]), 4096)[0]
    others = uniform(seed, step, layer, np.array([sample]), 4096)[0]
    assert abs(np.corrcoef(ours, others)[0, 1]) < 5 / np.sqrt(4096)


@given(seed=seeds, epoch=st.integers(0, 1000), count=st.integers(0, 50))
def test_permutations(seed: int, epoch: int, count: int) -> None:
    """An epoch visits every sample once."""
    assert sorted(permutation(seed, epoch, count).tolist()) == list(range(count))


def test_every_epoch_has_its_own_order() -> None:
    """Orders differ between epochs and between seeds, and the first place is taken by every sample in turn."""
    orders = [permutation(seed, epoch, 10).tolist() for seed in range(20) for epoch in range(20)]
    assert len({tuple(order) for order in orders}) == len(orders)
    assert {order[0] for order in orders} == set(range(10))


def test_generators_are_named() -> None:
    """A generator is a function of seed and name, so that adding a layer changes no other layer's first values."""
    first = generator(0, "conv1.weight").random(4).tolist()
    assert generator(0, "conv1.weight").random(4).tolist() == first
    assert generator(0, "conv2.weight").random(4).tolist() != first
    assert generator(1, "conv1.weight").random(4).tolist() != first
    assert generator(-1, "conv1.weight").random(4).tolist() == generator(2**64 - 1, "conv1.weight").random(4).tolist()


def test_name_key_is_crc_32() -> None:
    """Names become their CRC-32, whose check value for "123456789" is published."""
    assert name_key("123456789") == 0xCBF43926


@given(seed=seeds)
def test_seeds(seed: int) -> None:
    """Any whole number of 64 bits is a seed, NumPy's too, and comes back as Python's."""
    assert checked_seed(seed) == seed
    assert type(checked_seed(np.uint64(7))) is int


@pytest.mark.parametrize("value", [1.0, "1", None, True, 2**64, -(2**63) - 1])
def test_no_seeds(value: object) -> None:
    """Anything else is no seed."""
    Refusal(
        lambda: checked_seed(value),
        ParameterError,
        "seed",
        repr(value),
        "a whole number, -2**63 to 2**64 - 1",
        "use a number such as 0",
    ).check()

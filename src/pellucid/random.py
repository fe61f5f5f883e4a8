"""Numbers that are a function of what they are for, so that order, batches and threads cannot change them.

Dropout masks and shuffles come from Philox4x32-10: a counter goes in, four random words come out. Source: J. Salmon,
M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import operator
import zlib

import numpy as np
from numpy.typing import NDArray

from .errors import ParameterError

Words = NDArray[np.uint32]

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def philox(counter: NDArray[np.uint32], key: tuple[int, int]) -> Words:
    """Return four random 32-bit words for each counter.

    Args:
        counter: (4, ...) words that say what the numbers are for.
        key: two 32-bit words, the seed.

    Returns:
        (4, ...) words, a function of nothing but the arguments.

    >>> [hex(w) for w in philox(np.zeros(4, np.uint32), (0, 0))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    c0, c1, c2, c3 = (word.astype(np.uint64) for word in counter)
    k0, k1 = key
    for _ in range(10):
        p0, p1 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ np.uint64(k0), p1 & _LOW, (p0 >> _HALF) ^ c3 ^ np.uint64(k1), p0 & _LOW
        k0, k1 = (k0 + _KEY_STEPS[0]) & 0xFFFFFFFF, (k1 + _KEY_STEPS[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3]).astype(np.uint32)


def checked_seed(value: object) -> int:
    """Return `value` as a seed.

    Raises:
        ParameterError: it is not a whole number of 64 bits, signed or unsigned.

    >>> checked_seed(np.int64(3))
    3
    """
    try:
        seed = None if isinstance(value, bool) else operator.index(value)  # pyright: ignore[reportArgumentType]
    except TypeError:
        seed = None
    if seed is None or not -(2**63) <= seed < 2**64:
        raise ParameterError(
            "seed", got=repr(value), expected="a whole number, -2**63 to 2**64 - 1", fix="use a number such as 0"
        )
    return seed


def name_key(name: str) -> int:
    """Return a 32-bit word that stands for `name` (CRC-32 of its UTF-8 bytes)."""
    return zlib.crc32(name.encode())


def uniform(seed: int, step: int, layer: str, samples: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    """Return numbers in [0, 1), a function of nothing but what they are for.

    Args:
        seed: the run's seed, any integer of 64 bits.
        step: the training step.
        layer: the layer's name.
        samples: (N,) numbers of the samples in their data set.
        count: numbers wanted for each sample.

    Returns:
        (N, count) float32 multiples of 2**-24. Word w of the block with counter (i, sample, layer, step) is
        number 4 * i + w.

    >>> a = uniform(0, 7, "dropout1", np.array([3, 5]), 6)
    >>> b = uniform(0, 7, "dropout1", np.array([5]), 6)
    >>> bool((a[1] == b[0]).all())
    True
    """
    blocks = -(-count // 4)
    counter = np.empty((4, len(samples), blocks), np.uint32)
    counter[0] = np.arange(blocks, dtype=np.uint32)
    counter[1] = (samples.astype(np.int64) & 0xFFFFFFFF).astype(np.uint32)[:, None]
    counter[2] = name_key(layer)
    counter[3] = step & 0xFFFFFFFF
    words = philox(counter, (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF))
    numbers = np.moveaxis(words, 0, -1).reshape(len(samples), 4 * blocks)[:, :count]
    return (numbers >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def permutation(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """Return the order in which an epoch visits `count` samples.

    >>> sorted(permutation(0, 1, 5).tolist())
    [0, 1, 2, 3, 4]
    """
    keys = uniform(seed, epoch, "shuffle", np.arange(count), 2)
    return np.lexsort((keys[:, 1], keys[:, 0])).astype(np.int64)


def generator(seed: int, name: str) -> np.random.Generator:
    """Return NumPy's generator for one named purpose, such as one weight's first values."""
    return np.random.Generator(np.random.Philox(key=np.array([seed & (2**64 - 1), name_key(name)], np.uint64)))

"""Matrix products: what they are, and that no number of threads changes a bit of them."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from pellucid.layers.products import product

SHAPES = [
    (2, 3, 5),
    (64, 64, 64),  # the most that is one piece
    (64, 64, 65),
    (1, 4099, 1031),  # vector and matrix
    (2311, 521, 1),
    (1, 50021, 1),
    (16, 4093, 151),  # a convolution's weight gradient
    (61, 67, 5003),
    (5003, 3, 61),
    (257, 263, 269),
]

# Printed by a process whose BLAS was told how many threads it may use.
DIGESTS = """
import hashlib, sys
import numpy as np
from pellucid.layers.products import product
rng = np.random.default_rng(0)
for m, k, n in {shapes!r}:
    a, b = rng.standard_normal((m, k), np.float32), rng.standard_normal((k, n), np.float32)
    for left, right in ((a, b), (np.asfortranarray(a), b), (a, np.asfortranarray(b))):
        print(m, k, n, hashlib.sha256(product(left, right).tobytes()).hexdigest())
"""


def digests(threads: int) -> str:
    """Return the digests of all products in a process with so many threads."""
    code = DIGESTS.format(shapes=SHAPES)
    variables = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
    environment = os.environ | dict.fromkeys(variables, str(threads))
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize(("m", "k", "n"), SHAPES)
def test_is_the_product(m: int, k: int, n: int) -> None:
    """Every product is, within float32's rounding of a sum of k products, the one in float64."""
    rng = np.random.default_rng(m)
    a, b = rng.standard_normal((m, k), np.float32), rng.standard_normal((k, n), np.float32)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    bound = 2 * np.sqrt(k) * np.finfo(np.float32).eps * (np.abs(a).astype(np.float64) @ np.abs(b))
    result = product(a, b)
    assert result.dtype == np.float32
    assert (np.abs(result - exact) <= bound).all()


def test_stacks_of_matrices() -> None:
    """Leading axes are stacks, and broadcast as in NumPy's own product; whole numbers come out exactly."""
    rng = np.random.default_rng(0)
    a, b = rng.integers(-4, 5, (3, 1, 67, 71)).astype(np.float64), rng.integers(-4, 5, (5, 71, 73)).astype(np.float64)
    np.testing.assert_array_equal(product(a, b), a @ b)


def test_no_terms() -> None:
    """A product over nothing is zero, and a product of no rows is empty."""
    np.testing.assert_array_equal(product(np.ones((2, 0)), np.ones((0, 3))), np.zeros((2, 3)))
    assert product(np.ones((0, 4)), np.ones((4, 3))).shape == (0, 3)


def test_same_bits_with_any_number_of_threads() -> None:
    """One and two threads give the same bits, in every shape and layout."""
    assert digests(1) == digests(2)

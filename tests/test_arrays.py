"""Numbers in any real type and layout become float32, and what is not numbers is told apart."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.arrays import as_array, as_float32
from pellucid.errors import DataError


class Stubborn:
    """What refuses to become an array, as tensors that record gradients do."""

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        """Refuse."""
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


@pytest.mark.parametrize(
    ("value", "got"),
    [
        ([[1.0], [1.0, 2.0]], "rows of different lengths"),
        (Stubborn(), "Can't call numpy() on Tensor that requires grad."),
        (None, "dtype object"),
        (["x"], "dtype <U1"),
        (1j, "dtype complex128"),
    ],
)
def test_what_is_not_numbers(value: object, got: str) -> None:
    """One error says what came."""
    with pytest.raises(DataError) as refused:
        as_array("weight 'w'", value)
    assert str(refused.value).startswith(f"weight 'w'\n  got       {got}")
    assert "expected  an array of real numbers" in str(refused.value)


def test_numbers_become_float32() -> None:
    """Types, layouts and shapes without axes are taken; an infinity that was meant stays."""
    for value in (3, [1, 2], np.arange(6.0)[::2], np.asfortranarray(np.eye(3, dtype=">f8")), [np.inf, 1.0], True):
        array = as_array("x", value)
        taken = as_float32("x", array)
        assert taken.dtype == np.float32
        assert taken.flags.c_contiguous
        assert taken.shape == array.shape
        assert np.array_equal(taken, array)


def test_copies_only_where_asked() -> None:
    """What is float32 already is not copied, unless it must be."""
    array = np.ones(3, np.float32)
    assert as_float32("x", array).base is array or as_float32("x", array) is array
    assert not np.shares_memory(as_float32("x", array, copy=True), array)


def test_numbers_beyond_float32_are_refused() -> None:
    """A float64 that float32 cannot hold would become infinite: it is refused."""
    with pytest.raises(DataError) as refused:
        as_float32("input 'x'", np.array([1e39, 2.0]))
    assert str(refused.value) == (
        "input 'x'\n  got       numbers up to 1e+39\n  expected  at most 3.4e+38, float32's largest\n"
        "  fix       scale them down"
    )

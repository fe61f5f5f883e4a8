"""The small parts of explanations: sums that are correctly rounded, and terms of one number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pellucid.layers.arithmetic import exact_sum, single


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([], 0.0),
        ([0.1] * 10, 1.0),
        ([1e16, 1.0, -1e16], 1.0),
        ([1e300, 1e-300, -1e300], 1e-300),
        ([math.inf, 1.0], math.inf),
        ([-math.inf, 1e308], -math.inf),
        ([math.inf, -math.inf], math.nan),
        ([math.nan, math.inf], math.nan),
    ],
)
def test_sums(values: list[float], total: float) -> None:
    """A sum is the nearest float64 to the true one; infinities and NaN follow IEEE's rules."""
    with np.errstate(invalid="ignore"):
        assert exact_sum(np.array(values)) == pytest.approx(total, rel=0, abs=0, nan_ok=True)


def test_terms_of_one_number() -> None:
    """One number read is one row: its input, its place, its value."""
    terms = single(np.arange(6.0).reshape(1, 2, 3), (0, 1, 2), source=4)
    assert len(terms) == 1
    assert (terms.source.tolist(), terms.index.tolist(), terms.value.tolist()) == ([4], [[0, 1, 2]], [5.0])
    assert terms.inside.tolist() == terms.used.tolist() == [True]
    assert terms.product is terms.value
    assert terms.weight is None


def test_infinities_of_both_signs_are_nan_in_silence() -> None:
    """Inf - inf is NaN, without a warning (which would be an error here)."""
    assert np.isnan(exact_sum(np.array([np.inf, 1.0, -np.inf])))

"""What parameters may be, and the one canonical form that they become."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from by_hand import Refusal

from pellucid.errors import ParameterError
from pellucid.layers import Pair
from pellucid.layers.params import (
    axis,
    choice,
    count,
    finite,
    flag,
    optional_pair,
    padding,
    pair,
    positive,
    probability,
    whole,
)

MOST = 2**31 - 1


@pytest.mark.parametrize(
    ("convert", "value", "canonical"),
    [
        (count, 3, 3),
        (count, np.int64(3), 3),
        (count, np.array(3), 3),
        (pair, 3, (3, 3)),
        (pair, (2, 3), (2, 3)),
        (pair, [2, np.uint8(3)], (2, 3)),
        (pair, Pair(right=3, down=2), (2, 3)),
        (optional_pair, None, None),
        (optional_pair, 2, (2, 2)),
        (padding, 0, ((0, 0), (0, 0))),
        (padding, (1, 2), ((1, 1), (2, 2))),
        (padding, [1, 2], ((1, 1), (2, 2))),
        (padding, Pair(right=2, down=1), ((1, 1), (2, 2))),
        (padding, ((1, 2), (3, 4)), ((1, 2), (3, 4))),
        (padding, ((1, 2), 3), ((1, 2), (3, 3))),
        (padding, "same", "same"),
        (padding, "valid", "valid"),
        (axis, -1, -1),
        (flag, True, True),
        (probability, 0, 0.0),
        (probability, np.float32(0.5), 0.5),
        (probability, 1, 1.0),
        (positive, Fraction(1, 4), 0.25),
        (finite, -3, -3.0),
        (choice("a", "b"), "b", "b"),
    ],
)
def test_canonical_forms(convert: Callable[[object], object], value: object, canonical: object) -> None:
    """Whatever way a parameter is written, it becomes the same plain Python value."""
    made = convert(value)
    assert made == canonical
    assert type(made) is type(canonical)
    if isinstance(made, tuple):
        assert all(type(item) in (int, tuple) for item in made)


A_COUNT = f"a whole number, 1 to {MOST}"
A_PAIR = "one number, or a pair (height, width)"


@pytest.mark.parametrize(
    ("convert", "value", "expected", "fix"),
    [
        (count, 0, A_COUNT, "use 1 or more"),
        (count, -1, A_COUNT, "use 1 or more"),
        (count, True, A_COUNT, "give a whole number"),
        (count, 2.5, A_COUNT, "give a whole number"),
        (count, 2.0, A_COUNT, "give a whole number"),
        (count, "2", A_COUNT, "give a whole number"),
        (count, None, A_COUNT, "give a whole number"),
        (count, 2**62, A_COUNT, "use a smaller number"),
        (count, MOST + 1, A_COUNT, "use a smaller number"),
        (lambda value: whole(value, 0), -1, f"a whole number, 0 to {MOST}", "use 0 or more"),
        (axis, 1.0, f"a whole number, -{MOST} to {MOST}", "give a whole number"),
        (axis, -(2**62), f"a whole number, -{MOST} to {MOST}", f"use -{MOST} or more"),
        (pair, (1, 2, 3), A_PAIR, "give two numbers"),
        (pair, (), A_PAIR, "give two numbers"),
        (pair, [2], A_PAIR, "give two numbers"),
        (padding, (1, 2, 3, 4), "(height, width) or ((top, bottom), (left, right))", "give two numbers, or two pairs"),
        (padding, ((1, 2),), "(height, width) or ((top, bottom), (left, right))", "give two numbers, or two pairs"),
        (padding, (1,), A_PAIR, "give two numbers"),
        (padding, "SAME", 'a number, a pair, four sides, "same" or "valid"', 'write padding="same", or numbers'),
        (padding, None, f"a whole number, 0 to {MOST}", "give a whole number"),
        (flag, 1, "True or False", "give True or False"),
        (flag, "yes", "True or False", "give True or False"),
        (probability, 1.5, "a number from 0 to 1", "give a number in that range"),
        (probability, -0.1, "a number from 0 to 1", "give a number in that range"),
        (probability, float("nan"), "a number from 0 to 1", "give a number in that range"),
        (probability, True, "a number from 0 to 1", "give a number in that range"),
        (probability, "0.5", "a number from 0 to 1", "give a number in that range"),
        (probability, None, "a number from 0 to 1", "give a number"),
        (probability, 10**400, "a number from 0 to 1", "give a number"),
        (finite, float("inf"), "a finite number", "give a number in that range"),
        (finite, float("-inf"), "a finite number", "give a number in that range"),
        (finite, float("nan"), "a finite number", "give a number in that range"),
        (finite, 1j, "a finite number", "give a number"),
        (positive, 0, "a finite number above 0", "use a small number such as 1e-5"),
        (positive, -1.0, "a finite number above 0", "use a small number such as 1e-5"),
        (positive, float("inf"), "a finite number", "give a number in that range"),
        (choice("a", "b"), "c", "one of 'a', 'b'", "use 'a'"),
        (choice("a", "b"), None, "one of 'a', 'b'", "use 'a'"),
    ],
)
def test_refused(convert: Callable[[object], object], value: object, expected: str, fix: str) -> None:
    """Booleans, fractions, text, wrong lengths and numbers out of range are refused with what would be right."""
    shown = repr(tuple(value)) if isinstance(value, list) else repr(value)
    Refusal(lambda: convert(value), ParameterError, "parameter", shown, expected, fix).check()


@pytest.mark.parametrize("value", [(0, 3), (3, 0), (True, 3), (3, 2.0)])
def test_each_number_of_a_pair_is_checked(value: object) -> None:
    """A pair is as good as the worse of its numbers."""
    with pytest.raises(ParameterError, match="a whole number, 1 to"):
        pair(value)  # pyright: ignore[reportArgumentType]


def test_pair_is_the_other_way_round() -> None:
    """Pair takes right and down, as figures give them, is (height, width), and says which is which."""
    made = Pair(right=3, down=2)
    assert made == (2, 3)
    assert repr(made) == "Pair(right=3, down=2)"
    assert eval(repr(made)) == made
    for twin in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert twin == made
        assert type(twin) is Pair

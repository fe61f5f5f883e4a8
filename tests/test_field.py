"""Receptive fields by composing windows: published values, and what units really read, followed place by place."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pellucid.errors import ShapeError
from pellucid.field import EXACT, UPPER_BOUND, WHOLE, Field
from pellucid.window import AdaptiveWindow, Window

small = st.integers(1, 3)
pads = st.tuples(st.integers(0, 2), st.integers(0, 2)) | st.just("same")
windows = st.builds(Window, kernel=small, stride=small, dilation=small, padding=pads)
chains = st.lists(windows | st.builds(AdaptiveWindow, st.integers(1, 6)), min_size=1, max_size=4)


def through(chain: list[Window | AdaptiveWindow], size: int) -> tuple[Field, int]:
    """The field after a chain of windows, and how many units there are."""
    field = Field()
    for window in chain:
        field, size = field.through(window, size), window.out(size)
    return field, size


def followed(chain: list[Window | AdaptiveWindow], size: int) -> np.ndarray:
    """Which (unit, input place) pairs meet, by following the places window after window."""
    meets = np.eye(size, dtype=bool)
    for window in chain:
        meets = window.incidence(len(meets)) @ meets
    return meets


def places(field: Field, unit: int) -> range:
    """The whole places in a unit's field."""
    start = field.start + unit * field.jump
    first = -(-start.numerator // start.denominator)
    end = start + field.size
    return range(first, -(-end.numerator // end.denominator))


@given(chain=chains, size=st.integers(1, 24))
def test_fields_hold_what_units_read(chain: list[Window | AdaptiveWindow], size: int) -> None:
    """No unit reads outside its field; away from borders an exact field is read wholly, a bound to both its ends."""
    try:
        field, _ = through(chain, size)
    except ShapeError:
        assume(False)
        raise
    for unit, meets in enumerate(followed(chain, size)):
        read, held = set(np.flatnonzero(meets).tolist()), places(field, unit)
        assert read <= set(held)
        if held.start < 0 or held.stop > size:
            continue
        if field.status == EXACT:
            assert read == set(held)
        elif all(isinstance(window, Window) for window in chain):
            assert {held.start, held.stop - 1} <= read


@st.composite
def branches(draw: st.DrawFn) -> list[list[Window | AdaptiveWindow]]:
    """Two branches with as many units: of the same strides, or of any strides and cut into as many parts."""
    parts = draw(st.none() | st.integers(1, 5))
    strides = draw(st.lists(small, min_size=1, max_size=3))
    both: list[list[Window | AdaptiveWindow]] = []
    for _ in range(2):
        steps = draw(st.lists(small, max_size=3)) if parts else strides
        both.append([Window(draw(small), stride, draw(small), "same") for stride in steps])
        both[-1] += [AdaptiveWindow(parts)] if parts else []
    return both


@given(both=branches(), size=st.integers(1, 16))
def test_joined_fields_hold_both(both: list[list[Window | AdaptiveWindow]], size: int) -> None:
    """Where branches meet, no unit reads outside the joined field, also when the branches drift apart."""
    one, other = both
    (a, units), (b, others) = through(one, size), through(other, size)
    assert units == others
    field = a.join(b, units)
    for unit, meets in enumerate(followed(one, size) | followed(other, size)):
        read, held = set(np.flatnonzero(meets).tolist()), places(field, unit)
        assert read <= set(held)
        if field.status == EXACT and held.start >= 0 and held.stop <= size:
            assert read == set(held)


# Published receptive fields

S = "same"
CONV, POOL = Window(3, padding=(1, 1)), Window(2, 2)
VGG16 = [*[CONV, CONV, POOL] * 2, *[CONV, CONV, CONV, POOL] * 3]
ALEXNET_V2 = [
    Window(11, 4),
    Window(3, 2),
    Window(5, padding=S),
    Window(3, 2),
    *[Window(3, padding=S)] * 3,
    Window(3, 2),
]
MOBILENET = [Window(3, stride, padding=S) for stride in (2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)]
TINY_VGG = [Window(3), Window(3), Window(2, 2), Window(3), Window(3), Window(2, 2)]


@pytest.mark.parametrize(
    ("chain", "size", "fields", "jumps", "paddings"),
    [
        (
            VGG16,
            224,
            [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212],
            [1, 1, 2, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 16, 16, 16, 16, 32],
            [1, 2, 2, 4, 6, 6, 10, 14, 18, 18, 26, 34, 42, 42, 58, 74, 90, 90],
        ),
        (
            ALEXNET_V2,
            224,
            [11, 19, 51, 67, 99, 131, 163, 195],
            [4, 8, 8, 16, 16, 16, 16, 32],
            [0, 0, 16, 16, 32, 48, 64, 64],
        ),
        (
            MOBILENET,
            224,
            [3, 7, 11, 19, 27, 43, 59, 91, 123, 155, 187, 219, 251, 315],
            [2, 2, 4, 4, 8, 8, 16, 16, 16, 16, 16, 16, 32, 32],
            [0, 2, 2, 6, 6, 14, 14, 30, 46, 62, 78, 94, 94, 126],
        ),
        (TINY_VGG, 64, [3, 5, 6, 10, 14, 16], [1, 1, 2, 2, 2, 4], [0] * 6),
        (
            [Window(7, 2, padding=(3, 3)), Window(3, 2, padding=(1, 1)), Window(3, 2, padding=(1, 1))],
            224,
            [7, 11, 19],
            [2, 4, 8],
            [3, 5, 9],
        ),
    ],
    ids=["VGG-16", "AlexNet v2", "MobileNet v1", "CNN Explainer's Tiny VGG", "a first stage"],
)
def test_published_chains(
    chain: list[Window], size: int, fields: list[int], jumps: list[int], paddings: list[int]
) -> None:
    """Fields, strides and effective paddings layer by layer, as google-research's receptive_field publishes them."""
    field, found = Field(), []
    for window in chain:
        field, size = field.through(window, size), window.out(size)
        found.append((field.size, field.jump, -field.start, field.status))
    assert found == [(*of, EXACT) for of in zip(fields, jumps, paddings, strict=True)]


def test_centres() -> None:
    """Unit 2 of Inception-ResNet-v2's last maps (3039 places, 32 apart, padding 1482) has its middle at pixel 101."""
    field = Field(3039, Fraction(32), Fraction(-1482))
    assert [field.center(unit) for unit in (0, 2)] == [37, 101]
    assert Field(2).center() == Fraction(1, 2)


# The test networks of google-research's receptive_field; x is their input.


def fork(x: Field, size: int, padding: str | tuple[int, int] = (1, 0), plain: str = "valid") -> Field:
    """A 1x1 of stride 4 beside a 3x3 of stride 2 and a 1x1 of stride 2, added."""
    left = Window(1, 4, padding=plain)
    right = Window(3, 2, padding=padding)
    last = Window(1, 2, padding=plain)
    middle = right.out(size)
    assert left.out(size) == last.out(middle)
    return x.through(left, size).join(x.through(right, size).through(last, middle), left.out(size))


def test_aligned_branches() -> None:
    """Their network 1, and 6 with a dropout: branches around one middle give a field of 3, stride 4, padding 1."""
    assert fork(Field(), 32) == Field(3, Fraction(4), Fraction(-1), EXACT)


def test_misaligned_branches_are_bounded() -> None:
    """Their network 3 (5x5 of stride 2 beside two 3x3) is an error there, for no one field fits.

    Here the branches drift apart by a place a unit, and the field bounds all units: 8 places, an upper bound.
    """
    left = Field().through(Window(5, 2, padding=(2, 1)), 8)
    right = Field().through(Window(3), 8).through(Window(3), 6)
    assert left.join(right, 4) == right.join(left, 4) == Field(8, Fraction(2), Fraction(-3), UPPER_BOUND)


def test_same_padding_moves_with_parity() -> None:
    """Their network 4: at 9 places padding 1; at 8 they refuse, since the branches' middles differ.

    A field here is a set of places: at 8 it is exactly places 0 to 2, and that is what "exact" promises.
    """
    assert fork(Field(), 9, "same", "same") == Field(3, Fraction(4), Fraction(-1), EXACT)
    assert fork(Field(), 8, "same", "same") == Field(3, Fraction(4), Fraction(0), EXACT)


def test_axes_apart() -> None:
    """Their network 5: kernels 3x5 and 3x1 of stride 2 see 7 rows and 5 columns."""
    rows = Field().through(Window(3, 2), 32).through(Window(3, 2), 15)
    columns = Field().through(Window(5, 2), 32).through(Window(1, 2), 14)
    assert (rows.size, columns.size) == (7, 5)
    assert (rows.jump, columns.jump, rows.start, columns.start) == (4, 4, 0, 0)


def test_two_forks() -> None:
    """Their networks 8 and 9: two forks after one another see 11 places, 8 apart, 5 of them before the border.

    It is a bound: between fields of 3 places, 4 apart, one place is read by nobody.
    """
    x = fork(Field(), 32)
    left, right = x.through(Window(1, 2), 8), x.through(Window(3, 2, padding=(1, 0)), 8)
    assert left.join(right, 4) == Field(11, Fraction(8), Fraction(-5), UPPER_BOUND)
    x = fork(Field(), 17, "same", "same")
    left, right = x.through(Window(1, 2, padding=S), 5), x.through(Window(3, 2, padding=S), 5)
    assert left.join(right, 3) == Field(11, Fraction(8), Fraction(-5), UPPER_BOUND)


# What the status means


@pytest.mark.parametrize(
    ("chain", "size", "status"),
    [
        ([Window(3, dilation=2)], 5, UPPER_BOUND),  # places 1 and 3 are jumped over
        ([Window(2), Window(3, dilation=2)], 6, EXACT),  # each tap holds two neighbours: no gap
        ([Window(1, 2), Window(2)], 3, UPPER_BOUND),  # a stride without overlap leaves gaps for the next layer
        ([Window(2, 2), Window(2)], 4, EXACT),
        ([Window(1, dilation=9)], 1, EXACT),  # one tap has no gap
    ],
)
def test_gaps(chain: list[Window], size: int, status: str) -> None:
    """A field with places that are jumped over is an upper bound, one without is exact."""
    field, _ = through(list(chain), 16)
    assert (field.size, field.status) == (size, status)


def test_adaptive_parts() -> None:
    """Parts that divide the axis are exact; the others, and parts over a strided layer with gaps, are bounds."""
    assert Field().through(AdaptiveWindow(3), 12) == Field(4, Fraction(4), Fraction(0), EXACT)
    assert Field().through(AdaptiveWindow(3), 5) == Field(3, Fraction(5, 3), Fraction(-2, 3), UPPER_BOUND)
    assert Field().through(Window(1, 2), 8).through(AdaptiveWindow(2), 4).status == UPPER_BOUND
    assert Field().through(Window(2, 2), 8).through(AdaptiveWindow(2), 4) == Field(4, Fraction(4), Fraction(0), EXACT)


def test_branches_with_a_hole_between_them() -> None:
    """Two branches that read places apart from each other make a bound; touching ones are exact."""
    one, apart, touching = Field(), Field(start=Fraction(2)), Field(start=Fraction(1))
    assert one.join(apart, 4) == Field(3, status=UPPER_BOUND)
    assert apart.join(one, 4) == Field(3, status=UPPER_BOUND)
    assert one.join(touching, 4) == Field(2, status=EXACT)
    assert one.join(Field(3, status=UPPER_BOUND), 4).status == UPPER_BOUND


def test_whole_input() -> None:
    """Who reads the whole input still does after any window and in any company."""
    whole = Field().whole(28)
    assert whole == Field(28, Fraction(0), Fraction(0), WHOLE)
    assert whole.through(Window(3), 28) == whole
    assert whole.join(Field(), 5) == Field().join(whole, 5) == whole


@given(chain=chains, size=st.integers(1, 24))
def test_places_are_the_field_within_the_axis(chain: list[Window | AdaptiveWindow], size: int) -> None:
    """A unit's places are its field without what lies beyond the axis; a field in padding alone has none."""
    try:
        field, units = through(chain, size)
    except ShapeError:
        assume(False)
        raise
    for unit in range(units):
        assert list(field.places(unit, size)) == [place for place in places(field, unit) if 0 <= place < size]

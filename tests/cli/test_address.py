"""An address names one number of a network; what names none is refused with an address that does."""

from __future__ import annotations

import pytest

from pellucid import Network
from pellucid.cli.address import locate
from pellucid.errors import ParameterError, PellucidError, ShapeError, UnknownNameError
from pellucid.layers import Conv2d, Flatten, Linear


@pytest.fixture
def net() -> Network:
    """A network with maps, a vector, and a name with a space."""
    return Network((1, 30, 20), [Conv2d(6, 3), ("to a vector", Flatten()), Linear(10)])


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("conv1[2,10,12]", ("conv1", (2, 10, 12))),
        ("conv1[0,0,0]", ("conv1", (0, 0, 0))),
        ("conv1[5,27,17]", ("conv1", (5, 27, 17))),
        (" conv1 [ 2 , 10 , 12 ] ", ("conv1", (2, 10, 12))),
        ("linear1[9]", ("linear1", (9,))),
        ("to a vector[3023]", ("to a vector", (3023,))),
        ("input[0,29,19]", ("input", (0, 29, 19))),
    ],
)
def test_it_names_a_number(net, address, place):
    """Layer and place are read, spaces around them left out."""
    assert locate(net, address) == place


WRITE = "write for instance 'conv1[5,27,17]', the last number of conv1"
COUNT = "count from 0: channel, row, column for maps, one number for vectors"
PLACES = "LAYER[CHANNEL,ROW,COLUMN] or LAYER[FEATURE], whole numbers from 0"
LAST = "a place in conv1, whose shape is (6, 28, 18); the last is 'conv1[5,27,17]'"


@pytest.mark.parametrize(
    ("address", "kind", "got", "expected", "fix"),
    [
        ("conv1", ParameterError, "no place in brackets", PLACES, WRITE),
        ("conv1[]", ParameterError, "the place []", PLACES, WRITE),
        ("conv1[1,2,]", ParameterError, "the place [1,2,]", PLACES, WRITE),
        ("conv1[1,-2,3]", ParameterError, "the place [1,-2,3]", PLACES, WRITE),
        ("conv1[1,2.5,3]", ParameterError, "the place [1,2.5,3]", PLACES, WRITE),
        ("conv1[1,2,3", ParameterError, "no place in brackets", PLACES, WRITE),
        ("conv1[1][2]", ParameterError, "no place in brackets", PLACES, WRITE),
        ("conv1[1,2,3]x", ParameterError, "no place in brackets", PLACES, WRITE),
        (f"conv1[{'9' * 5000},0,0]", ParameterError, f"the place [{'9' * 5000},0,0]", PLACES, WRITE),
        ("conv1[²,0,0]", ParameterError, "the place [²,0,0]", PLACES, WRITE),
        ("conv1[1]", ShapeError, "the place [1]", LAST, COUNT),
        ("conv1[1,2,3,4]", ShapeError, "the place [1,2,3,4]", LAST, COUNT),
        ("conv1[6,0,0]", ShapeError, "the place [6,0,0]", LAST, COUNT),
        ("conv1[0,0,18]", ShapeError, "the place [0,0,18]", LAST, COUNT),
        (
            "conv2[0,0,0]",
            UnknownNameError,
            "'conv2'",
            "one of input, conv1, to a vector, linear1",
            "did you mean 'conv1'?",
        ),
        (
            "[0,0,0]",
            UnknownNameError,
            "''",
            "one of input, conv1, to a vector, linear1",
            "use the name of an existing layer",
        ),
    ],
)
def test_what_is_no_address_is_refused(net, address, kind, got, expected, fix):
    """The error says what came, what an address is, and gives one of this very layer."""
    with pytest.raises(PellucidError) as error:
        locate(net, address)
    assert type(error.value) is kind
    assert (error.value.got, error.value.expected, error.value.fix) == (got, expected, fix)

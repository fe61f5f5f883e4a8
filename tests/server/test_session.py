"""What an explorer can be opened on, and what it refuses."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.errors import DataError, PellucidError, ShapeError, UnknownNameError
from pellucid.explorer import session as sessions
from pellucid.explorer.session import Session
from pellucid.layers import Add, Conv2d, Flatten, Linear, Softmax


def network() -> Network:
    """A network for images of 1 x 4 x 4 and two classes."""
    return Network((1, 4, 4), [Flatten(), Linear(2)])


def test_without_images_there_is_noise() -> None:
    """A network without data is shown on an image of noise, the same every time."""
    first, second = (Session(network()).run_sample(0).trace["input"] for _ in range(2))
    assert first.tolist() == second.tolist()
    assert np.ptp(first) > 0.5


def test_one_image_is_one_sample() -> None:
    """An image without the batch's axis is taken as it is."""
    assert Session(network(), images=np.zeros((1, 4, 4))).samples == 1


def test_several_inputs_are_shown_but_not_drawn() -> None:
    """A network of two images has runs, but no sheet to draw on."""
    a, b = Input((1, 2, 2), name="a"), Input((1, 2, 2), name="b")
    session = Session(Network([a, b], Add()(a, b)))
    made = session.run_sample(0)
    assert made.trace["add1"].tolist() == (made.trace["a"] + made.trace["b"]).tolist()
    assert not session.draws
    with pytest.raises(DataError, match="a network that reads one image"):
        session.run_drawing(np.zeros((2, 2), np.float32))


def test_a_softmax_is_not_applied_twice() -> None:
    """Where the network ends in softmax, its outputs are the scores; elsewhere softmax makes them."""
    ended = Session(Network((1, 2, 2), [Flatten(), Linear(3), Softmax()]))
    made = ended.run_sample(0)
    scores = ended.scores(made)
    assert scores is not None
    assert scores.tolist() == made.trace["softmax1"].astype(np.float64).tolist()


@pytest.mark.parametrize("layers", [[Conv2d(2, 3)], [Flatten(), Linear(1)]])
def test_what_decides_between_no_classes_has_no_scores(layers: list) -> None:
    """Maps, and a single number, are no choice between classes."""
    session = Session(Network((1, 4, 4), layers))
    assert session.scores(session.run_sample(0)) is None


def test_large_runs_are_bounded_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few runs there are, only the newest is kept when they are large."""
    session = Session(network(), images=np.zeros((3, 1, 4, 4)))
    monkeypatch.setattr(sessions, "RUN_BYTES", 2 * session.run_sample(0).size)
    for sample in (1, 2):
        session.run_sample(sample)
    assert len(session.runs) == 2
    monkeypatch.setattr(sessions, "RUN_BYTES", 1)
    session.run_sample(0)
    assert len(session.runs) == 1


@pytest.mark.parametrize(
    ("material", "kind", "text"),
    [
        ({"images": np.zeros((2, 1, 5, 4))}, ShapeError, "got       shape (2, 1, 5, 4)"),
        ({"images": np.zeros((0, 1, 4, 4))}, DataError, "got       0 images\n  expected  1 or more"),
        ({"images": np.zeros((2, 1, 4, 4)), "labels": [0]}, DataError, "expected  2 whole numbers, one an image"),
        ({"images": np.zeros((2, 1, 4, 4)), "labels": [0.5, 1]}, DataError, "got       labels of shape (2,), float64"),
        ({"classes": ["a"]}, DataError, "got       1 class names\n  expected  2, one an output of 'linear1'"),
    ],
)
def test_what_does_not_fit_is_refused(material: dict, kind: type[PellucidError], text: str) -> None:
    """Images, labels and names that do not fit the network are refused before anything is served."""
    with pytest.raises(kind, match=re.escape(text)):
        Session(network(), **material)


def test_an_engine_that_is_not_there_is_refused_before_anything_is_served() -> None:
    """A page that could run nothing is never opened."""
    with pytest.raises(UnknownNameError, match="engine 'foo'"):
        Session(network(), engine="foo")

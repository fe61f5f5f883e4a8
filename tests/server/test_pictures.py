"""Pictures as networks read them: what was done to their pixels, and that the page says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.explorer import PIXELS, Session
from pellucid.explorer import facts as told
from pellucid.explorer.pixels import Pixels
from pellucid.layers import Conv2d, GlobalAvgPool2d, Softmax

GREY = np.full((1, 2, 2), 0.5, np.float32)
COLOURS = np.stack([np.full((2, 2), value, np.float32) for value in (0.0, 0.5, 1.0)])


@pytest.mark.parametrize(
    ("name", "grey", "colours"),
    [
        ("unit", 0.5, [0.0, 0.5, 1.0]),
        ("byte", 127.5, [0.0, 127.5, 255.0]),
        ("signed", 0.0, [-1.0, 0.0, 1.0]),
        ("imagenet", 0.22568, [-2.11790, 0.19643, 2.64]),
    ],
)
def test_pixels_become_what_a_network_was_trained_on(name: str, grey: float, colours: list[float]) -> None:
    """Of a grey picture, and of one whose red, green and blue differ; blue may come first."""
    rule = PIXELS[name]
    np.testing.assert_allclose(rule.apply(GREY), np.full((1, 2, 2), grey), atol=1e-4)
    np.testing.assert_allclose(rule.apply(COLOURS)[:, 0, 0], colours, atol=1e-4)
    turned = replace(rule, bgr=True)
    np.testing.assert_allclose(turned.apply(COLOURS)[:, 0, 0], colours[::-1], atol=1e-4)
    np.testing.assert_array_equal(turned.apply(GREY), rule.apply(GREY))
    assert turned.apply(COLOURS).dtype == np.float32


@pytest.mark.parametrize(
    ("rule", "shape", "words"),
    [
        (PIXELS["unit"], (1, 8, 6), "scaled to 8 × 6; grey, from 0 to 1."),
        (PIXELS["byte"], (3, 8, 6), "scaled to 8 × 6; red, green, blue, from 0 to 255."),
        (replace(PIXELS["signed"], bgr=True), (3, 8, 6), "scaled to 8 × 6; blue, green, red, from -1 to 1."),
    ],
)
def test_what_was_done_is_said(rule: Pixels, shape: tuple[int, ...], words: str) -> None:
    """In words that stand below the picture."""
    assert rule.words(shape) == f"The largest part in the middle of the picture, {words}"


def single(classes: int = 3) -> Network:
    """A network that ends in maps of a single place, as SqueezeNet does."""
    image = Input((3, 4, 4))
    scores = GlobalAvgPool2d(keepdims=True)(Conv2d(classes, 1)(image), name="mean")
    return Network(image, Softmax(axis=0)(scores, name="says"))


def test_a_run_says_what_was_done_to_its_picture() -> None:
    """Pictures that came as files, and those that were brought to the page; arrays and drawings are as they are."""
    rule = replace(PIXELS["byte"], bgr=True)
    session = Session(single(), images=rule.apply(np.ones((3, 4, 4), np.float32)), pixels=rule, pictured=True)
    assert told.network(session)["bgr"]
    assert told.run(session, session.run_sample(0))["prepared"] == rule.words((3, 4, 4))
    made = session.run_picture(np.full((5, 5, 4), [255, 0, 0, 255], np.uint8))
    np.testing.assert_array_equal(made.trace["input"][:, 0, 0], [0.0, 0.0, 255.0])
    assert told.run(session, made)["prepared"] == rule.words((3, 4, 4))
    assert told.run(session, session.run_drawing(np.ones((4, 4), np.float32)))["prepared"] == ""
    plain = Session(single(), images=np.ones((3, 4, 4), np.float32))
    assert told.run(plain, plain.run_sample(0))["prepared"] == ""


def test_maps_of_a_single_place_are_scores() -> None:
    """They are told class by class; maps of more places, and a single map, are none."""
    session = Session(single(), classes=["a", "b", "c"])
    made = session.run_sample(0)
    scores = session.scores(made)
    assert scores is not None
    np.testing.assert_allclose(scores, made.trace["says"].ravel())
    assert told.network(session)["classes"] == ["a", "b", "c"]
    lone = Session(single(1))
    assert lone.scores(lone.run_sample(0)) is None
    maps = Session(Network((3, 4, 4), [Conv2d(2, 1)]))
    assert maps.scores(maps.run_sample(0)) is None

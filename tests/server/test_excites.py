"""What excites a channel, as the page is told it: what a search finds, once a layer, within bounds."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from pellucid import Input, Network
from pellucid.engines import get
from pellucid.explain import excitations, facts
from pellucid.explorer import exciting
from pellucid.explorer.answering import Query, answer
from pellucid.explorer.api import doors
from pellucid.explorer.editing import Remove
from pellucid.explorer.exciting import Exciting
from pellucid.explorer.session import Session
from pellucid.layers import Add, Conv2d, Flatten, Linear, ReLU
from pellucid.train import Dataset


def network() -> Network:
    """A small network that decides between three classes."""
    return Network((1, 6, 4), [Conv2d(4, 3, padding=1), ReLU(), Flatten(), Linear(3)], classes=["cat", "dog", "<b>"])


def data() -> tuple[Dataset, Dataset]:
    """Images to learn from, and to test on."""
    random = np.random.default_rng(1)
    names = ("cat", "dog", "<b>")
    return tuple(  # pyright: ignore[reportReturnType]
        Dataset(random.random((count, 1, 6, 4)), np.arange(count) % 3, names) for count in (20, 12)
    )


@pytest.fixture
def session() -> Session:
    """An explorer with training data."""
    return Session(network(), data=data())


def asked(session: Session, **params: str | int) -> tuple[int, dict]:
    """Ask for what excites a channel."""
    status, told = answer(doors(session), "GET", "/api/excites", Query({k: str(v) for k, v in params.items()}))
    return status, json.loads(told.content)


def pixels(picture: str) -> np.ndarray:
    """The numbers of a picture in a data URI."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.split(",")[1]))))


@pytest.mark.parametrize(("over", "part"), [("samples", 1), ("training", 0)])
@pytest.mark.parametrize(("layer", "channel"), [(1, 2), (4, 0), (0, 0)])
def test_what_excites_is_told(session: Session, over: str, part: int, layer: int, channel: int) -> None:
    """The same images, places and values as `explain.excitations`, with their classes and pictures."""
    status, told = asked(session, layer=layer, channel=channel, over=over)
    images = data()[part]
    name = str(session.nodes[layer].name)
    expected = excitations(session.net, images, layers=name)[name].channels[channel]
    assert status == 200
    assert told["groups"] == {"samples": 12, "training": 20}
    assert (told["layer"], told["channel"], told["over"], told["images"]) == (name, channel, over, len(images))
    assert len(told["found"]) == len(expected) == 9
    for found, one in zip(told["found"], expected, strict=True):
        assert {key: found[key] for key in facts.excitation(one)} == facts.excitation(one)
        assert found["class"] == images.classes[images.labels[one.image]]
        assert found["size"] == [6, 4]
        whole, part_ = (pixels(found[key]) for key in ("whole", "part"))
        assert np.array_equal(whole, (images.images[one.image, 0] * 255).round().astype(np.uint8))
        assert np.array_equal(part_, whole[one.rows.start : one.rows.stop, one.columns.start : one.columns.stop])


def test_a_training_image_is_run(session: Session) -> None:
    """The way to an image of the training data: the network is run on just that image."""
    body = json.dumps({"training": 7}).encode()
    status, told = answer(doors(session), "POST", "/api/excites/run", Query({}, "application/json", body))
    made = session.run(json.loads(told.content)["run"])
    assert (status, made.sample) == (200, None)
    assert np.array_equal(made.trace["input"], data()[0].images[7])


def test_a_layer_is_searched_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """All channels of a layer come of one search; another version of the network is searched anew; few are kept."""
    searches: list[str] = []
    whole = exciting.excitations

    def counted(net: Network, images: object, **options: object) -> object:
        searches.append(str(options["layers"]))
        return whole(net, images, **options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(exciting, "excitations", counted)
    monkeypatch.setattr(exciting, "KEPT", 2)
    finder = Exciting(session)
    first = finder.layer("samples", 1)
    assert finder.layer("samples", 1) is first
    finder.layer("training", 1)
    assert searches == ["conv1", "conv1"]
    finder.layer("samples", 4)
    finder.layer("samples", 1)  # forgotten meanwhile
    assert searches == ["conv1", "conv1", "linear1", "conv1"]
    session.studio.edit(Remove("relu1"))
    finder.layer("samples", 1)
    assert len(searches) == 5


def test_large_networks_look_at_fewer_images(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work and memory are bounded: as many of the first images as have room are looked at, one at the least."""
    macs, values = session.summary.macs, session.summary.values
    for name, most, expected in (
        ("MOST_MACS", 5 * macs, 5),
        ("MOST_VALUES", 7 * values + 1, 7),
        ("MOST_IMAGES", 3, 3),
        ("MOST_MACS", 1, 1),
        ("MOST_VALUES", 1, 1),
    ):
        with monkeypatch.context() as bounded:
            bounded.setattr(exciting, name, most)
            searched = Exciting(session).layer("samples", 1)
            assert searched.images == expected
            assert max(one.image for one in searched.layer.channels[0]) < expected


def test_several_inputs_and_no_data() -> None:
    """Without training data there are only samples; of several inputs the one is shown that the layer depends on."""
    a, b = Input((1, 3, 3), name="left"), Input((1, 3, 3), name="right")
    net = Network([a, b], [Add()(a, b), ReLU()(b)])
    images = tuple(np.random.default_rng(0).random((2, 4, 1, 3, 3), np.float32))
    session = Session(net, images=images, engine=get("reference"))
    names = [str(node.name) for node in session.nodes]
    status, told = asked(session, layer=names.index("relu1"), channel=0)
    assert (status, told["groups"], told["images"]) == (200, {"samples": 4}, 4)
    best = told["found"][0]
    whole = pixels(best["whole"])
    assert np.array_equal(whole, (images[1][best["image"], 0] * 255).round().astype(np.uint8))
    assert best["class"] is None


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"layer": 1, "channel": 4}, "channel 4"),
        ({"layer": 9, "channel": 0}, "layer 9"),
        ({"layer": "x", "channel": 0}, "a whole number"),
        ({"layer": 1}, "a whole number"),
        ({"layer": 1, "channel": 0, "over": "test"}, "samples or training"),
    ],
)
def test_what_is_refused(session: Session, params: dict[str, str | int], words: str) -> None:
    """What is not there is refused with what is."""
    status, told = asked(session, **params)
    assert status == 400
    assert words in str(told["error"])


@pytest.mark.parametrize("number", [20, "many", None, -1])
def test_training_images_that_are_not_there(session: Session, number: object) -> None:
    """A number beyond the training data is refused, and so is any where there are none."""
    for one in (session, Session(network())):
        body = json.dumps({"training": number}).encode()
        assert answer(doors(one), "POST", "/api/excites/run", Query({}, "application/json", body))[0] == 400

"""An atlas is one page that shows what was found, can load nothing, and is not broken by any name."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid import Input, Network
from pellucid.atlas import atlas
from pellucid.atlas.choice import MOST, choose
from pellucid.atlas.cutouts import LARGEST, cutout
from pellucid.errors import DataError, ParameterError, PellucidError, ShapeError, UnknownNameError
from pellucid.explain import excitations
from pellucid.layers import Add, Conv2d, Flatten, GlobalAvgPool2d, Linear, MaxPool2d, ReLU

EVIL = "<img src=x onerror=alert(1)>\"'&<script>"
VOID = {"meta", "img", "!doctype"}


class Page(HTMLParser):
    """The page as a parser reads it: its elements, in order, with what stands in them; it checks that all close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be this one."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def network() -> Network:
    """A small network with a branch, whose layers have names that try to be markup."""
    x = Input((3, 9, 9))
    a = Conv2d(4, 3, padding=1)(x, name=EVIL)
    b = MaxPool2d(3)(ReLU()(a))
    return Network(x, Linear(2)(Flatten()(Add()(b, b)), name="scores"), classes=["<b>cat</b>", "dog"], name=EVIL)


@pytest.fixture
def images() -> np.ndarray:
    """Images to look through."""
    return np.random.default_rng(8).random((12, 3, 9, 9), np.float32)


def decoded(source: str | None) -> np.ndarray:
    """The pixels of a data URI."""
    assert source is not None
    head, _, data = source.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data, validate=True))))


def test_the_page_shows_what_was_found(tmp_path: Path, images: np.ndarray) -> None:
    """Every cut-out is the receptive field of its number, in its layer's and channel's place, best first."""
    net = network()
    made = atlas(net, images, tmp_path / "a.html", labels=[0, 1] * 6, channels=3, top=4)
    page = Page(made.path.read_text("utf-8"))
    found = excitations(net, images, layers=[EVIL, "scores"], top=4)
    shown = [one for layer in found.values() for channel in layer.channels[:3] for one in channel]
    pictures = page.of("img")
    assert len(pictures) == len(shown) == (3 + 2) * 4
    for picture, one in zip(pictures, shown, strict=True):
        part = images[one.image][:, one.rows.start : one.rows.stop, one.columns.start : one.columns.stop]
        assert np.array_equal(decoded(picture["src"]), (part * 255).round().astype(np.uint8).transpose(1, 2, 0))
        name = "<b>cat</b>" if one.image % 2 == 0 else "dog"
        assert picture["alt"] is not None
        assert picture["alt"].startswith(f"image {one.image}, class {name}, [{','.join(map(str, one.place))}]: ")
        assert f"{one.value:.6g}" in picture["alt"]
        assert picture["alt"].endswith(f"columns {one.columns.start} to {one.columns.stop - 1}")
        assert f"{one.value:.3g}" in page.words
    assert (made.found["scores"], made.channels) == (found["scores"], 3)


def test_what_is_left_out_is_told(tmp_path: Path, images: np.ndarray) -> None:
    """Layers that are not shown are named, and beside each layer stands how many of its channels are shown."""
    made = atlas(network(), images, tmp_path / "a.html", channels=3)
    words = "".join(Page(made.path.read_text("utf-8")).words)
    assert made.left_out == ("relu1", "pool1", "add1", "flatten1")
    assert "Not shown are the layers relu1, pool1, add1, flatten1." in words
    assert words.count("3 of 4 channels") == 2  # in the index and at the layer
    assert words.count("2 channels") == 2
    made = atlas(network(), images, tmp_path / "a.html", layers=list(network().layers), top=1)
    words = "".join(Page(made.path.read_text("utf-8")).words)
    assert "Not shown" not in words
    assert "For each channel the image of images (12 in all)" in words


def test_nothing_is_loaded_and_nothing_runs(tmp_path: Path, images: np.ndarray) -> None:
    """No script, no handler, no address but places in the page; the policy allows pictures inside and one style."""
    path = tmp_path / "a.html"
    text = atlas(network(), images, path, labels=[0, 1] * 6).path.read_text("utf-8")
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= {
        "html", "head", "meta", "title", "style", "body", "a", "header", "h1", "h2", "h3", "small", "p", "nav", "ol",
        "li", "main", "section", "div", "article", "span", "img",
    }  # fmt: skip
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        assert (attributes.get("href") or "#").startswith("#")
        assert (attributes.get("src") or "data:image/png;base64,").startswith("data:image/png;base64,")
    (policy,) = [each["content"] for each in page.of("meta") if "http-equiv" in each]
    style = re.search(r"<style>(.*)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert EVIL in "".join(page.words)
    assert str(tmp_path) not in text
    assert not re.search(r"https?://", text)


def test_links_lead_somewhere(tmp_path: Path, images: np.ndarray) -> None:
    """Every link's target is on the page, and no two elements have the same name."""
    page = Page(atlas(network(), images, tmp_path / "a.html").path.read_text("utf-8"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(link["href"] or "")[1:] for link in page.of("a")}
    assert targets <= set(ids)
    assert {f"layer-{number}" for number in range(2)} | {"index", "layers"} <= targets


def test_the_same_bytes_every_time(tmp_path: Path, images: np.ndarray) -> None:
    """Nothing in the page depends on when or where it was made."""
    (tmp_path / "other").mkdir()
    first = atlas(network(), images, tmp_path / "a.html").path.read_bytes()
    assert atlas(network(), images, tmp_path / "other" / "b.htm").path.read_bytes() == first


def test_channels_that_nothing_excites(tmp_path: Path) -> None:
    """Where values never exceed 0 the page says so, and where all are NaN, and where only padding was read."""
    net = Network((1, 3, 3), [Conv2d(2, 1, padding=1, bias=False)])
    net.weights["conv1.weight"] = np.array([1.0, np.nan]).reshape(2, 1, 1, 1)
    page = Page(atlas(net, -np.ones((1, 1, 3, 3)), tmp_path / "a.html").path.read_text("utf-8"))
    assert {"never above 0", "nothing but NaN", "padding"} <= set(page.words)
    assert page.of("img") == []


def test_layers_of_other_kinds(tmp_path: Path) -> None:
    """Inputs, several inputs and layers without weights can be shown; without multiply-adds, all layers are."""
    a, b = Input((1, 4, 4), name="left"), Input((1, 4, 4), name="right")
    net = Network([a, b], [Add()(a, b), GlobalAvgPool2d()(b)])
    arrays = tuple(np.random.default_rng(0).random((2, 5, 1, 4, 4), np.float32))
    made = atlas(net, arrays, tmp_path / "a.html")
    assert list(made.found) == list(net.layers)
    made = atlas(net, arrays, tmp_path / "a.html", layers=["right", "add1", "right"], top=1)
    assert list(made.found) == ["right", "add1"]
    source, sum_ = Page(made.path.read_text("utf-8")).of("img")
    right = int(arrays[1].reshape(5, -1).max(axis=1).argmax())
    assert decoded(source["src"]).tolist() == [[round(float(arrays[1][right].max()) * 255)]]
    both = arrays[0] + arrays[1]
    best = np.unravel_index(both.argmax(), both.shape)
    assert decoded(sum_["src"]).tolist() == [[round(float(arrays[0][best]) * 255)]]


@pytest.mark.parametrize(
    ("image", "levels"),
    [
        ([[[0.0, 0.5], [1.0, 0.25]]], [[0, 128], [255, 64]]),
        ([[[-1.0, 1.0], [0.0, 3.0]]], [[0, 128], [64, 255]]),
        ([[[5.0, 5.0], [5.0, 5.0]]], [[0, 0], [0, 0]]),
        ([[[np.nan, 2.0], [np.inf, -np.inf]]], [[0, 0], [255, 0]]),
        ([[[np.nan, np.nan], [np.nan, np.nan]]], [[0, 0], [0, 0]]),
        ([[[0.0, 1.0], [0.0, 1.0]], [[1.0, 1.0], [0.0, 0.0]]], [[128, 255], [0, 128]]),
    ],
)  # fmt: skip
def test_numbers_become_levels(image: list[Any], levels: list[list[int]]) -> None:
    """From 0 to 1 as they are, other ranges from end to end, NaN dark; of two channels the mean."""
    assert decoded(cutout(np.array(image, np.float32), range(2), range(2))).tolist() == levels


def test_cut_outs_are_small() -> None:
    """A part larger than 64 pixels is scaled down, its aspect kept; one without places is no picture."""
    image = np.random.default_rng(0).random((1, 200, 100), np.float32)
    assert decoded(cutout(image, range(200), range(100))).shape == (LARGEST, LARGEST // 2)
    assert decoded(cutout(image, range(200), range(1))).shape == (LARGEST, 1)
    assert cutout(image, range(0), range(3)) is None
    assert decoded(cutout(np.array([0.0, 1.0], np.float32), range(1), range(2))).tolist() == [[0, 255]]


def test_as_many_channels_as_have_room() -> None:
    """If nothing is said, a deep network shows fewer channels of each layer, so that the page can be used."""
    deep = Network((1, 6, 6), [Conv2d(20, 1) for _ in range(60)])
    choice = choose(deep, None, None, 9)
    assert (choice.channels, len(choice.layers)) == (MOST // (60 * 9), 60)
    assert choose(network(), None, None, 9).channels == 16


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"top": 0}, ParameterError, "top 0"),
        ({"channels": 0}, ParameterError, "channels 0"),
        ({"layers": ["scorse"]}, UnknownNameError, "did you mean 'scores'?"),
        ({"layers": []}, ParameterError, "no layers"),
        ({"top": 5000}, ParameterError, "10,000 pictures, of 2 layers"),
        ({"images": np.zeros((2, 3, 8, 8))}, ShapeError, "shape (2, 3, 8, 8)"),
        ({"images": np.zeros((0, 3, 9, 9))}, DataError, "0 images"),
        ({"labels": [0, 1]}, DataError, "labels of shape (2,), dtype int64"),
        ({"labels": [0.5] * 12}, DataError, "dtype float64"),
        ({"labels": [2] * 12}, DataError, "label 2"),
        ({"labels": [-1] * 12}, DataError, "label -1"),
        ({"path": "a.pdf"}, ParameterError, "name it 'a.html'"),
        ({"path": "a"}, ParameterError, "no suffix"),
        ({"path": "missing/a.html"}, ParameterError, "no folder"),
        ({"path": "folder.html"}, ParameterError, "a folder"),
        ({"engine": "abacus"}, UnknownNameError, "engine 'abacus'"),
    ],
)  # fmt: skip
def test_what_is_refused(
    tmp_path: Path, images: np.ndarray, options: dict[str, Any], kind: type[PellucidError], words: str
) -> None:
    """Impossible values say what came and what would do, and nothing is written."""
    (tmp_path / "folder.html").mkdir()
    path = tmp_path / options.pop("path", "a.html")
    with pytest.raises(kind) as error:
        atlas(network(), options.pop("images", images), path, **options)
    assert words in str(error.value)
    assert [each.name for each in tmp_path.iterdir()] == ["folder.html"]


def test_labels_without_names(tmp_path: Path) -> None:
    """Without names the classes are numbers; names may be given."""
    net = Network((1, 2, 2), [Conv2d(1, 1)])
    images = np.zeros((3, 1, 2, 2))

    def told(names: Sequence[str] | None) -> list[str]:
        page = Page(atlas(net, images, tmp_path / "a.html", labels=[2, 0, 1], classes=names).path.read_text("utf-8"))
        return [word for word in page.words if re.fullmatch(r".* #\d", word)]

    assert told(None) == ["2 #0", "0 #1", "1 #2"]
    assert told(["a", "b", "c"]) == ["c #0", "a #1", "b #2"]
    with pytest.raises(DataError, match="0 or more"):
        atlas(net, images, tmp_path / "a.html", labels=[-1, 0, 0])

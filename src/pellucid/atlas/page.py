"""The page of an atlas: one file, without scripts, that a browser may show but that can load nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..explain import Excitation, LayerExcitations, LayerSummary
from .cutouts import cutout
from .markup import Markup, element, image


@dataclass(frozen=True)
class Leaf:
    """One layer as it is shown.

    Args:
        found: what excites its channels.
        facts: the layer's facts, or None for an input.
        channels: how many of its channels are shown.
    """

    found: LayerExcitations
    facts: LayerSummary | None
    channels: int


@dataclass(frozen=True)
class Pictured:
    """The images that are cut, and what is known of them.

    Args:
        arrays: an array (N, ...) an input, by the input's name.
        captions: each image's class, in words; or None.
    """

    arrays: dict[str, NDArray[np.float32]]
    captions: Sequence[str] | None


def pieces(title: str, about: Sequence[str], leaves: Sequence[Leaf], pictured: Pictured) -> Iterator[bytes]:
    """Give the page piece by piece: its head, then layer after layer.

    Args:
        title: what it is an atlas of.
        about: paragraphs that say what is shown, and what is not.
        leaves: the layers.
        pictured: the images.
    """
    style = (Path(__file__).parent / "atlas.css").read_text("utf-8")
    policy = f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; base-uri 'none'; form-action 'none'"
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"{element('title', f'Atlas of {title}')}\n<style>{style}</style>\n</head>\n<body>\n"
    ).encode()
    yield _said(
        element("a", "Skip to the layers", href="#layers", class_="skip"),
        element(
            "header",
            element("h1", element("small", "Atlas of "), title),
            *(element("p", paragraph) for paragraph in about),
        ),
        element("nav", element("h2", "Layers"), element("ol", *map(_entry, range(len(leaves)), leaves)), id="index",
                aria_label="Layers"),
    )  # fmt: skip
    yield b'<main id="layers">\n'
    for number, leaf in enumerate(leaves):
        yield from _layer(number, leaf, pictured)
    yield b"</main>\n</body>\n</html>\n"


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _said(*elements: Markup) -> bytes:
    return ("\n".join(elements) + "\n").encode()


def _entry(number: int, leaf: Leaf) -> Markup:
    count = element("small", f" {_of(leaf.channels, len(leaf.found.channels), 'channel')}")
    return element("li", element("a", leaf.found.layer, href=f"#layer-{number}"), count)


def _of(shown: int, all_: int, what: str) -> str:
    """Return how many there are in words: "1 channel", "16 of 64 channels".

    >>> _of(2, 2, "channel"), _of(1, 3, "channel")
    ('2 channels', '1 of 3 channels')
    """
    several = what if all_ == 1 else f"{what}s"
    return f"{all_} {several}" if shown == all_ else f"{shown} of {all_} {several}"


def _layer(number: int, leaf: Leaf, pictured: Pictured) -> Iterator[bytes]:
    found = leaf.found
    facts = [" x ".join(map(str, found.shape)), _of(leaf.channels, len(found.channels), "channel")]
    if leaf.facts is not None:
        height, width = leaf.facts.receptive_field
        reach = {"upper bound": "at most ", "exact": "", "whole input": ""}[leaf.facts.status]
        facts = [leaf.facts.description, *facts, f"receptive field {reach}{height} x {width}"]
    yield f'<section id="layer-{number}" aria-labelledby="name-{number}">\n'.encode()
    yield _said(
        element("h2", found.layer, id=f"name-{number}"),
        element("p", " · ".join(facts), class_="facts"),
        element("a", "All layers", href="#index", class_="up", aria_label=f"From {found.layer} back to all layers"),
    )
    yield b'<div class="channels">\n'
    for channel in range(leaf.channels):
        best = found.channels[channel]
        yield _said(
            element(
                "article",
                element("h3", element("a", f"channel {channel}", href=f"#layer-{number}-{channel}")),
                element("ol", *(_shown(one, found, pictured) for one in best)) if best else _nothing(),
                *([element("p", "never above 0", class_="note")] if best and best[0].value <= 0 else []),
                id=f"layer-{number}-{channel}",
            )
        )
    yield b"</div>\n</section>\n"


def _nothing() -> Markup:
    return element("p", "nothing but NaN", class_="note")


def _shown(one: Excitation, found: LayerExcitations, pictured: Pictured) -> Markup:
    """Return one cut-out with its value; the words hold all that is known of it."""
    caption = None if pictured.captions is None else pictured.captions[one.image]
    value = f"{one.value:.3g}"
    words = f"image {one.image}" + ("" if caption is None else f", class {caption}")
    words += f", {_place(one.place)}: {one.value:.6g}"
    if one.rows and one.columns:
        words += f"; rows {_range(one.rows)}, columns {_range(one.columns)}"
    source = cutout(pictured.arrays[found.source][one.image], one.rows, one.columns)
    picture = element("span", "padding", class_="padding", title=words) if source is None else image(source, words)
    return element("li", picture, element("span", value, class_="value"), element("small", _called(one.image, caption)))


def _called(number: int, caption: str | None) -> str:
    return f"#{number}" if caption is None else f"{caption} #{number}"


def _place(place: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, place))}]"


def _range(places: range) -> str:
    return str(places.start) if len(places) == 1 else f"{places.start} to {places.stop - 1}"

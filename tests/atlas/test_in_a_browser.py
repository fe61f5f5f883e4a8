"""An atlas opened as a file in a real browser: it shows all, asks for nothing, and can be read everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pellucid.atlas import atlas
from pellucid.train import data
from pellucid.train.digits import digits_network

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas of the digits network, untrained."""
    _, test = data.load("digits")
    path = tmp_path_factory.mktemp("atlas") / "atlas.html"
    atlas(digits_network(), test.images, path, labels=test.labels, classes=test.classes, channels=6)
    return path


def opened(page: Page, path: Path) -> list[str]:
    """Open it; gives the list to which complaints and requests are added."""
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith("data:") else None)
    page.goto(path.as_uri())
    assert wrong.pop(0) == path.as_uri()  # the page itself
    return wrong


def test_all_pictures_are_seen(page: Page, written: Path) -> None:
    """Every cut-out is decoded, under the page's own policy, without a request or a complaint."""
    wrong = opened(page, written)
    page.evaluate("Promise.all([...document.images].map(image => { image.loading = 'eager'; return image.decode(); }))")
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    assert page.locator("img").count() == (6 + 6 + 6) * 9
    assert page.evaluate("getComputedStyle(document.querySelector('article img')).imageRendering") == "pixelated"
    assert wrong == []


def test_keys_lead_through_the_page(page: Page, written: Path) -> None:
    """Tab comes to the link past the index first, then to the layers, and Enter goes there."""
    opened(page, written)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the layers"
    box = page.locator(".skip").bounding_box()
    assert box is not None
    assert box["x"] >= 0  # seen, once it is reached
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "conv2"
    page.keyboard.press("Enter")
    assert page.url.endswith("#layer-1")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "From conv2 back to all layers"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_the_night(browser: Browser, written: Path, scheme: str) -> None:
    """At 360 pixels nothing is wider than the page; colours follow the system, and can be told apart."""
    context = browser.new_context(viewport={"width": 360, "height": 700}, color_scheme=scheme)  # pyright: ignore[reportArgumentType]
    page = context.new_page()
    opened(page, written)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(246, 244, 239)", "dark": "rgb(14, 16, 21)"}[scheme]
    context.close()

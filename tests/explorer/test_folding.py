"""Deep networks: stages that repeat are folded, and unfolded on demand, by mouse, keys and address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pellucid import zoo
from pellucid.explain import stages
from pellucid.explorer.server import serving
from pellucid.explorer.session import Session

from .conftest import Explorer, watched
from .looking import focused, place, until, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDED = ["input", "conv1 to relu", "layer1", "layer2", "layer3", "avgpool", "linear"]


@pytest.fixture(scope="module")
def deep() -> Iterator[Explorer]:
    """An explorer on a ResNet for small pictures: 74 layers, three stages of three blocks."""
    session = Session(zoo.resnet20())
    with serving(session) as address:
        yield Explorer(session, address)


@pytest.fixture
def page(browser: Browser, deep: Explorer) -> Iterator[Page]:
    """A fresh page for it."""
    with watched(browser, deep) as page:
        yield page


def names(page: Page) -> list[str]:
    """What the columns are called, from left to right in the order of the page."""
    return page.locator("#columns .card .head .name").all_inner_texts()


def bars(page: Page) -> list[str]:
    """What the bars over unfolded stages are called."""
    return page.locator("#columns .band .name").all_inner_texts()


def test_a_deep_network_is_seen_at_once(deep: Explorer, page: Page) -> None:
    """Its stages stand as one column each, with what they hold, cost and give."""
    deep.open(page)
    assert names(page) == FOLDED
    stage = page.locator("#columns .card").nth(2)
    summary = {layer.name: layer for layer in deep.session.summary.layers}
    inside = [summary[name] for name in stages(deep.session.net)[1].layers]
    text = stage.inner_text().replace("\u2009", "")
    assert f"3 alike · {len(inside)} layers" in text
    assert "16 × 32 × 32" in text
    assert str(sum(layer.macs for layer in inside)) in text
    assert str(sum(layer.params for layer in inside)) in text
    assert page.locator("#columns [aria-expanded=false]").count() == 4


def test_a_stage_is_unfolded_part_by_part_and_folded_again(deep: Explorer, page: Page) -> None:
    """First into its parts, then a part into its layers; the address holds it, and the browser's way back undoes it."""
    deep.open(page)
    page.get_by_role("button", name="layer2", expanded=False).click()
    parts = ["layer2.0", "layer2.1", "layer2.2"]
    until(page, "location.hash.includes('unfolded')")
    assert names(page) == [*FOLDED[:3], *parts, *FOLDED[4:]]
    assert bars(page) == ["layer2"]
    page.get_by_role("button", name="layer2.1", expanded=False).click()
    layers = [name for name in deep.session.net.layers if name.startswith("layer2.1.")]
    assert names(page) == [*FOLDED[:3], parts[0], *layers, parts[2], *FOLDED[4:]]
    assert bars(page) == ["layer2", "layer2.1"]
    there = place(page)
    with_link = page.evaluate("location.hash")
    page.reload()
    page.locator("body[data-ready]").wait_for()
    assert (place(page), page.evaluate("location.hash"), bars(page)) == (there, with_link, ["layer2", "layer2.1"])
    page.go_back()
    until(page, "document.querySelectorAll('#columns .band').length === 1")
    page.locator("#columns .band .fold").click()
    assert names(page) == FOLDED
    assert "unfolded" not in place(page)


def test_keys_alone_fold_and_unfold(deep: Explorer, page: Page) -> None:
    """Enter on a stage unfolds it, and the focus is on what folds it again; arrows lead from there to its columns."""
    deep.open(page)
    page.locator("#columns .head").first.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert focused(page).startswith("layer1")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert focused(page).startswith("layer1")
    until(page, "document.getElementById('live').textContent === 'layer1 unfolded'")
    page.keyboard.press("ArrowDown")
    assert focused(page).startswith("layer1.0")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert names(page) == FOLDED
    assert focused(page).startswith("layer1")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"


def test_whoever_goes_to_a_layer_sees_it(deep: Explorer, page: Page) -> None:
    """A link to a number in a folded stage unfolds it, and so does following a number back into one."""
    deep.open(page, "#sample=0&number=layer2.1.conv1[0,1,2]")
    wait_for(page, "layer2.1.conv1[0,1,2]")
    assert bars(page) == ["layer2", "layer2.1"]
    assert page.locator("#columns .card.selected .name").inner_text() == "layer2.1.conv1"
    deep.go(page, "#sample=0&number=layer3.0.conv1[0,1,2]")
    wait_for(page, "layer3.0.conv1[0,1,2]")
    assert bars(page) == ["layer3", "layer3.0"]
    page.locator("#parts [data-go]").first.click()
    until(page, "document.querySelector('.card.selected .name').textContent === 'layer2'")  # its values, folded
    assert bars(page) == ["layer3", "layer3.0"]


def test_folding_away_what_is_open_leaves_it(deep: Explorer, page: Page) -> None:
    """There is nothing to see of it any more."""
    deep.open(page, "#sample=0&layer=layer2.1.conv1[0,1,2]")
    wait_for(page, "layer2.1.conv1[0,1,2]")
    page.locator("#columns .band[data-level='0'] .fold").click()
    until(page, "document.body.dataset.depth === 'overview'")
    assert names(page) == FOLDED


def test_a_folded_stages_maps_are_its_last_layers(deep: Explorer, page: Page) -> None:
    """One that is opened is that layer's, and the stage stays folded."""
    deep.open(page)
    page.locator("#columns .card").nth(3).locator(".map").nth(1).click()
    until(page, "document.body.dataset.depth === 'layer'")
    assert "layer=layer2.2.relu2[1," in place(page)
    assert names(page) == FOLDED


def test_all_is_shown_where_all_is_unfolded(deep: Explorer, page: Page) -> None:
    """Every layer has its column, and every connection its line; branches lie below one another."""
    deep.open(page, "#unfolded=all")
    net = deep.session.net
    assert names(page) == [str(node.name) for node in (*net.inputs, *net.nodes)]
    lines = sum(len(set(node.inputs)) for node in net.nodes)
    until(page, "lines => document.querySelectorAll('.streams path').length === lines", lines)


def test_groups_that_are_not_there_are_passed_over(deep: Explorer, page: Page) -> None:
    """A link from another network folds and unfolds nothing here."""
    for hash_ in ("#unfolded=999", "#unfolded=", "#unfolded=..1e3", "#unfolded=x"):
        deep.open(page, hash_)
        assert names(page) == FOLDED

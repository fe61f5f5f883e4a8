"""Columns compared: by parameters, by multiply-adds, by measured time, and by the user's own numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pellucid import zoo
from pellucid.explain import stages
from pellucid.explorer.server import serving
from pellucid.explorer.session import Session

from .conftest import Explorer, watched
from .looking import place, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NUMBERS = {"conv1": 3.2, "layer1.0.conv1": -7.5, "layer1.0.conv2": 2.0, "linear": 0.25}


@pytest.fixture(scope="module")
def deep() -> Iterator[Explorer]:
    """An explorer on a ResNet for small pictures, with numbers of a user's own."""
    session = Session(zoo.resnet20(), numbers=NUMBERS)
    with serving(session) as address:
        yield Explorer(session, address)


@pytest.fixture
def page(browser: Browser, deep: Explorer) -> Iterator[Page]:
    """A fresh page for it."""
    with watched(browser, deep) as page:
        yield page


def meters(page: Page) -> dict[str, str]:
    """The number of each column that has one."""
    cards = page.locator("#columns .card:has(.meter:visible)")
    texts = cards.evaluate_all(
        "all => all.map((card) => [card.querySelector('.name').textContent, card.querySelector('.meter').textContent])"
    )
    return {name: number.replace("\u2009", "").replace("−", "-") for name, number in texts}


def legend(page: Page) -> str:
    """What the numbers are."""
    return page.locator("#measure-legend").inner_text().replace("\u2009", "").replace("−", "-")


def choose(page: Page, title: str) -> None:
    """Compare the columns by something."""
    page.get_by_role("radio", name=title).check(force=True)


def test_columns_are_compared_by_what_they_cost(deep: Explorer, page: Page) -> None:
    """A folded stage by all of its layers; the legend says what it is, where it ends, and how much there is in all."""
    deep.open(page)
    assert meters(page) == {}
    choose(page, "multiply-adds")
    summary = deep.session.summary
    first = next(stage for stage in stages(deep.session.net) if stage.title == "layer1")
    found = meters(page)
    assert found["layer1"] == str(sum(summary[name].macs for name in first.layers))
    assert found["linear"] == str(summary["linear"].macs)
    assert f"{summary.macs} in all: multiply-adds an image" in legend(page)
    assert max(found.values(), key=int) in legend(page)
    assert "by=macs" in place(page)
    choose(page, "parameters")
    assert meters(page)["layer1"] == str(sum(summary[name].params for name in first.layers))
    choose(page, "values")
    assert meters(page) == {}
    assert "by=" not in place(page)


def test_a_link_compares_columns_too_and_unfolding_goes_on_with_it(deep: Explorer, page: Page) -> None:
    """The address is enough; every layer that is shown then has its own number."""
    deep.open(page, "#by=parameters&unfolded=1.2")
    summary = deep.session.summary
    found = meters(page)
    for name in ("layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu1"):
        assert found[name] == str(summary[name].params)
    assert page.get_by_role("radio", name="parameters").is_checked()
    page.get_by_role("button", name="layer2", expanded=False).click()
    assert "layer2.0" in meters(page)


def test_columns_are_compared_by_measured_time(deep: Explorer, page: Page) -> None:
    """It is measured when it is asked for, and the page says how."""
    deep.open(page)
    choose(page, "time")
    page.locator("#columns .meter:visible").first.wait_for()
    found = meters(page)
    assert set(found) == {"conv1 to relu", "layer1", "layer2", "layer3", "avgpool", "linear"}
    assert all(number.endswith(" ms") for number in found.values())
    assert "Each layer alone, engine" in legend(page)


def test_columns_are_compared_by_the_users_numbers(deep: Explorer, page: Page) -> None:
    """Layers without one have none; a folded stage shows the largest of its own; below zero is another colour."""
    deep.open(page, "#by=yours")
    assert meters(page) == {"conv1 to relu": "3.200", "layer1": "-7.500", "linear": "0.250"}
    assert "your numbers" in legend(page)
    grounds = page.locator("#columns .meter:visible").evaluate_all(
        "all => all.map((meter) => getComputedStyle(meter).backgroundColor)"
    )
    assert len(set(grounds)) == 3


@pytest.mark.parametrize(
    ("name", "text"), [("mine.csv", "layer,error\nconv1,5\nlayer2.1.conv1,1.5\n"), ("mine.json", '{"conv1": 5}')]
)
def test_a_file_of_numbers_is_read_in_the_page(
    deep: Explorer, page: Page, tmp_path: Path, name: str, text: str
) -> None:
    """It may be chosen, or dropped on the columns, and never leaves the page."""
    deep.open(page)
    path = tmp_path / name
    path.write_text(text)
    page.locator("#view input[type=file]").set_input_files(path)
    until(page, "document.querySelectorAll('#columns .meter:not([hidden])').length > 0")
    assert meters(page)["conv1 to relu"] == "5.000"
    page.reload()
    page.locator("body[data-ready]").wait_for()
    assert meters(page)["conv1 to relu"] == "3.200"
    page.evaluate(
        """([name, text]) => {
          const carried = new DataTransfer();
          carried.items.add(new File([text], name));
          document.querySelector('#columns').dispatchEvent(
            new DragEvent('drop', {dataTransfer: carried, bubbles: true, cancelable: true}));
        }""",
        [name, text],
    )
    until(page, "document.querySelector('#columns .meter:not([hidden])').textContent === '5.000'")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"nobody": 1}', "There is no layer “nobody” in this network."),
        ('{"conv1": "x"}', "“conv1” has no finite number."),
        ("{", "This file is no JSON object of numbers, and no CSV."),
        ("conv1,1\nlinear,x\n", "Line 2 is no name, comma and number."),
        ("", "There are no numbers in this file."),
        ('{"__proto__": 1}', "There is no layer “__proto__” in this network."),
    ],
)
def test_a_file_without_numbers_changes_nothing(
    deep: Explorer, page: Page, tmp_path: Path, text: str, said: str
) -> None:
    """The page says what is wrong with it."""
    deep.open(page)
    path = tmp_path / "numbers.csv"
    path.write_text(text)
    page.locator("#view input[type=file]").set_input_files(path)
    page.locator("#complaint:visible").wait_for()
    assert page.locator("#complaint").inner_text() == said
    assert meters(page) == {}

"""Panels are opened and closed by mouse, keyboard and address, and say what Python says."""

from __future__ import annotations

from playwright.sync_api import Page

from pellucid.explain import summarize

from .conftest import Explorer


def test_a_panel_is_opened_by_its_button_and_closed_by_escape(digits: Explorer, digits_page: Page) -> None:
    """The button says whether it is open, the address holds it, Escape closes it and gives the focus back."""
    digits.open(digits_page)
    button = digits_page.locator("#tools [data-panel=table]")
    button.focus()
    digits_page.keyboard.press("Enter")
    digits_page.locator("#panel-table").wait_for()
    assert button.get_attribute("aria-expanded") == "true"
    assert "panel=table" in digits_page.url
    digits_page.keyboard.press("Escape")
    digits_page.locator("#panel-table").wait_for(state="hidden")
    assert button.get_attribute("aria-expanded") == "false"
    assert "panel=" not in digits_page.url
    assert digits_page.evaluate("document.activeElement.dataset.panel") == "table"


def test_a_link_opens_a_panel(digits: Explorer, digits_page: Page) -> None:
    """An address with a panel shows it; a panel that is not there is passed over."""
    digits.open(digits_page, "#sample=0&panel=table")
    digits_page.locator("#panel-table table").wait_for()
    digits.open(digits_page, "#sample=0&panel=nothing")
    assert digits_page.locator("#panels section:visible").count() == 0


def test_the_table_says_what_the_summary_says(digits: Explorer, digits_page: Page) -> None:
    """A line for each layer with its parameters and multiply-adds; a name opens the layer."""
    digits.open(digits_page, "#sample=0&panel=table")
    digits_page.locator("#panel-table table").wait_for()
    said = digits_page.eval_on_selector_all(
        "#panel-table tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    summary = summarize(digits.session.net)
    assert [line[0] for line in said] == ["input", *(layer.name for layer in summary.layers)]
    numbers = [[int(text.replace("\u2009", "") or 0) for text in line[4:6]] for line in said[1:]]
    assert numbers == [[layer.params, layer.macs] for layer in summary.layers]
    digits_page.locator("#panel-table tbody button", has_text="pool1").click()
    digits_page.locator("#layer-title", has_text="pool1").wait_for()

"""The network changed, trained and undone in the page: by mouse, by keyboard, and with pictures of one's own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.explorer.server import serving
from pellucid.explorer.session import Session
from pellucid.images import read_image
from pellucid.train import data
from pellucid.train.digits import digits_network, train_digits

from .conftest import Explorer, watched
from .every_kind import every_kind, photos
from .looking import until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def trained() -> tuple[Session, ...]:
    """The digits network, trained, with its data: made once."""
    net, _, train, test = train_digits()
    return (Session(net, data=(train, test), drawing=data.digits_drawing),)


@pytest.fixture
def alive(trained: tuple[Session, ...]) -> Iterator[Explorer]:
    """An explorer on the trained digits network, that a test may change as it likes."""
    first = trained[0]
    session = Session(first.net, data=first.studio.data, drawing=data.digits_drawing)
    with serving(session) as address:
        yield Explorer(session, address)


@pytest.fixture
def page(browser: Browser, alive: Explorer) -> Iterator[Page]:
    """A fresh page; what the browser says of refused requests is no complaint."""
    with watched(browser, alive, True) as page:
        yield page


def said(page: Page) -> str:
    """What the change panel says was done."""
    return page.locator("#panel-change .said").inner_text()


def columns(page: Page) -> list[str]:
    """The names of the columns."""
    return page.locator("#columns .card .name").evaluate_all("all => all.map((one) => one.textContent)")


def parameter(page: Page, name: str) -> str:
    """The selector of a parameter's row."""
    return f"[data-parameter={name}]"


def test_a_parameter_changes_the_network_at_once(alive: Explorer, page: Page) -> None:
    """A new kernel size is seen in shapes, costs and maps; the place stays, and new weights are named."""
    alive.open(page, "#layer=conv1[3,7,7]&panel=change")
    page.locator(parameter(page, "kernel_size")).locator("input").first.fill("5")
    page.locator("#panel-change .said", has_text="kernel_size to 5").wait_for()
    assert said(page) == "change conv1's kernel_size to 5; new weights, not trained yet: conv1.weight, linear1.weight"
    head = page.locator("#columns .card").nth(1)
    assert "16 × 6 × 6" in head.inner_text()
    assert "(8 + 2·1 − 5)/1 + 1 = 6" in page.locator("#layer-facts").inner_text().replace("\u2009", " ")
    assert page.locator("#layer-title code").inner_text() == "Conv2d(16, 5, padding=1)"
    assert "conv1[3,5,5]" in page.evaluate("decodeURIComponent(location.hash)")
    until(page, "document.querySelector('#columns .card:nth-child(2) canvas').width === 6")
    assert alive.session.net.layers["conv1"].config()["kernel_size"] == (5, 5)


def test_an_impossible_value_says_why_and_what_fits(alive: Explorer, page: Page) -> None:
    """A value that cannot be stays in its field, marked, with the reason in words; nothing else changes."""
    alive.open(page, "#panel=change")
    row = page.locator(parameter(page, "kernel_size"))
    box = row.locator("input").first
    box.focus()
    page.locator(".note", has_text="fits here: 1 to 7").wait_for()
    box.fill("12")
    page.locator(".parameter.wrong").wait_for()
    words = row.locator(".note").inner_text()
    assert "kernel 12 spans 12; 8 places + padding 1 + 1 = 10" in words
    assert "kernel_size 1 to 7, for which the whole network can be built" in words
    assert box.get_attribute("aria-invalid") == "true"
    assert box.get_attribute("aria-describedby") == row.locator(".note").get_attribute("id")
    assert alive.session.version.number == 1
    box.fill("7")
    page.locator("#panel-change .said", has_text="kernel_size to 7").wait_for()
    assert page.locator(".parameter.wrong").count() == 0


def test_layers_come_and_go(alive: Explorer, page: Page) -> None:
    """A layer is added, becomes another kind, and is removed; the columns follow, and undo brings all of it back."""
    alive.open(page, "#panel=change")
    before = columns(page)
    until(page, "[...document.querySelectorAll('#panel-change select')].some((s) => s.value === 'ReLU')")
    page.get_by_label("Kind of the new layer").select_option("BatchNorm2d")
    page.get_by_role("button", name="Add after conv1").click()
    page.locator("#panel-change .said", has_text="add norm1").wait_for()
    assert columns(page) == [*before[:2], "norm1", *before[2:]]
    assert page.get_by_label("Layer", exact=True).input_value() == "norm1"
    page.get_by_label("Layer", exact=True).select_option("relu1")
    page.get_by_role("button", name="Remove relu1").wait_for()
    until(page, "[...document.querySelector('select[aria-label=Kind]').options].length > 5")
    page.get_by_label("Kind", exact=True).select_option("Tanh")
    page.locator("#panel-change .said", has_text="make relu1 a Tanh").wait_for()
    page.get_by_role("button", name="Remove relu1").click()
    page.locator("#panel-change .said", has_text="remove relu1").wait_for()
    assert columns(page) == ["input", "conv1", "norm1", "pool1", *before[4:]]
    for _ in range(3):
        undone = page.get_by_role("button", name="↶ Undo").get_attribute("title") or ""
        page.keyboard.press("Control+z")
        until(page, "title => document.querySelector('#panel-change .row button').title !== title", undone)
    until(page, "document.querySelectorAll('#columns .card').length === 10")
    assert columns(page) == before
    assert alive.session.version.number == 1
    page.keyboard.press("Control+Shift+z")
    page.locator("#panel-change .said", has_text="done again: add norm1").wait_for()


def test_a_change_is_trained_away(alive: Explorer, page: Page) -> None:
    """Changed and trained, the network is right again in 95 of 100 cases; the prediction and the kernel follow."""
    alive.open(page, "#number=conv1[0,2,2]&panel=change")
    page.locator(parameter(page, "out_channels")).locator("input").fill("8")
    page.locator("#panel-change .said", has_text="out_channels to 8").wait_for()
    kernel = page.locator("#number").inner_text()
    page.locator("[data-panel=train]").click()
    page.locator(".verdict").wait_for()
    assert float(page.locator(".verdict").get_attribute("data-accuracy") or 1) < 0.9
    page.locator("#panel-train .go").click()
    page.locator("#panel-train .said[data-state=finished]").wait_for(timeout=60_000)
    until(page, "Number(document.querySelector('#panel-train .verdict').dataset.accuracy) >= 0.95")
    assert "8" in page.locator("table.confusion thead").inner_text()
    counted = page.locator("table.confusion tbody td").evaluate_all(
        "all => all.reduce((sum, cell) => sum + (Number(cell.textContent) || 0), 0)"
    )
    assert counted == 360
    assert page.locator("#panel-train svg.curves polyline.test").count() == 4
    assert page.locator("#number").inner_text() != kernel
    shares = page.locator("#bars .share").evaluate_all("all => all.map((n) => Number(n.dataset.value))")
    scores = alive.session.scores(alive.session.run_sample(0))
    assert scores is not None
    assert shares == scores.tolist()
    if page.locator(".mistakes button").count():
        page.locator(".mistakes button").first.click()
        until(page, "document.querySelector('#verdict-of-network .wrong') !== null")
    page.keyboard.press("Control+z")
    until(page, "Number(document.querySelector('#panel-train .verdict').dataset.accuracy) < 0.9")


def test_what_is_open_changes_while_it_trains(alive: Explorer, page: Page) -> None:
    """The kernel and the sum that are open follow every epoch, each as one version has them."""
    alive.open(page, "#number=conv1[0,2,2]&panel=train")
    before = page.locator("#number").inner_text()
    page.get_by_label("pace", exact=True).select_option("2 epochs a second, to look closely")
    page.locator("#panel-train .go").click()
    until(page, "before => document.querySelector('#number').innerText !== before", before)
    assert page.locator("#panel-train .said").get_attribute("data-state") == "running"
    page.get_by_role("button", name="Stop").click()
    page.locator("#panel-train .said[data-state=stopped]").wait_for()
    kernel = alive.session.net.weights["conv1.weight"][0, 0].ravel()
    weights = "[...document.querySelectorAll('#parts .cell')].map((cell) => Number(cell.dataset.value))"
    until(page, f"kernel => kernel.every((weight) => {weights}.includes(weight))", kernel.tolist())


def test_stop_and_continue(alive: Explorer, page: Page) -> None:
    """Stop holds the training where it is, Continue goes on from there to the end."""
    alive.open(page, "#panel=train")
    page.get_by_label("pace", exact=True).select_option("2 epochs a second, to look closely")
    page.get_by_label("epochs", exact=True).fill("3")
    page.locator("#panel-train .go").click()
    page.get_by_role("button", name="Stop").click()
    page.locator("#panel-train .said[data-state=stopped]").wait_for()
    training = alive.session.studio.training
    assert training is not None
    made = len(training.points)
    page.wait_for_timeout(700)
    assert (training.state, len(training.points)) == ("stopped", made)
    page.get_by_role("button", name="Continue").click()
    page.locator("#panel-train .said[data-state=finished]").wait_for(timeout=60_000)
    assert [point["at"] for point in training.points if "test_loss" in point] == [1, 2, 3]


def test_all_of_it_by_keyboard(alive: Explorer, page: Page) -> None:
    """Opened, changed, refused, trained and undone without a mouse."""
    alive.open(page)
    page.locator("[data-panel=change]").focus()
    page.keyboard.press("Enter")
    field = page.locator(parameter(page, "out_channels")).locator("input")
    field.wait_for()
    for _ in range(30):
        page.keyboard.press("Tab")
        if field.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("ArrowDown")
    page.locator("#panel-change .said", has_text="out_channels to 15").wait_for()
    assert field.evaluate("one => one === document.activeElement"), "the focus stays where the user works"
    page.keyboard.press("Control+z")
    page.locator("#panel-change .said", has_text="undone").wait_for()
    until(page, "document.querySelector('[data-parameter=out_channels] input').value === '16'")
    page.locator("[data-panel=train]").focus()
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('go')"):
            break
    page.keyboard.press("Enter")
    page.locator("#panel-train .said[data-state=finished]").wait_for(timeout=60_000)


@pytest.mark.slow
def test_every_kind_has_a_form_that_says_what_is_there(browser: Browser) -> None:
    """Every parameter of every kind stands in its form as it is: a field that is left as it was changes nothing."""
    session = Session(every_kind(), images=photos())
    with serving(session) as address, watched(browser, Explorer(session, address)) as page:
        Explorer(session, address).open(page, "#panel=change")
        for name, layer in session.net.layers.items():
            page.get_by_label("Layer", exact=True).select_option(name)
            page.get_by_role("button", name=f"Remove {name}", exact=True).wait_for()
            rows = page.locator(".parameter").evaluate_all("all => all.map((row) => row.dataset.parameter)")
            assert rows == list(layer.config())
            page.evaluate(
                """() => {
                    for (const control of document.querySelectorAll(".parameter input, .parameter select")) {
                        control.dispatchEvent(new Event("change", { bubbles: true }));
                    }
                }"""
            )
        page.wait_for_timeout(300)
        assert page.locator(".parameter.wrong").count() == 0
        assert session.version.number == 1


def test_a_session_without_data_says_how_to_give_some(browser: Browser) -> None:
    """Without data the panel is there, nothing in it can be used, and it says what to do."""
    session = Session(digits_network())
    with serving(session) as address, watched(browser, Explorer(session, address)) as page:
        Explorer(session, address).open(page, "#panel=train")
        page.locator("#panel-train .said[data-state='no data']").wait_for()
        assert "pellucid explore MODEL --data DATA" in page.locator("#panel-train .said").inner_text()
        assert page.locator("#panel-train .go").is_disabled()


# Pictures of one's own


def photo() -> bytes:
    """A photo of a digit: a bright bar on dark ground."""
    pixels = np.zeros((60, 80), np.uint8)
    pixels[10:50, 36:44] = 230
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "PNG")
        return file.getvalue()


def seen(page: Page, explorer: Explorer, kind: str) -> np.ndarray:
    """What the network was given last, once it is a run of this kind."""
    for _ in range(500):
        name = explorer.session.runs[-1]
        if kind in name:
            break
        page.wait_for_timeout(10)
    return explorer.session.run(explorer.session.runs[-1]).trace["input"]


@pytest.mark.parametrize("way", ["chosen", "dropped", "pasted"])
def test_a_picture_is_read_as_on_the_command_line(alive: Explorer, page: Page, way: str, tmp_path: Path) -> None:
    """A picture that is chosen, dropped or pasted gives the numbers that its file gives to `pellucid explore`."""
    alive.open(page)
    (tmp_path / "digit.png").write_bytes(photo())
    if way == "chosen":
        page.locator(".pictures input[type=file]").set_input_files(tmp_path / "digit.png")
    else:
        page.evaluate(
            """([bytes, way]) => {
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(bytes)], "digit.png", { type: "image/png" }));
                const event = way === "pasted"
                    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true })
                    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
                document.body.dispatchEvent(event);
            }""",
            [list(photo()), way],
        )
    given = seen(page, alive, "picture")
    assert np.array_equal(given, read_image(tmp_path / "digit.png", (1, 8, 8)))
    until(page, "document.querySelector('#sample-number').value === ''")
    page.get_by_label("dark ink on bright paper").check()
    for _ in range(500):
        given = alive.session.run(alive.session.runs[-1]).trace["input"]
        if given.max() == 1.0:
            break
        page.wait_for_timeout(10)
    assert np.array_equal(given, read_image(tmp_path / "digit.png", (1, 8, 8), invert=True))


def test_what_is_no_picture_is_told(alive: Explorer, page: Page, tmp_path: Path) -> None:
    """A file that is no picture is refused in words."""
    alive.open(page)
    (tmp_path / "digit.png").write_bytes(b"no picture")
    page.locator(".pictures input[type=file]").set_input_files(tmp_path / "digit.png")
    page.locator("#complaint", has_text="expected a picture").wait_for()


def test_what_is_drawn_stays_through_a_change(alive: Explorer, page: Page) -> None:
    """A drawing changes the prediction, and after an edit the sheet is still there, the drawing looked at anew."""
    alive.open(page, "#panel=change")
    before = page.locator("#bars").inner_text()
    page.get_by_role("button", name="Draw", exact=True).click()
    sheet = page.locator(".sheet")
    box = sheet.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 15, steps=5)
    page.mouse.up()
    until(page, "before => document.querySelector('#bars').innerText !== before", before)
    drawn = seen(page, alive, "drawing")
    page.locator(parameter(page, "out_channels")).locator("input").fill("12")
    page.locator("#panel-change .said", has_text="out_channels to 12").wait_for()
    assert alive.session.runs[-1].startswith("2-drawing-")
    assert drawn.sum() > 0
    assert sheet.is_visible()

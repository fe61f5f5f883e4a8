"""The page in a real browser: by mouse, by keyboard, by touch, by link, large and small, dark and light."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import Network
from pellucid.explorer.server import serving
from pellucid.explorer.session import RUNS, Session
from pellucid.layers import Conv2d, Flatten, Linear, ReLU
from pellucid.train.digits import digits_network

from .conftest import Explorer, watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def title(page: Page) -> str:
    """The address of the number that is taken apart."""
    return page.locator("#number-title .address").text_content() or ""


def wait_for(page: Page, address: str) -> None:
    """Wait until a number is on the screen."""
    page.locator(f"#number-title .address:text-is('{address}')").wait_for()


def until(page: Page, condition: str, *arg: object) -> None:
    """Wait until a condition holds in the page; Playwright's own way needs an eval, which the page forbids."""
    for _ in range(1000):
        if page.evaluate(condition, *arg):
            return
        page.wait_for_timeout(10)
    raise AssertionError(f"never came true: {condition}")


def place(page: Page) -> str:
    """What the address bar says after the #."""
    return page.evaluate("decodeURIComponent(location.hash.slice(1))")


# First sight


def test_the_page_shows_the_network(digits: Explorer, digits_page: Page) -> None:
    """Every layer is a column with its name, kind, shape, rule, parameters, cost and field; bars name the classes."""
    page = digits_page
    digits.open(page)
    assert page.title() == "Pellucid: digits"
    assert "token" not in page.url
    columns = page.locator("#columns .card")
    assert columns.count() == 10
    conv = columns.nth(1).inner_text()
    for fact in ("conv1", "Conv2d", "16 × 8 × 8", "(8 + 2·1 − 3)/1 + 1 = 8", "160", "9 216", "3 × 3"):
        assert fact in conv.replace("\u2009", " ").replace("\n", " "), fact
    assert columns.nth(1).locator(".map").count() == 8
    columns.nth(1).get_by_role("button", name="Show 8 more of 8 maps of conv1").click()
    assert columns.nth(1).locator(".map").count() == 16
    assert page.locator("#bars li").count() == 10
    shares = [
        float(text) for text in page.locator("#bars .share").evaluate_all("all => all.map((n) => n.dataset.value)")
    ]
    scores = digits.session.scores(digits.session.run("sample-0"))
    assert scores is not None
    assert shares == scores.tolist()
    assert page.locator("#welcome").is_visible()
    assert page.locator("#depths").is_hidden()


def test_maps_are_drawn_with_their_values(digits: Explorer, digits_page: Page) -> None:
    """Blue is below zero and orange above: the strongest pixel of a map has the sign of its value."""
    page = digits_page
    digits.open(page)
    card = page.locator("#columns .card").nth(1)
    until(page, "document.querySelector('#columns .card:nth-child(2) canvas').width === 8")
    for channel in range(4):
        pixels = (
            card.locator(".map canvas")
            .nth(channel)
            .evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
        )
        red, blue = np.array(pixels).reshape(8, 8, 4)[..., (0, 2)].transpose(2, 0, 1).astype(int)
        values = digits.session.run("sample-0").trace["conv1"][channel]
        strongest = np.unravel_index(np.abs(values).argmax(), values.shape)
        assert (red[strongest] > blue[strongest]) == (values[strongest] > 0)


def test_the_range_of_colours_can_be_chosen(digits: Explorer, digits_page: Page) -> None:
    """The legend says over what the colours range: an own range for each map, each layer, or one for all."""
    page = digits_page
    digits.open(page, "#sample=0&layer=conv1[0,0,0]")
    values = digits.session.run("sample-0").trace
    high = page.locator("#ramp-high")
    assert float((high.text_content() or "").lstrip("+")) == pytest.approx(np.abs(values["conv1"]).max(), abs=1e-3)
    page.locator("input[value=network]").check(force=True)
    most = max(np.abs(value).max() for value in values.values())
    assert float((high.text_content() or "").lstrip("+")) == pytest.approx(most, abs=1e-3)
    page.locator("input[value=map]").check(force=True)
    assert high.text_content() == "+max"


# By mouse


def test_from_a_column_to_a_pixel_by_mouse(digits: Explorer, digits_page: Page) -> None:
    """Click a map, point at a unit, click it, follow numbers down to a pixel, and come back by the trail."""
    page = digits_page
    digits.open(page)
    page.get_by_role("button", name="conv2, channel 3").click()
    page.locator("#layer-title:has-text('conv2')").wait_for()
    assert re.fullmatch(r"sample=0&layer=conv2\[3,\d,\d\]", place(page))
    selected = place(page).split("layer=")[1]

    box = page.locator("#layer-map canvas").bounding_box()
    assert box is not None
    cell = box["width"] / 4
    page.mouse.move(box["x"] + 1.5 * cell, box["y"] + 2.5 * cell)
    wait_for(page, "conv2[3,2,1]")
    assert "layer=conv2[3,2,1]" not in place(page)  # pointing is only looking
    page.mouse.move(box["x"] - 8, box["y"] - 8)
    wait_for(page, selected)
    page.mouse.click(box["x"] + 1.5 * cell, box["y"] + 2.5 * cell)
    wait_for(page, "conv2[3,2,1]")
    assert place(page) == "sample=0&number=conv2[3,2,1]"

    ways = []
    while not title(page).startswith("input"):
        ways.append(title(page))
        before = title(page)
        page.locator("#line .cell.read, #parts .cell.read").first.click()
        until(page, "name => document.querySelector('#number-title .address').textContent !== name", before)
    assert [way.split("[")[0] for way in ways] == ["conv2", "pool1", "relu1", "conv1"]
    assert page.locator("#trail button").all_text_contents() == ways
    page.locator("#trail button").nth(1).click()
    wait_for(page, ways[1])
    assert page.locator("#trail button").all_text_contents() == ways[:1]


def test_the_field_is_outlined_down_to_the_image(digits: Explorer, digits_page: Page) -> None:
    """For the shown unit every earlier layer has an outline where Python's receptive field has its box."""
    page = digits_page
    digits.open(page, "#sample=0&number=conv2[3,1,2]")
    wait_for(page, "conv2[3,1,2]")
    page.locator("#columns .card").nth(0).locator(".field").wait_for()
    trace = digits.session.run("sample-0").trace
    for number, name in enumerate(["input", "conv1", "relu1", "pool1"]):
        mark = page.locator("#columns .card").nth(number).locator(".map .field").first
        shown = mark.evaluate("m => [m.style.top, m.style.left, m.style.height, m.style.width].map(parseFloat)")
        field = trace.receptive_field("conv2", (3, 1, 2), of=name)
        size = trace[name].shape[1]
        wanted = [field.rows.start, field.columns.start, len(field.rows), len(field.columns)]
        assert shown == pytest.approx([100 * part / size for part in wanted], abs=1e-3)
    assert page.locator("#columns .card").nth(6).locator(".field:visible").count() == 0


def test_a_bar_takes_its_score_apart(digits: Explorer, digits_page: Page) -> None:
    """A click on a class shows what its score was made of, and on which maps."""
    page = digits_page
    digits.open(page)
    page.get_by_role("button", name=re.compile(r"^7\s")).click()
    wait_for(page, "linear1[7]")
    assert page.locator("#number-title .meaning").text_content() == " “7”"
    assert page.locator(".votes button").count() == 32
    explanation = digits.session.run("sample-0").trace.explain("linear1", (7,))
    strongest = int(np.abs(explanation.terms.product).argmax())
    first = page.locator(".ranking tbody tr").first
    assert (first.locator("th span").text_content() or "") == f"dropout1[{strongest}]"
    assert first.locator("th small").text_content() == f"pool2[{strongest // 4},{strongest // 2 % 2},{strongest % 2}]"


def test_samples_are_stepped_through(digits: Explorer, digits_page: Page) -> None:
    """Next, previous and a number show other images; the open number follows, and the truth is told."""
    page = digits_page
    digits.open(page, "#sample=5&number=linear1[0]")
    for button, sample in (("Next sample", 6), ("Previous sample", 5), ("Previous sample", 4)):
        page.get_by_role("button", name=button).click()
        until(page, "sample => document.getElementById('sample-number').value === sample", str(sample))
        assert place(page) == f"sample={sample}&number=linear1[0]"
    page.locator("#sample-number").fill("359")
    page.keyboard.press("Enter")
    until(page, "location.hash.startsWith('#sample=359&')")
    value = digits.session.run("sample-359").trace["linear1"][0]
    until(page, "value => Number(document.querySelector('#number-title .value').dataset.value) === value", float(value))
    verdict = page.locator("#verdict-of-network em").text_content() or ""
    label = digits.session.label(359)
    assert verdict == "✓ right" or verdict == f"✗ it is {label}"


def test_a_drawing_changes_the_answer(digits: Explorer, digits_page: Page) -> None:
    """While a hand draws, the scores and the open number follow; the sheet can be wiped."""
    page = digits_page
    digits.open(page, "#sample=0&number=linear1[1]")
    wait_for(page, "linear1[1]")

    def scores() -> list[str]:
        return page.locator("#bars .share").evaluate_all("all => all.map((n) => n.dataset.value)")

    page.get_by_role("button", name="Draw", exact=True).click()
    until(page, "!location.hash.includes('sample')")
    seen = [scores()]
    sheet = page.locator(".sheet").bounding_box()
    assert sheet is not None
    page.mouse.move(sheet["x"] + 75, sheet["y"] + 20)
    page.mouse.down()
    for step in range(3):
        page.mouse.move(sheet["x"] + 75 - 20 * step, sheet["y"] + 40 + 40 * step, steps=4)
        until(page, "old => document.querySelector('#bars .share').dataset.value !== old", seen[-1][0])
        seen.append(scores())
    page.mouse.up()
    page.wait_for_timeout(100)
    run = max((name for name in digits.session.runs if name.startswith("drawing")), key=lambda name: int(name[8:]))
    trace = digits.session.run(run).trace
    assert trace["input"].max() > 0.5
    until(
        page,
        "value => Number(document.querySelector('#number-title .value').dataset.value) === value",
        float(trace["linear1"][1]),
    )
    drawn = scores()
    page.get_by_role("button", name="Wipe").click()
    until(page, "old => document.querySelector('#bars .share').dataset.value !== old", drawn[0])
    assert scores() == seen[0]


# By keyboard


def focused(page: Page) -> str:
    """What has the focus, by its name."""
    return page.evaluate(
        "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()"
    )


def test_three_depths_by_keyboard_alone(digits: Explorer, digits_page: Page) -> None:
    """Tab to the columns, arrows to a map, Enter deeper and deeper, Escape all the way back: no mouse, no step lost."""
    page = digits_page
    digits.open(page)
    for _ in range(12):
        page.keyboard.press("Tab")
        if focused(page).startswith("input"):
            break
    page.keyboard.press("ArrowRight")
    assert focused(page).startswith("conv1")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "conv1, channel 0"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "conv1, channel 3"
    page.keyboard.press("Enter")
    page.locator("#layer-map:focus").wait_for()
    start = place(page)
    row, column = (int(i) for i in re.findall(r"\d+", start)[-2:])
    steps = ["ArrowLeft" if column else "ArrowRight", "ArrowUp" if row else "ArrowDown"]
    for key in steps:
        page.keyboard.press(key)
    moved = f"[3,{row + (-1 if row else 1)},{column + (-1 if column else 1)}]"
    assert place(page) == f"sample=0&layer=conv1{moved}"
    wait_for(page, f"conv1{moved}")
    page.keyboard.press("PageDown")
    moved = moved.replace("[3", "[4")
    assert place(page) == f"sample=0&layer=conv1{moved}"

    wait_for(page, f"conv1{moved}")
    page.keyboard.press("Enter")
    assert place(page) == f"sample=0&number=conv1{moved}"
    page.locator("#number .cell.read:focus").wait_for()
    first = focused(page)
    page.keyboard.press("ArrowRight")
    assert focused(page) != first
    assert focused(page).startswith("input[0,")
    pixel = focused(page).split(" ")[0]
    page.keyboard.press("Enter")
    wait_for(page, pixel)

    for wanted in (f"number=conv1{moved}", f"layer=conv1{moved}", ""):
        page.keyboard.press("Escape")
        assert place(page) == f"sample=0&{wanted}".rstrip("&")
    assert focused(page).startswith("conv1")


def test_a_digit_is_drawn_by_keyboard(digits: Explorer, digits_page: Page) -> None:
    """On the sheet arrows move the pen, space lowers it, and Delete wipes."""
    page = digits_page
    digits.open(page)
    page.get_by_role("button", name="Draw", exact=True).focus()
    page.keyboard.press("Enter")
    page.locator(".sheet:focus").wait_for()
    ink = (
        "() => { const canvas = document.querySelector('.sheet canvas');"
        " const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);"
        " return data.filter((value, at) => at % 4 === 0 && value > 0).length; }"
    )
    assert page.evaluate(ink) == 0
    page.keyboard.press("ArrowDown")
    assert page.evaluate(ink) == 0
    page.keyboard.press("Space")
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    line = page.evaluate(ink)
    assert line > 100
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(ink) == line
    page.keyboard.press("Delete")
    assert page.evaluate(ink) == 0


def test_keys_are_listed(digits: Explorer, digits_page: Page) -> None:
    """A question mark lists the keys, Escape closes the list; the other keys do what it says."""
    page = digits_page
    digits.open(page)
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    page.keyboard.press("n")
    until(page, "location.hash === '#sample=1'")
    page.keyboard.press("p")
    until(page, "location.hash === '#sample=0'")


def test_the_story_is_told(digits: Explorer, digits_page: Page) -> None:
    """A screen reader is told what a number is, what it was made of, and what it reads."""
    page = digits_page
    digits.open(page, "#sample=0&number=conv2[3,0,2]")
    wait_for(page, "conv2[3,0,2]")
    live = page.locator("#live")
    until(page, "document.getElementById('live').textContent.startsWith('conv2')")
    assert re.fullmatch(
        r"conv2, channel 3, row 0, column 2, is [−\d.]+: the sum of 144 products and the bias [−\d.e]+\. "
        r"It reads channels 0 to 15, rows −1 to 1, columns 1 to 3 of pool1; 48 of 144 places are padding\.",
        live.text_content() or "",
    )
    assert page.locator("#layer-map").get_attribute("aria-describedby") == "layer-story"


# Links


@pytest.mark.parametrize("depth", ["layer", "number"])
def test_a_link_shows_the_same(browser: Browser, kinds: Explorer, depth: str) -> None:
    """Sample, layer and unit in the address are enough to see the same again, in another browser."""
    link = f"#sample=2&{depth}=conv1[4,2,5]"
    seen = []
    for _ in range(2):
        with watched(browser, kinds) as page:
            kinds.open(page, link)
            wait_for(page, "conv1[4,2,5]")
            assert page.evaluate("document.body.dataset.depth") == depth
            assert page.locator("#sample-number").input_value() == "2"
            page.locator("#columns .card .field:visible").first.wait_for()
            page.locator("#kernel-title:not(:empty)").wait_for()
            seen.append(page.locator("main").inner_text())
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("link", "depth"),
    [
        ("#sample=99", "overview"),
        ("#number=nothing[0]", "overview"),
        ("#number=conv1[99,0,0]", "overview"),
        ("#number=conv1[0]", "overview"),
        ("#number=%E0%A4%A[0]", "overview"),
        ("#<script>alert(1)</script>", "overview"),
        ("#layer=conv1%5B0,1,2%5D", "layer"),
    ],
)
def test_a_link_to_nothing_shows_the_network(kinds: Explorer, kinds_page: Page, link: str, depth: str) -> None:
    """What does not exist in this network is passed over."""
    kinds.open(kinds_page, link)
    assert kinds_page.evaluate("document.body.dataset.depth") == depth
    assert kinds_page.locator("#complaint").is_hidden()


def test_back_and_forward_of_the_browser(digits: Explorer, digits_page: Page) -> None:
    """The browser's own buttons go the way that was gone, trail included."""
    page = digits_page
    digits.open(page)
    page.get_by_role("button", name="pool1, channel 2").click()
    page.locator("#layer-title:has-text('pool1')").wait_for()
    page.keyboard.press("Enter")
    page.locator("#number .cell.read:focus").wait_for()
    page.keyboard.press("Enter")
    page.locator("#number-title .address:has-text('relu1')").wait_for()
    assert page.locator("#trail button").count() == 1
    page.go_back()
    page.locator("#number-title .address:has-text('pool1')").wait_for()
    assert page.locator("#trail button").count() == 0
    page.go_back()
    until(page, "document.body.dataset.depth === 'layer'")
    page.go_back()
    until(page, "document.body.dataset.depth === 'overview'")
    for _ in range(3):
        page.go_forward()
    page.locator("#number-title .address:has-text('relu1')").wait_for()
    assert page.locator("#trail button").count() == 1


# Any size, any light


@pytest.mark.parametrize("width", [360, 768, 1440, 2560])
@pytest.mark.parametrize("where", ["", "#sample=0&number=conv2[3,1,2]", "#sample=0&number=linear1[3]"])
def test_nothing_hangs_over_the_edge(browser: Browser, digits: Explorer, width: int, where: str) -> None:
    """However narrow the page, it scrolls down only; with all digits too."""
    with watched(browser, digits, viewport={"width": width, "height": 740}) as page:
        digits.open(page, where)
        for _ in range(2):
            page.wait_for_timeout(50)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width
            page.keyboard.press("d")


@pytest.mark.parametrize("where", ["", "#sample=0&number=conv2[3,1,2]"])
def test_touch_is_enough(browser: Browser, digits: Explorer, where: str) -> None:
    """With fingers alone a unit is chosen and its number followed."""
    with watched(browser, digits, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True) as page:
        digits.open(page, where)
        page.get_by_role("button", name="conv1, channel 1").tap()
        page.locator("#layer-title:has-text('conv1')").wait_for()
        canvas = page.locator("#layer-map canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        page.touchscreen.tap(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.3)
        wait_for(page, "conv1[1,2,4]")
        page.locator("#parts .cell.read").first.tap()
        page.locator("#number-title .address:has-text('input[')").wait_for()


CONTRAST = """
(selector) => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll(selector)].filter((node) => node.checkVisibility() && node.textContent.trim() &&
      getComputedStyle(node).opacity === "1").map((node) => {
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    return {text: node.textContent.slice(0, 40), is: node.className, contrast: (a + 0.05) / (b + 0.05)};
  }).filter(({contrast}) => contrast < 4.5);
}
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("where", ["", "#sample=0&number=conv2[3,1,2]", "#sample=0&number=linear1[3]"])
def test_every_text_can_be_read(browser: Browser, digits: Explorer, theme: str, where: str) -> None:
    """Text stands off its ground by 4.5 to 1 or more, on the coloured cells too, in both themes."""
    settings = {"color_scheme": theme, "viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
    with watched(browser, digits, **settings) as page:  # no colour is on its way to another
        digits.open(page, where)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        leaves = (
            "main :is(span, small, b, dt, dd, li, p, h2, h3, th, td, figcaption, button, output, code):not(:has(*))"
        )
        assert page.evaluate(CONTRAST, f"{leaves}, header :not(:has(*))") == []


def test_the_theme_follows_the_system_until_it_is_chosen(browser: Browser, digits: Explorer) -> None:
    """Dark in a dark system, light after a press, and still so when the page is opened again."""
    with watched(browser, digits, color_scheme="dark") as page:
        digits.open(page)
        ground = "getComputedStyle(document.body).backgroundColor"
        dark = page.evaluate(ground)
        page.keyboard.press("t")
        light = page.evaluate(ground)
        assert sum(map(int, re.findall(r"\d+", dark))) < 100 < 600 < sum(map(int, re.findall(r"\d+", light)))
        page.reload()
        page.locator("body[data-ready]").wait_for()
        assert page.evaluate(ground) == light


def test_everything_has_a_name(kinds: Explorer, kinds_page: Page) -> None:
    """Every control says what it is; no two elements share an id; pictures are passed over or named."""
    kinds.open(kinds_page, "#sample=0&number=conv1[2,3,3]")
    wait_for(kinds_page, "conv1[2,3,3]")
    nameless = kinds_page.evaluate(
        "[...document.querySelectorAll('button, input, [role=application], section, aside, nav, dialog')]"
        ".filter((node) => !(node.getAttribute('aria-label') || node.textContent.trim() || node.labels?.length ||"
        " document.getElementById(node.getAttribute('aria-labelledby')))).map((node) => node.outerHTML)"
    )
    assert nameless == []
    ids = kinds_page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))
    assert kinds_page.evaluate("document.documentElement.lang") == "en"


def test_a_run_that_was_forgotten_is_made_again(digits: Explorer, page: Page) -> None:
    """When the server has dropped an old run, the page has it made again and goes on."""
    digits.open(page, "#sample=8&number=conv1[0,0,0]")
    wait_for(page, "conv1[0,0,0]")
    for _ in range(RUNS):
        digits.session.run_drawing(np.zeros((4, 4), np.float32))
    assert "sample-8" not in digits.session.runs
    page.locator("#layer-map").press("ArrowRight")
    wait_for(page, "conv1[0,0,1]")
    assert "sample-8" in digits.session.runs
    assert page.locator("#complaint").is_hidden()


# Strange networks

PAYLOAD = "<img src=x onerror=alert(1)>\"'&amp;</script><script>alert(2)</script>"


def test_names_stay_names(browser: Browser) -> None:
    """Whatever a file calls its layers and classes, it is shown as it is written, and none of it runs."""
    layers = [(PAYLOAD, Conv2d(2, 2)), ("nan", ReLU()), ("inf", Flatten()), ("a/b.c#&=%41", Linear(2))]
    net = Network((1, 3, 3), layers, classes=[PAYLOAD, "nan"])
    with serving(Session(net, title=PAYLOAD)) as address:
        explorer = Explorer(Session(net), address)
        with watched(browser, explorer) as page:
            explorer.open(page)
            assert page.title() == f"Pellucid: {PAYLOAD}"
            names = [PAYLOAD, "nan", "inf", "a/b.c#&=%41"]
            assert page.locator("#columns .name").all_text_contents() == ["input", *names]
            assert page.locator("#bars .class").all_text_contents() == [PAYLOAD, "nan"]
            for name in names:
                page.locator("#columns .head").nth(names.index(name) + 1).click()
                until(page, "name => document.querySelector('#layer-title span')?.textContent === name", name)
                link = page.url.split("#")[1]
                until(
                    page,
                    "name => document.querySelector('#number-title .address')?.textContent.startsWith(name + '[')",
                    name,
                )
                explorer.open(page, "#" + link)
                assert page.locator("#layer-title span").text_content() == name
            assert page.locator("img[src=x]").count() == 0


def test_numbers_that_are_none_are_shown(browser: Browser) -> None:
    """NaN and infinities are written as such, in maps and in sums."""
    net = Network((1, 2, 2), [Flatten(), Linear(2)])
    net.weights["linear1.weight"] = np.ones((2, 4))
    image = np.array([[[[np.nan, np.inf], [-np.inf, 1.0]]]], np.float32)
    session = Session(net, images=image)
    with serving(session) as address:
        explorer = Explorer(session, address)
        with watched(browser, explorer) as page:
            explorer.open(page, "#sample=0&number=linear1[0]")
            wait_for(page, "linear1[0]")
            assert page.locator("#number-title .value").text_content() == "NaN"
            shown = page.locator(".ranking .cell.read").all_text_contents()
            assert sorted(shown) == sorted(["NaN", "∞", "−∞", "1.000"])


def test_a_server_that_is_gone_is_said(digits: Explorer, page: Page) -> None:
    """When the explorer has ended, the page says so instead of standing still."""
    session = Session(digits.session.net)
    with serving(session) as address:
        Explorer(session, address).open(page)
    page.get_by_role("button", name="conv1, channel 1").click()
    page.locator("#complaint:has-text('The explorer: got no answer')").wait_for()


@pytest.mark.parametrize("given", [False, True])
def test_what_is_not_trained_says_so(browser: Browser, given: bool) -> None:
    """A verdict of first values is marked as one; a network whose weights were given has no such mark."""
    net = digits_network()
    if given:
        net.weights["linear1.bias"] = np.arange(10)
    session = Session(net, images=np.ones((1, 1, 8, 8)))
    with serving(session) as address:
        explorer = Explorer(session, address)
        with watched(browser, explorer) as page:
            explorer.open(page)
            until(page, "document.querySelector('#verdict-of-network strong') !== null")
            marks = page.locator("#verdict-of-network small").all_text_contents()
            assert marks == ([] if given else ["untrained: its weights are first values"])

"""The explorer as a notebook's widget: its front and Python's answers, on a page that plays the notebook."""

from __future__ import annotations

import base64
import queue
import sys
import types
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from server.payloads import PAYLOADS, hostile, noticed, watch

import pellucid.explorer
from pellucid import Network
from pellucid.errors import MissingPackageError
from pellucid.explorer import Session
from pellucid.explorer import widget as room
from pellucid.layers import Conv2d, Flatten, Linear, ReLU

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame, Page, Route

FRONT = Path(pellucid.explorer.__file__).parent / "notebook" / "front.js"
HOME = "http://notebook.test/"

# A notebook's side of a widget: a model that can be asked, listened to, and shown in a cell.
SHOW = """
async ([cells, silent]) => {
  const { default: widget } = await import("/front.js");
  window.shown = cells.map((cell) => {
    const listeners = new Set();
    const model = {
      on: (event, listener) => event === "msg:custom" && listeners.add(listener),
      off: (event, listener) => listeners.delete(listener),
      send: async (question) => {
        const [told, letters] = await window.python(cell, question);
        if (silent) await new Promise((go) => { window.speak = go; });
        const bytes = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
        for (const listener of [...listeners]) listener(told, [new DataView(bytes.buffer)]);
      },
    };
    const el = document.createElement("div");
    document.body.append(el);
    return { listeners, leave: widget.render({ model, el }) };
  });
}
"""


def small(name: str = "small", seed: int = 0) -> Session:
    """Return a session on a small network and three images."""
    net = Network((1, 5, 5), [Conv2d(2, 3), ReLU(), Flatten(), Linear(3)], seed=seed, name=name)
    return Session(net, images=np.random.default_rng(seed).random((3, 1, 5, 5), np.float32))


class Kernel:
    """Python's side: widgets' questions in, answers out."""

    def __init__(self, *sessions: Session) -> None:
        self.said: queue.Queue[tuple[dict[str, Any], bytes]] = queue.Queue()
        self.answering = [
            room.Answering(one, lambda told, content: self.said.put((told, content[0]))) for one in sessions
        ]

    def asked(self, cell: int, question: dict[str, Any]) -> list[Any]:
        """Answer one question of a cell's widget."""
        self.answering[cell].hear(question)
        told, content = self.said.get(timeout=30)
        return [told, base64.b64encode(content).decode()]


@contextmanager
def notebook(browser: Browser, *sessions: Session, silent: bool = False) -> Generator[Page, None, None]:
    """Show a widget a session on one page; whatever should not happen fails the test."""

    def serve(route: Route) -> None:
        if route.request.url == f"{HOME}front.js":
            route.fulfill(path=FRONT, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><body style='background: #fff'>", content_type="text/html")

    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    wrong = watch(page)
    page.route("**/*", serve)
    page.expose_function("python", Kernel(*sessions).asked)
    page.goto(HOME)
    page.evaluate(SHOW, [list(range(len(sessions))), silent])
    yield page
    wrong += noticed(page)
    context.close()
    assert wrong == []


def frame(page: Page, number: int = 0) -> Frame:
    """Return a widget's page, ready."""
    handle = page.locator("iframe").nth(number).element_handle()
    inside = handle.content_frame()
    assert inside is not None
    page.frame_locator("iframe").nth(number).locator("body[data-ready]").wait_for()
    found = handle.content_frame()
    assert found is not None
    return found


def test_it_shows_what_the_server_shows(browser: Browser) -> None:
    """A layer, a number taken apart, another image: all depths, their numbers Python's."""
    session = small()
    with notebook(browser, session) as page:
        inside = frame(page)
        inside.locator(".card[data-node='1'] .map").first.click()
        inside.locator("#number-title .address", has_text="conv1[0,").wait_for()
        inside.evaluate("() => { location.hash = '#sample=2&number=linear1[1]'; }")
        inside.locator("#number-title .address:text-is('linear1[1]')").wait_for()
        wanted = session.run_sample(2).trace.explain("linear1", (1,))
        inside.locator(f"#verdict dd[data-value='{wanted.total!r}']").wait_for()


def test_several_widgets_are_apart(browser: Browser) -> None:
    """Two widgets in one notebook show two networks, and each follows its own clicks."""
    with notebook(browser, small("first"), small("second", seed=4)) as page:
        first, second = frame(page, 0), frame(page, 1)
        assert [one.locator("#title").text_content() for one in (first, second)] == ["first", "second"]
        first.locator(".card[data-node='2'] .map").first.click()
        first.locator("#layer-title", has_text="relu1").wait_for()
        assert second.locator("#depths").is_hidden()


def test_its_frame_reaches_nothing(browser: Browser) -> None:
    """The page cannot reach the notebook around it, remembers nothing there, and still changes its theme."""
    with notebook(browser, small()) as page:
        inside = frame(page)
        assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts allow-downloads"
        assert inside.evaluate("() => { try { return String(parent.document); } catch (no) { return no.name; } }") == (
            "SecurityError"
        )
        assert inside.locator("html").get_attribute("data-theme") == "light"
        inside.locator("#theme").click()
        assert inside.locator("html").get_attribute("data-theme") == "dark"
        assert page.url == HOME


def test_names_are_text(browser: Browser) -> None:
    """Whatever layers and classes are called, nothing of it runs, in the frame or in the notebook."""
    with notebook(browser, Session(hostile(PAYLOADS))) as page:
        inside = frame(page)
        inside.evaluate("() => { location.hash = '#panel=table&number=linear1[0]'; }")
        inside.locator("#panel-table tbody th").first.wait_for()
        shown = inside.locator("#panel-table tbody th").all_text_contents()
        assert [name for name in PAYLOADS if not set(name) & set("[]") and name not in shown] == []
        assert inside.locator("main script, main img, main iframe, main style, main form").count() == 0


def test_pictures_can_be_saved_from_it(browser: Browser) -> None:
    """What the page exports leaves the frame as a download."""
    with notebook(browser, small()) as page:
        inside = frame(page)
        inside.evaluate("() => { location.hash = '#panel=export'; }")
        with page.expect_download() as saved:
            inside.locator("#panel-export button:text-is('CSV')").click()
        assert saved.value.suggested_filename.endswith(".csv")


def test_silence_is_told(browser: Browser) -> None:
    """While Python does not answer the widget says so, and no longer when it does."""
    with notebook(browser, small(), silent=True) as page:
        notice = page.get_by_role("status").first
        notice.wait_for()
        assert "run its cell again" in (notice.text_content() or "")
        page.evaluate("() => window.speak()")
        notice.wait_for(state="hidden")


def test_a_widget_that_is_gone_listens_no_more(browser: Browser) -> None:
    """When its output is cleared, as by running a cell again, nothing of it is left behind."""
    with notebook(browser, small()) as page:
        frame(page)
        assert page.evaluate("() => { const [one] = window.shown; one.leave(); return one.listeners.size; }") == 0


# Python's side


def test_refusals_and_unknown_questions_are_answers() -> None:
    """Whatever is asked, there is one answer with the question's own number."""
    kernel = Kernel(small())
    for question, status in (
        ({"id": "v 1", "method": "GET", "path": "/api/network", "params": {}}, 200),
        ({"id": "v 2", "method": "GET", "path": "/api/nothing", "params": {}}, 404),
        ({"id": "v 3", "method": "POST", "path": "/api/run", "body": '{"sample": 99}'}, 400),
        ({"id": "v 4", "method": "POST", "path": "/api/run", "body": "{"}, 400),
        ({"id": "v 5"}, 404),
        ({"id": "v 6", "path": "page"}, 200),
    ):
        kernel.answering[0].hear(question)
        told, content = kernel.said.get(timeout=30)
        assert told == {"id": question["id"], "status": status}
        assert content[:1] == (b"<" if question.get("path") == "page" else b"{")


def test_explore_in_a_notebook_is_a_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a notebook's cell `net.explore(...)` is a value to be shown, which answers what its front asks."""
    import anywidget  # as the notebook that shows it has

    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    shown = small().net.explore(np.zeros((1, 1, 5, 5), np.float32))
    sent: queue.Queue[Any] = queue.Queue()
    monkeypatch.setattr(shown, "send", lambda told, content: sent.put((told, content)))
    shown._handle_custom_msg({"id": "v 1", "method": "GET", "path": "/api/network", "params": {}}, [])
    told, content = sent.get(timeout=30)
    assert isinstance(shown, anywidget.AnyWidget)
    assert told == {"id": "v 1", "status": 200}
    assert b"conv1" in content[0]
    assert "render" in shown.get_state()["_esm"]


def test_elsewhere_there_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script, and IPython in a terminal, are no notebooks: there the explorer is served."""
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not room.in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: None))
    assert not room.in_notebook()


def test_without_its_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setattr("pellucid.needs.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError) as refused:
        room.widget(small())
    assert str(refused.value) == (
        "the explorer in a notebook\n"
        "  got       no package 'anywidget' here\n"
        "  expected  the package 'anywidget'\n"
        '  fix       install it: pip install "pellucid[notebook]"'
    )

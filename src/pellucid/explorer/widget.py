"""The explorer in a notebook: the same page as a widget, whose questions Python answers where the notebook runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from ..needs import need
from .answering import Query, answer
from .api import doors
from .onefile.document import document
from .session import Session

FRONT = Path(__file__).parent / "notebook" / "front.js"
PAGE = "page"  # what a widget asks for first
HANDS = 2  # questions answered at once: a large run does not hold up a small one

Send = Callable[[dict[str, Any], list[bytes]], None]


def in_notebook() -> bool:
    """Return whether what is run here is a notebook's cell, whose last value is shown."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


def widget(session: Session) -> Any:
    """Return a widget that shows the explorer of a session; the last line of a cell shows it.

    Args:
        session: the network and its images.

    Raises:
        MissingPackageError: the package that makes widgets is not installed.
    """
    need("the explorer in a notebook", "notebook", "anywidget")
    return _kind()(session)


class Answering:
    """Answers a widget's questions, each in a thread, so that a cell can be run meanwhile.

    Args:
        session: what is asked about.
        send: takes an answer: what is told of it, and its bytes.
    """

    def __init__(self, session: Session, send: Send) -> None:
        self._doors = doors(session)
        self._send = send
        self._hands = ThreadPoolExecutor(HANDS, thread_name_prefix="pellucid-widget")

    def hear(self, question: Mapping[str, Any]) -> None:
        """Take a question: its id, method and path, and what belongs to it."""
        self._hands.submit(self._answer, question)

    def _answer(self, question: Mapping[str, Any]) -> None:
        number = str(question.get("id", ""))
        if question.get("path") == PAGE:
            self._send({"id": number, "status": 200}, [page().encode()])
            return
        params = {str(name): str(value) for name, value in dict(question.get("params") or {}).items()}
        query = Query(params, "application/json", str(question.get("body", "")).encode())
        status, said = answer(self._doors, str(question.get("method", "")), str(question.get("path", "")), query)
        self._send({"id": number, "status": status}, [said.content])


@cache
def page() -> str:
    """Return the page as it stands in a widget's frame."""
    return document("notebook/inside.js", {}, base="about:srcdoc")


@cache
def _kind() -> type:
    """Return the class of widgets, made when the first one is: notebooks' packages are slow to import."""
    import anywidget

    class Explorer(anywidget.AnyWidget):
        """The explorer of one session."""

        _esm = FRONT.read_text(encoding="utf-8")

        def __init__(self, session: Session) -> None:
            super().__init__()
            self._answering = Answering(session, lambda told, content: self.send(told, content))
            self.on_msg(self._hear)

        def _hear(self, widget: Any, question: Mapping[str, Any], buffers: Any) -> None:
            self._answering.hear(question)

    return Explorer

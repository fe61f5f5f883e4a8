"""The explorer's server: on this machine only, for one person, until Ctrl-C."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn
from numpy.typing import ArrayLike

from ..engines import Engine
from ..errors import ExplorerError
from ..network import Network
from ..train import Dataset
from . import api, assets
from .answering import Door
from .drawing import Drawing
from .gate import Gate, Keys
from .pixels import Pixels
from .routes import application
from .session import Session
from .widget import in_notebook, widget

HEADER_LIMIT = 32 << 10  # bytes of a request's line and headers
PATIENCE = 1  # seconds given to answers under way when the explorer ends


class _Ending(logging.Filter):
    """Keeps quiet about answers that are given up because the explorer ends."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, asyncio.CancelledError) and not str(record.msg).startswith("Cancel ")


ENDING = _Ending()


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def serve(
    net: Network,
    *,
    images: Any = None,
    labels: ArrayLike | None = None,
    classes: Sequence[str] | None = None,
    title: str | None = None,
    port: int = 0,
    browser: bool = True,
    out: Callable[[str], None] = print,
    engine: str | Engine | None = None,
    drawing: Drawing | None = None,
    hint: str = "",
    data: tuple[Dataset, Dataset] | None = None,
    numbers: Mapping[str, float] | None = None,
    other: Network | None = None,
    pixels: Pixels | None = None,
    pictured: bool = False,
) -> None:
    """Serve the explorer on `net` until Ctrl-C or SIGTERM.

    Args:
        net: the network.
        images: (N, C, H, W) to choose from, or one (C, H, W); None: an image of noise.
        labels: (N,) each image's class.
        classes: the classes' names; None: the network's own, or numbers.
        title: what the page is called; None: the network's name.
        port: 0 to 65535; 0 is any free one.
        browser: open the page in the browser.
        out: what is told the page's address, with its token, on a line of its own.
        engine: what runs the network.
        drawing: makes the network's input of a bitmap (height, width) of 0 (paper) to 1 (ink); None: resize it.
        hint: what to know before drawing, for a person to read.
        data: (train, test) to train on in the page.
        numbers: the user's own number for each layer, by its name.
        other: a network that reads the same, to compare with this one in the page.
        pixels: what is done to the pixels of pictures, which are from 0 to 1; None: nothing.
        pictured: whether `images` are pictures to which that was done.

    Raises:
        ExplorerError: the port is taken, or may not be used.
        ShapeError, DataError: images, labels or classes that do not fit the network.
    """
    session = Session(
        net,
        images=images,
        labels=labels,
        classes=classes,
        title=title,
        engine=engine,
        drawing=drawing,
        hint=hint,
        data=data,
        numbers=numbers,
        other=other,
        pixels=pixels,
        pictured=pictured,
    )
    listener = _listen(port)
    keys = Keys()

    def ready() -> None:
        address = _address(listener)
        out(f"{address}/?token={keys.token}")
        if browser:
            once = f"{address}/?token={keys.code()}"  # a browser's command line is for all to read
            threading.Thread(target=webbrowser.open, args=(once,), daemon=True).start()

    server = _server(session, listener, keys, ready)
    with _ended_by_signals(server):
        _run_beside(server, listener)


def _run_beside(server: uvicorn.Server, listener: socket.socket) -> None:
    """Run a server in a thread, which has its own event loop, and whose answers the program's end does not wait for."""
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.2)
    finally:
        server.should_exit = True
        thread.join()


def explore(
    net: Network,
    images: Any = None,
    *,
    data: tuple[Dataset, Dataset] | None = None,
    numbers: Mapping[str, float] | None = None,
    port: int = 0,
    browser: bool = True,
) -> Any:
    """Return the explorer as a widget in a notebook; elsewhere serve it until Ctrl-C, see `serve`.

    In a notebook it is served too, if a port is named or no browser is to be opened.
    """
    if in_notebook() and port == 0 and browser:
        return widget(Session(net, images=images, data=data, numbers=numbers))
    return serve(net, images=images, data=data, numbers=numbers, port=port, browser=browser)


@contextmanager
def serving(session: Session, *, port: int = 0) -> Generator[str, None, None]:
    """Serve the explorer beside what goes on here; gives the page's address, token included.

    Raises:
        ExplorerError: the port is taken, or may not be used, or the server did not come up.
    """
    listener = _listen(port)
    keys, up = Keys(), threading.Event()
    server = _server(session, listener, keys, up.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    address = f"{_address(listener)}/?token={keys.token}"
    thread.start()
    try:
        if not up.wait(30):
            raise ExplorerError("explorer", got="no answer", expected="a server within 30 s", fix="try again")
        yield address
    finally:
        server.should_exit = True
        thread.join()


def every_door(session: Session) -> list[Door]:
    """Return everything that is answered: the page's files, and what it asks of `session`."""
    return [*assets.doors(assets.read_assets()), *api.doors(session)]


def guarded(session: Session, port: int, keys: Keys) -> Gate:
    """Return all that answers on `port`, behind its gate."""
    return Gate(application(every_door(session)), port, keys)


def _server(session: Session, listener: socket.socket, keys: Keys, ready: Callable[[], None]) -> _Server:
    config = uvicorn.Config(
        guarded(session, listener.getsockname()[1], keys),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",  # rude clients are answered, not reported
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=HEADER_LIMIT,
        timeout_graceful_shutdown=PATIENCE,
    )
    logging.getLogger("uvicorn.error").addFilter(ENDING)
    return _Server(config, ready)


def _listen(port: int) -> socket.socket:
    """Return a socket on this machine's own port."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ExplorerError("explorer", got=f"port {port!r}", expected="0 to 65535", fix="use port 0: any free one")
    # The protocol is named because asyncio turns Nagle's algorithm off only then; with it every answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere the option lets two programs share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError as error:
        listener.close()
        why = {
            errno.EADDRINUSE: "which another program uses",
            errno.EACCES: "which this user may not use",
        }.get(error.errno or 0, f"which cannot be used: {error.strerror}")
        raise ExplorerError(
            "explorer", got=f"port {port}, {why}", expected="a free port", fix="use port 0: any free one"
        ) from None
    return listener


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def _ended_by_signals(server: uvicorn.Server) -> Generator[None, None, None]:
    """Let Ctrl-C and SIGTERM end the server, not the program."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""The explorer as a process of its own: it starts, says where it is, and ends when it is told to."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pellucid import Network
from pellucid.errors import ExplorerError
from pellucid.explorer import serve
from pellucid.explorer.server import serving
from pellucid.explorer.session import Session
from pellucid.layers import Flatten, Linear

PROGRAM = """
from pellucid import Network
from pellucid.explorer import serve
from pellucid.layers import Flatten, Linear
serve(Network((1, 4, 4), [Flatten(), Linear(2)]), browser=False, out=lambda line: print(line, flush=True))
print("ended", flush=True)
"""
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/\?token=([\w-]{43})")


@contextmanager
def explorer(program: str = PROGRAM, **how: Any) -> Generator[tuple[subprocess.Popen[str], int, str], None, None]:
    """Start the explorer; gives the process, its port and its token."""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
    )
    try:
        assert process.stdout is not None
        found = ADDRESS.fullmatch(process.stdout.readline().strip())
        assert found, "the address stands on a line of its own"
        yield process, int(found[1]), found[2]
    finally:
        process.kill()
        process.communicate()


def ask(port: int, path: str, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    """Send one GET, and return the answer with its body read."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_the_browser_gets_a_code_that_opens_once(tmp_path: Path) -> None:
    """What stands on the browser's command line, for every user of the machine to read, is not the token."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/told.new && mv {tmp_path}/told.new {tmp_path}/told\n')
    browser.chmod(0o755)
    program = PROGRAM.replace("browser=False", "browser=True")
    with explorer(program, env={**os.environ, "BROWSER": f"{browser} %s"}) as (_, port, token):
        deadline = time.monotonic() + 20
        while not (tmp_path / "told").exists():
            assert time.monotonic() < deadline, "no browser was opened"
            time.sleep(0.02)
        address = (tmp_path / "told").read_text().strip()
        assert token not in address
        path = address.removeprefix(f"http://127.0.0.1:{port}")
        assert [ask(port, path).status for _ in range(2)] == [303, 401]


SLOW = """
import time
from pellucid import Network
from pellucid.explorer import serve
from pellucid.layers import Flatten, Linear

def slow(bitmap):
    print("drawing", flush=True)
    time.sleep(600)

net = Network((1, 4, 4), [Flatten(), Linear(2)])
serve(net, browser=False, drawing=slow, out=lambda line: print(line, flush=True))
print("ended", flush=True)
"""


def test_ctrl_c_waits_for_no_answer() -> None:
    """What is still being calculated is left behind, without a word."""
    with explorer(SLOW) as (process, port, token):
        asking = http.client.HTTPConnection("127.0.0.1", port)
        drawing = json.dumps({"drawing": {"width": 1, "height": 1, "pixels": "AA=="}})
        headers = {"content-type": "application/json", "cookie": f"pellucid-{port}={token}"}
        asking.request("POST", "/api/run", drawing, headers)
        assert process.stdout is not None
        assert process.stdout.readline() == "drawing\n"
        process.send_signal(signal.SIGINT)
        asking.close()
        assert process.communicate(timeout=120) == ("ended\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_and_ends_cleanly(number: signal.Signals) -> None:
    """The address is answered as soon as it is printed; Ctrl-C and SIGTERM end it soon, without a word, port free.

    Connections that say nothing, or are kept open, do not hold it up; the token stands in no log.
    """
    with explorer() as (process, port, token):
        silent = socket.create_connection(("127.0.0.1", port))
        silent.sendall(b"GET / HTTP/1.1\r\nHost:")
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        kept.request("GET", f"/?token={token}")
        answer = kept.getresponse()
        assert (answer.status, answer.getheader("location")) == (303, "/")
        answer.read()
        assert ask(port, "/").status == 401

        process.send_signal(number)
        out, complaints = process.communicate(timeout=10)
        silent.close()
        kept.close()
        assert (process.returncode, out, complaints) == (0, "ended\n", "")
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", port))


def test_it_listens_on_this_machine_only() -> None:
    """Other addresses of the machine find nobody there, not even the other loopback ones."""
    with explorer() as (_, port, _), pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


@pytest.mark.parametrize(
    "noise",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /api/run HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 100000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
        bytes(range(256)) * 10,
    ],
)
def test_malformed_requests_are_turned_away(noise: bytes) -> None:
    """What is no request, or too large a one, is refused in a few bytes; the explorer goes on answering others."""
    session = Session(Network((1, 4, 4), [Flatten(), Linear(2)]))
    with serving(session) as address:
        port = urlsplit(address).port
        assert port is not None
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            try:
                connection.sendall(noise)
                said = connection.recv(1000)
            except ConnectionError:
                said = b""
        assert said == b"" or said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403", b"HTTP/1.1 505")), said
        assert ask(port, "/").status == 401


def test_many_at_once_are_answered() -> None:
    """Hundreds of connections that say nothing hold nobody up, nor do a hundred requests at once."""
    session = Session(Network((1, 4, 4), [Flatten(), Linear(2)]))
    with serving(session) as address:
        port, token = int(urlsplit(address).port or 0), urlsplit(address).query
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
        for connection in silent:
            connection.sendall(b"GET /?x=")
        cookie = (ask(port, f"/?{token}").getheader("set-cookie") or "").split(";")[0]
        statuses: list[int] = []
        threads = [
            threading.Thread(target=lambda: statuses.append(ask(port, "/api/network", {"cookie": cookie}).status))
            for _ in range(100)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [200] * 100
        for connection in silent:
            connection.close()


def test_a_port_in_use_is_an_error_that_says_so() -> None:
    """The error names the port and the way out."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ExplorerError) as caught:
            serve(Network(2, [Linear(2)]), port=port, browser=False)
    assert str(caught.value) == (
        "explorer\n"
        f"  got       port {port}, which another program uses\n"
        "  expected  a free port\n"
        "  fix       use port 0: any free one"
    )


@pytest.mark.parametrize("port", [-1, 65536, True, "80", 1.5])
def test_a_port_that_is_none_is_refused(port) -> None:
    """Ports are whole numbers from 0 to 65535."""
    with pytest.raises(ExplorerError, match="expected  0 to 65535"):
        serve(Network(2, [Linear(2)]), port=port, browser=False)


def test_a_session_ends_with_its_block() -> None:
    """What is served beside other work is gone when the block ends."""
    with serving(Session(Network(2, [Linear(2)]))) as address:
        port = urlsplit(address).port
        assert port is not None
        assert ask(port, "/").status == 401
    started = time.monotonic()
    while time.monotonic() - started < 5:
        try:
            ask(port, "/")
        except OSError:
            return
    raise AssertionError("the server is still there")

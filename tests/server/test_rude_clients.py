"""Clients that are slow, greedy or broken hold up nobody else, cost little, and are told so in a line."""

from __future__ import annotations

import http.client
import random
import re
import select
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import pytest

from pellucid.explorer.gate import BODY_LIMIT
from pellucid.explorer.server import HEADER_LIMIT

from .test_process import ask, explorer

MEMORY = 512 << 10  # KiB that the explorer may ever have taken


class Rudeness(NamedTuple):
    """How many of each."""

    silent: int  # connections that send a byte now and then
    requests: int  # of clients that are in their right
    parallel: int
    body: int  # bytes of a body that does not end
    malformed: int


COUNTS = [
    pytest.param(Rudeness(40, 400, 10, 8 * BODY_LIMIT, 300), id="few"),
    pytest.param(Rudeness(500, 10_000, 50, 64 * BODY_LIMIT, 10_000), id="many", marks=pytest.mark.slow),
]
GOOD = b"GET /api/network HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\nConnection: close\r\n\r\n"


def send(port: int, request: bytes) -> bytes:
    """Send bytes, and return the beginning of what comes back, if anything does."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(4000)
        except ConnectionError:
            return b""


def malformed(port: int, count: int) -> Iterator[bytes]:
    """A good request, damaged: bytes changed, left out, put in twice, or all of it noise."""
    chance = random.Random(0)
    good = GOOD % port
    for number in range(count):
        if number % 4 == 0:
            yield chance.randbytes(chance.randrange(1, 400))
            continue
        request = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(request))
            piece = [b"", bytes([chance.randrange(256)]), request[at : at + 20] * 2, b"\r\n", b"\0"][
                chance.randrange(5)
            ]
            request[at : at + chance.randrange(1, 4)] = piece
        yield bytes(request)


def endless_body(port: int, cookie: str, most: int) -> tuple[bytes, int]:
    """Send a body in pieces until the answer comes; gives the answer's beginning and how much was sent."""
    head = f"POST /api/run HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(head.encode())
        try:
            while sent < most and not select.select([connection], [], [], 0)[0]:
                connection.sendall(piece)
                sent += 1 << 16
        except ConnectionError:
            pass
        try:
            return connection.recv(4000), sent
        except ConnectionError:
            return b"", sent


def taken(process: int) -> int:
    """The most memory that a process has had, in KiB; 0 where the system does not tell."""
    status = Path(f"/proc/{process}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) if found else 0


@pytest.mark.parametrize("counts", COUNTS)
def test_rude_clients_harm_nobody(counts: Rudeness) -> None:
    """While some dawdle, flood, send too much or send rubbish, good requests are answered, and nothing is logged."""
    with explorer() as (process, port, token), ExitStack() as open_still:
        cookie = (ask(port, f"/?token={token}").getheader("set-cookie") or "").split(";")[0]
        silent = [open_still.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(counts.silent)]
        for connection in silent:
            connection.sendall(b"GET / HTTP/1.1\r\nX: ")

        def dawdle() -> None:
            for connection in silent:
                connection.sendall(b"a")

        def polite(each: int) -> list[int]:
            statuses: list[int] = []
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as client:
                for _ in range(each):
                    client.request("GET", "/api/network", headers={"cookie": cookie})
                    answer = client.getresponse()
                    answer.read()
                    statuses.append(answer.status)
            return statuses

        with ThreadPoolExecutor(counts.parallel) as pool:
            each = counts.requests // counts.parallel
            waiting = [pool.submit(polite, each) for _ in range(counts.parallel)]
            dawdle()
            answers = [send(port, noise) for noise in malformed(port, counts.malformed)]
            dawdle()
            said, sent = endless_body(port, cookie, counts.body)
            long_header = send(port, b"GET / HTTP/1.1\r\nX: " + b"a" * (1 << 20) + b"\r\n\r\n")
            long_line = send(port, b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\n\r\n")
            assert [future.result() for future in waiting] == [[200] * each] * counts.parallel

        assert said.startswith(b"HTTP/1.1 413")
        assert sent <= BODY_LIMIT + (16 << 20), "much was taken in before it was refused"
        for answer in (long_header, long_line):
            assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))
        wrong = [
            answer for answer in answers if answer and not re.match(rb"HTTP/1\.1 (400|401|403|404|405|501|505)", answer)
        ]
        assert wrong == []
        open_still.close()
        assert ask(port, "/api/network", {"cookie": cookie}).status == 200
        assert taken(process.pid) < MEMORY

        process.send_signal(signal.SIGINT)
        out, complaints = process.communicate(timeout=60)
        assert (process.returncode, out, complaints) == (0, "ended\n", "")
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", port))


def test_the_limits_are_told() -> None:
    """docs/safety.md says how much is taken in."""
    told = (Path(__file__).parents[2] / "docs" / "safety.md").read_text("utf-8")
    assert f"A body of more than {BODY_LIMIT >> 20} MiB, a header of more than {HEADER_LIMIT >> 10} KiB" in told

"""Every route there is, whoever added it: closed to strangers, its answers sealed, and reading changes nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from pellucid import Network
from pellucid.explorer.gate import HEADERS, Keys
from pellucid.explorer.server import every_door
from pellucid.explorer.session import Session
from pellucid.layers import Linear

from .conftest import HOST, PORT

DOORS = every_door(Session(Network(2, [Linear(2)])))
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
# What a question may come with; each door takes what it knows of it.
QUERY = "run=sample-0&parts=0:0:1&layer=1&node=1&index=0,0,0&channel=0&sample=0&first=0&count=2&name=conv1"


def paths() -> list[str]:
    """The path of every door, and one that leads nowhere."""
    return sorted({door.path.replace("{name:path}", "js/main.js") for door in DOORS} | {"/nothing"})


PATHS = paths()
STRANGE_HOSTS = [
    "evil.example",
    f"evil.example:{PORT}",
    f"127.0.0.1.nip.io:{PORT}",
    f"localhost.evil:{PORT}",
    f"localhost.:{PORT}",
    f"LOCALHOST:{PORT}",
    f"user@127.0.0.1:{PORT}",
    f"127.0.0.1:{PORT + 1}",
    "127.0.0.1",
    f"127.0.0.2:{PORT}",
    f"127.1:{PORT}",
    f"0.0.0.0:{PORT}",
    f"[::]:{PORT}",
    f"::1:{PORT}",
    f"[::ffff:127.0.0.1]:{PORT}",
    f"{HOST}, evil.example",
    f" {HOST}/",
    f"2130706433:{PORT}",
    f"0x7f000001:{PORT}",
    "",
]
STRANGE_ORIGINS = [
    "http://evil.example",
    "null",
    f"http://127.0.0.1.evil:{PORT}",
    f"http://127.0.0.1:{PORT + 1}",
    f"http://{HOST}.evil",
    f"https://{HOST}",
    f"HTTP://{HOST}",
    f"http://localhost:{PORT}",
    "",
]


def refused(answer, status: int) -> None:
    """Require that an answer says no and nothing else."""
    assert answer.status_code == status
    if answer.request.method != "HEAD":
        assert set(answer.json()) == {"error"}
        assert set(answer.json()["error"]) == {"where", "got", "expected", "fix"}
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert "set-cookie" not in answer.headers


def digest(session: Session) -> str:
    """What a session is, in a few letters: its weights, its runs and its structure."""
    state = hashlib.sha256(repr((session.runs, session.net.code())).encode())
    for name in sorted(session.net.weights):
        state.update(name.encode() + session.net.weights[name].tobytes())
    return state.hexdigest()


def everything(client: TestClient) -> Iterator[tuple[str, str]]:
    """Every method of every path, with a query and without."""
    for method in METHODS:
        for path in PATHS:
            yield method, path
            yield method, f"{path}?{QUERY}"


def test_all_doors_are_here() -> None:
    """The table has the page, its files, and what is asked for; a path stands in it once a method."""
    assert {"/", "/static/js/main.js", "/api/network", "/api/run"} <= set(PATHS)
    assert len({(door.method, door.path) for door in DOORS}) == len(DOORS)
    assert all(re.fullmatch(r"/|/static/\{name:path\}|/api/[a-z/-]+", door.path) for door in DOORS)


@pytest.mark.parametrize("host", STRANGE_HOSTS)
def test_another_host_is_refused(client: TestClient, session: Session, host: str) -> None:
    """A rebound name, another port, or any other way to write it gets 403, whatever is asked, even with the cookie."""
    before = digest(session)
    for path in PATHS:
        for method in ("GET", "POST"):
            refused(client.request(method, path, headers={"host": host}, json={"sample": 0}), 403)
    assert digest(session) == before


@pytest.mark.parametrize("origin", STRANGE_ORIGINS)
def test_another_origin_is_refused(client: TestClient, session: Session, origin: str) -> None:
    """A request from another page gets 403, and never a word that would let that page read it; nothing changes."""
    before = digest(session)
    for path in PATHS:
        for method in METHODS:
            refused(client.request(method, path, headers={"origin": origin}, json={"sample": 0}), 403)
    assert digest(session) == before


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_foreign_form_can_send_is_refused(
    client: TestClient, session: Session, media_type: str, site: str
) -> None:
    """A form of another page that says no origin, as a browser sends it unasked, gets 403."""
    before = digest(session)
    for path in PATHS:
        headers = {"sec-fetch-site": site, "content-type": media_type}
        refused(client.post(path, headers=headers, content=b'{"sample": 0}'), 403)
    assert digest(session) == before


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""])
def test_what_changes_something_takes_json_only(client: TestClient, session: Session, media_type: str) -> None:
    """What a page can send without asking first changes nothing, even if it came from our own page."""
    before = digest(session)
    for door in DOORS:
        if door.method == "POST":
            answer = client.post(door.path, headers={"content-type": media_type}, content=b'{"sample": 0}')
            refused(answer, 400)
            assert "content type" in answer.json()["error"]["where"]
    assert digest(session) == before


@pytest.mark.parametrize("cookie", [None, "", "wrong", "token", "old"])
def test_without_the_token_nothing_is_answered(stranger: TestClient, keys: Keys, cookie: str | None) -> None:
    """No cookie, an empty, a wrong one, another explorer's, or one of an explorer that has ended: 401."""
    value = Keys().token if cookie == "old" else cookie
    headers = {} if value is None else {"cookie": f"pellucid-{PORT}={value}; pellucid-{PORT + 1}={keys.token}"}
    for path in PATHS:
        for method in METHODS:
            refused(stranger.request(method, path, headers=headers, json={"sample": 0}), 401)


def test_a_socket_is_closed_before_its_first_frame(client: TestClient) -> None:
    """There are no web sockets: whoever opens one is turned away at the gate, cookie or not, whatever the path."""
    for path in PATHS:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(path):
            pass


def test_reading_changes_nothing(client: TestClient, session: Session) -> None:
    """Whatever is read, with whatever query, network and runs stay as they are."""
    client.post("/api/run", json={"sample": 0})
    before = digest(session)
    answered = 0
    for path in PATHS:
        for query in ("", f"?{QUERY}"):
            answered += client.get(path + query).status_code == 200
    assert answered > 3
    assert digest(session) == before


def test_a_door_takes_its_own_method_only(client: TestClient) -> None:
    """Any other method gets 405, and 404 where there is no door."""
    known = {(door.method, door.path.replace("{name:path}", "js/main.js")) for door in DOORS}
    for path in PATHS:
        allowed = {method for method, door in known if door == path}
        for method in set(METHODS) - allowed - ({"HEAD"} if "GET" in allowed else set()):
            assert client.request(method, path, json={}).status_code == (405 if allowed else 404), (method, path)


def test_every_answer_carries_the_headers(client: TestClient, keys: Keys) -> None:
    """Answers and refusals alike forbid foreign code, framing, guessing of types, referrers and keeping; once each.

    None of them holds the token.
    """
    for method, path in everything(client):
        answer = client.request(method, path)
        found = {name: answer.headers.get_list(name) for name in HEADERS}
        assert found == {name: [value] for name, value in HEADERS.items()}, (method, path)
        assert answer.headers.get("content-type"), (method, path)
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert keys.token not in answer.text + str(answer.headers)


def test_an_error_tells_nothing_of_the_machine(client: TestClient) -> None:
    """Wrong questions are answered with our words: no path of a file, no line of a program."""
    for door in DOORS:
        for query in ("", "?run=%00", f"?{QUERY}&index=9,9,9", "?run=../../etc/passwd&layer=-1", "?parts=::&layer=1e9"):
            answer = client.request(door.method, door.path + query, json={"sample": -1, "layer": "x", "run": []})
            assert answer.status_code in (200, 400, 404, 409, 422), (door.path, query, answer.text)
            if answer.status_code != 200:
                assert not re.search(r"Traceback|\.py\b|/home/|/usr/|site-packages", answer.text), answer.text

"""Nobody but the user's own page gets an answer, and every answer says what the page may do."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from pellucid.errors import ExplorerError
from pellucid.explorer import gate
from pellucid.explorer.answering import Answer, Door, Protection
from pellucid.explorer.gate import BODY_LIMIT, HEADERS, Gate, Keys
from pellucid.explorer.routes import application
from pellucid.explorer.server import every_door
from pellucid.explorer.session import Session

from .conftest import HOST, PORT, ask_raw


@pytest.mark.parametrize("host", [HOST, f"localhost:{PORT}", f"[::1]:{PORT}"])
def test_names_of_this_machine_pass(client: TestClient, keys: Keys, host: str) -> None:
    """The three names of this machine are answered."""
    cookie = {"cookie": f"pellucid-{PORT}={keys.token}"}
    assert client.get("/api/network", headers={"host": host, **cookie}).status_code == 200


async def never(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand in for an application that must not be reached."""
    raise AssertionError("the gate let a request through")


@pytest.mark.parametrize("hosts", [[], [HOST, HOST], [HOST, "evil.example"]])
def test_no_host_or_two_are_refused(keys: Keys, hosts: list[str]) -> None:
    """A request must say exactly once where it goes."""
    messages = ask_raw(Gate(never, PORT, keys), "/", [("host", host) for host in hosts])
    assert messages[0]["status"] == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "evil"])
def test_a_request_that_another_site_made_is_refused(client: TestClient, keys: Keys, site: str) -> None:
    """Without an origin, what the browser says about the request's site decides; a link with the token too."""
    assert client.get("/api/network", headers={"sec-fetch-site": site}).status_code == 403
    assert client.get(f"/?token={keys.token}", headers={"sec-fetch-site": site}).status_code == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_page_and_a_typed_address_pass(client: TestClient, site: str) -> None:
    """The page's own requests, and an address that was typed, are answered."""
    headers = {"sec-fetch-site": site, "origin": f"http://{HOST}"}
    assert client.get("/api/network", headers=headers).status_code == 200


def test_the_token_becomes_a_cookie(stranger: TestClient, keys: Keys) -> None:
    """The printed address leads to the page without the token in it, and a cookie that no script sees."""
    answer = stranger.get("/", params={"token": keys.token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"pellucid-{PORT}=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    page = stranger.get("/")
    assert page.status_code == 200
    assert keys.token not in page.text


@pytest.mark.parametrize("query", ["token=", "token=x", "token=%00", "token=%ff", "token", "TOKEN=x", "x=1"])
def test_a_wrong_token_opens_nothing(stranger: TestClient, query: str) -> None:
    """Anything but the token is refused, and sets no cookie."""
    answer = stranger.get(f"/?{query}")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/api/network", "/static/js/main.js"])
def test_the_token_opens_only_the_page(stranger: TestClient, keys: Keys, path: str) -> None:
    """The token in another address does not open it: it would stay in logs and histories."""
    assert stranger.get(path, params={"token": keys.token}).status_code == 401


def test_the_token_is_long_and_new(keys: Keys) -> None:
    """At least 128 bits, written in letters that fit an address, another for each explorer."""
    assert re.fullmatch(r"[\w-]{43}", keys.token)  # 256 bits
    assert len({Keys().token for _ in range(50)}) == 50


def test_secrets_are_compared_in_constant_time(
    stranger: TestClient, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every secret that comes, in a cookie or the address, goes through the comparison that always takes as long."""
    compared: list[bytes] = []
    monkeypatch.setattr(gate.hmac, "compare_digest", lambda secret, other: compared.append(secret) or False)
    keys.code()
    for secret in ("x", keys.token):
        assert stranger.get("/", headers={"cookie": f"pellucid-{PORT}={secret}"}).status_code == 401
        assert stranger.get("/", params={"token": secret}).status_code == 401
    token = keys.token.encode()
    assert compared == [
        b"x",
        b"x",
        b"x",
        token,
        token,
        token,
    ]  # in the cookie; in the address, with the code and the token


def test_a_code_opens_once(stranger: TestClient, keys: Keys) -> None:
    """What stands on the browser's command line is spent when others read it."""
    code = keys.code()
    assert stranger.get("/", params={"token": code}).status_code == 303
    stranger.cookies.clear()
    assert stranger.get("/", params={"token": code}).status_code == 401


def test_refusals_carry_the_headers_too(stranger: TestClient) -> None:
    """So do 401 and 403."""
    for headers in ({}, {"host": "evil.example"}):
        answer = stranger.get("/", headers=headers)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_the_policy_allows_nothing_foreign() -> None:
    """The page loads nothing from elsewhere, and runs no script but its own files."""
    policy = dict(part.split(" ", 1) for part in HEADERS["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in HEADERS["content-security-policy"]


@pytest.mark.parametrize("size", [BODY_LIMIT + 1, 2 * BODY_LIMIT])
def test_a_large_body_is_refused(client: TestClient, size: int) -> None:
    """A body beyond the limit gets 413, whether it says its size or comes in pieces."""
    assert client.post("/api/run", content=b"x" * size).status_code == 413
    pieces = (b"x" * (1 << 16) for _ in range(size // (1 << 16) + 1))
    assert client.post("/api/run", content=pieces).status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 40, "x"])
def test_a_length_that_is_none_is_refused(client: TestClient, length: str) -> None:
    """A content length that is not a number, or beyond the limit, gets 413 before anything is read."""
    assert client.post("/api/run", content=b"{}", headers={"content-length": length}).status_code == 413


def test_an_undeclared_route_stops_the_start(session: Session) -> None:
    """A route whose protection nobody declared is named, and nothing is served."""
    table = [*every_door(session), Door("/open", "GET", lambda query: Answer(b"secret"))]
    with pytest.raises(ExplorerError) as caught:
        application(table)
    assert str(caught.value) == (
        "route GET /open\n"
        "  got       no declared protection\n"
        "  expected  one of Protection.TOKEN\n"
        "  fix       declare it in the table of routes"
    )


def test_an_unknown_method_stops_the_start() -> None:
    """Routes answer GET, which changes nothing, or POST."""
    with pytest.raises(ExplorerError, match="method PATCH"):
        application([Door("/x", "PATCH", lambda query: Answer(b""), Protection.TOKEN)])


def test_nothing_but_the_table_is_served(session: Session) -> None:
    """The application has the routes of the table, each with its one method, and no others."""
    table = every_door(session)
    app = application(table)
    assert isinstance(app, Starlette)
    served = {(route.path, method) for route in app.routes for method in route.methods - {"HEAD"}}  # pyright: ignore
    assert served == {(door.path, door.method) for door in table}

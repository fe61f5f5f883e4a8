"""Who may talk to the explorer: the browser of the person who started it, and nobody else.

Listening on 127.0.0.1 is no boundary: any page in the same browser can send requests there, and with DNS rebinding it
can read the answers. So every request, whatever its path, must name this host, come from this origin, and carry a
secret that only the printed address holds. Every answer forbids the page to load or run anything that is not ours.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable
from urllib.parse import parse_qs

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 12 << 20  # bytes; a picture of two million pixels needs nearly all of it

HEADERS: dict[str, str] = {
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    ),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Keys:
    """The secrets that open one explorer: its token, and codes that open it a single time.

    A code is for a command line, where other users of the machine can read it: by then it is spent.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)  # 256 bits
        self._codes: set[str] = set()

    def code(self) -> str:
        """Return a new code that opens the explorer once."""
        code = secrets.token_urlsafe(32)
        self._codes.add(code)
        return code

    def holds(self, secret: str) -> bool:
        """Return whether `secret` is the token; takes as long for a nearly right one as for any other."""
        return hmac.compare_digest(secret.encode(), self.token.encode())

    def opens(self, secret: str) -> bool:
        """Return whether `secret` is the token or an unspent code, and spend the code."""
        for code in tuple(self._codes):
            if hmac.compare_digest(secret.encode(), code.encode()):
                self._codes.discard(code)
                return True
        return self.holds(secret)


class Gate:
    """Lets through what may pass to `app`, and puts the headers on every answer, refusals among them.

    Args:
        app: what answers.
        port: the port that the explorer listens on.
        keys: the secrets.
    """

    def __init__(self, app: ASGIApp, port: int, keys: Keys) -> None:
        self._app = app
        self._keys = keys
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        self.cookie = f"pellucid-{port}"  # cookies know no ports: two explorers must not share a name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        seal = _sealed(send)
        refusal = self._stranger(scope)
        if refusal is not None:
            await _refuse(seal, 403, *refusal)
        elif _carries_token(scope) or not self._keys.holds(self._cookie(scope)):
            await self._enter(scope, seal)
        else:
            body = await _body(scope, receive)
            if body is None:
                await _refuse(seal, 413, "a larger body", f"at most {BODY_LIMIT} bytes", "send less")
            else:
                await self._app(scope, _replay(body, receive), seal)

    def _stranger(self, scope: Scope) -> tuple[str, str, str] | None:
        """Return what is wrong with where a request comes from: what came, what was expected, the fix."""
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return "a request to another host", "this explorer's own address", "open the printed address"
        if any(origin != f"http://{hosts[0]}" for origin in _values(scope, b"origin")):
            return "a request from another page", "this explorer's own page", "open the printed address"
        if any(site not in ("same-origin", "none") for site in _values(scope, b"sec-fetch-site")):
            return (
                "a request from another page",
                "this explorer's own page",
                "paste the printed address into the browser",
            )
        return None

    def _cookie(self, scope: Scope) -> str:
        pairs = cookie_parser("; ".join(_values(scope, b"cookie")))
        return pairs.get(self.cookie, "")

    async def _enter(self, scope: Scope, send: Send) -> None:
        """Trade the token of the printed address for a cookie, so that it does not stay in the address bar."""
        secret = "".join(_query(scope).get("token", []))
        if not _carries_token(scope) or not self._keys.opens(secret):
            await _refuse(send, 401, "no token, or an old one", "this explorer's token", "open the printed address")
            return
        cookie = f"{self.cookie}={self._keys.token}; HttpOnly; SameSite=Strict; Path=/"
        await _answer(send, 303, b"", {"location": "/", "set-cookie": cookie})


def _query(scope: Scope) -> dict[str, list[str]]:
    return parse_qs(scope["query_string"].decode("latin-1"))


def _carries_token(scope: Scope) -> bool:
    return scope["method"] == "GET" and scope["path"] == "/" and "token" in _query(scope)


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """Return the whole body, or None as soon as it is too large."""
    if any(not length.isdigit() or int(length) > BODY_LIMIT for length in _values(scope, b"content-length")):
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body that was read, then what else comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _sealed(send: Send) -> Send:
    """Return a `send` that adds the headers to every answer."""

    async def sealed(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *_encoded(HEADERS.items())]}
        await send(message)

    return sealed


def _encoded(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


async def _refuse(send: Send, status: int, got: str, expected: str, fix: str) -> None:
    said = {"where": "explorer", "got": got, "expected": expected, "fix": fix}
    await _answer(send, status, json.dumps({"error": said}).encode(), {"content-type": "application/json"})


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    encoded = _encoded([*headers.items(), ("content-length", str(len(body)))])
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})

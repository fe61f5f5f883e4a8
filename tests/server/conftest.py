"""A small session, and a client that stands where the browser of the explorer's user stands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from pellucid import Network
from pellucid.explorer.gate import Keys
from pellucid.explorer.server import guarded
from pellucid.explorer.session import Session
from pellucid.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU

Messages = list[dict[str, Any]]
PORT = 8123
HOST = f"127.0.0.1:{PORT}"


@pytest.fixture
def session() -> Session:
    """A small network with five images, three classes and labels."""
    layers = [Conv2d(4, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(3)]
    net = Network((1, 6, 4), layers, classes=["cat", "dog", "<b>bird</b>"])
    images = np.random.default_rng(0).random((5, 1, 6, 4), np.float32)
    return Session(net, images=images, labels=[0, 1, 2, 0, 1])


@pytest.fixture
def keys() -> Keys:
    """The secrets of the explorer."""
    return Keys()


def ask_raw(app: ASGIApp, path: str, headers: Sequence[tuple[str, str]]) -> Messages:
    """Send one GET to an application, path and headers as they are: a client would tidy them up."""
    sent: Messages = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }
    asyncio.run(app(scope, receive, send))  # pyright: ignore[reportArgumentType]
    return sent


@pytest.fixture
def stranger(session: Session, keys: Keys) -> TestClient:
    """A client that knows the address, but has no token."""
    return TestClient(guarded(session, PORT, keys), base_url=f"http://{HOST}", follow_redirects=False)


@pytest.fixture
def client(stranger: TestClient, keys: Keys) -> TestClient:
    """The user's client, that opened the printed address."""
    assert stranger.get("/", params={"token": keys.token}).status_code == 303
    return stranger

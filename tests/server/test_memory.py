"""What the explorer says when the memory ends."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient


def test_the_end_of_the_memory_is_told(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that does not fit the memory is an error like any other, and the explorer goes on."""

    def fail(*args: object, **options: object) -> None:
        raise MemoryError("Unable to allocate 8.00 GiB")

    with monkeypatch.context() as patch:
        patch.setattr("pellucid.explorer.session.trace", fail)
        answer = client.post("/api/run", json={"sample": 1})
    assert answer.status_code == 507
    assert answer.json()["error"] == {
        "where": "explorer",
        "got": "Unable to allocate 8.00 GiB",
        "expected": "a run that fits the memory",
        "fix": "explore a smaller network, or close programs",
    }
    assert client.post("/api/run", json={"sample": 1}).status_code == 200

"""Definitions that programs copy from our own files."""

from __future__ import annotations

import ast
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pellucid.formats.source import layout


def test_threads_never_parse_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython 3.11 would raise SystemError; a page asks about several layers at once. Each file is parsed once."""
    parse, alone, parsed = ast.parse, threading.Lock(), list[str]()

    def watched(text: str, *arguments: Any) -> Any:
        assert alone.acquire(blocking=False), "two threads parse at once"
        try:
            time.sleep(0.01)  # long enough for the others to come
            parsed.append(text)
            return parse(text, *arguments)
        finally:
            alone.release()

    monkeypatch.setattr(layout.ast, "parse", watched)
    monkeypatch.setattr(layout, "_trees", {})
    names = [f"{dialect}_definitions.py" for dialect in ("torch", "keras", "numpy")] * 4
    with ThreadPoolExecutor(len(names)) as pool:
        found = list(pool.map(lambda name: layout.definitions_of(name, ["same_padding"]), names))
    assert len(parsed) == 3
    assert found[:3] == found[3:6] == found[6:9]

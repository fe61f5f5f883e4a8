"""What checks the page's scripts is pinned: one version of each, the hash of what it holds, and nobody's address."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WANTED = json.loads((ROOT / "tools" / "package.json").read_text("utf-8"))["devDependencies"]
LOCK = (ROOT / "tools" / "package-lock.json").read_text("utf-8")
LOCKED = {name: facts for name, facts in json.loads(LOCK)["packages"].items() if name}


def test_each_tool_is_pinned_to_one_version() -> None:
    """What is asked for is a version, not a range, and the lock file has the same."""
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in WANTED.values())
    assert {name.removeprefix("node_modules/"): facts["version"] for name, facts in LOCKED.items()} == WANTED


def test_each_tool_is_known_by_its_hash() -> None:
    """The lock file has a hash of each tool, and names no place to fetch it from."""
    assert all(facts["integrity"].startswith("sha512-") for facts in LOCKED.values())
    assert "://" not in LOCK


def test_each_tool_has_its_reason() -> None:
    """docs/dependencies.md tells why each is here, and of no other."""
    section = (ROOT / "docs" / "dependencies.md").read_text("utf-8").partition("## Tools for the page's scripts")[2]
    assert sorted(re.findall(r"^- `([^`]+)` ", section, re.MULTILINE)) == sorted(WANTED)

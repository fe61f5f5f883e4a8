"""`pellucid cache`: what it tells of the cache of compiled objects, and that it removes nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pellucid.engines.native.cache import ObjectCache

KEYS = ("a" * 64, "b" * 64)


@pytest.fixture
def objects(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a cache with two entries of 1 MiB."""
    monkeypatch.setenv("PELLUCID_CACHE", str(folder / "objects"))
    for key in KEYS:
        ObjectCache().put(key, bytes(2**20))
    return folder / "objects"


def test_facts(pellucid, objects):
    """The folder, what state it is in, and how much there is, for people and for programs."""
    size = ObjectCache().size()
    assert json.loads(pellucid("cache", "--json").stdout) == {
        "folder": str(objects),
        "state": "in use",
        "got": None,
        "expected": None,
        "fix": None,
        "entries": 2,
        "bytes": size,
        "limit": 256 * 2**20,
        "removed": None,
    }
    lines = [line.split(maxsplit=1) for line in pellucid("cache").stdout.splitlines()]
    assert lines == [["folder", str(objects)], ["state", "in use"], ["entries", "2"], ["size", "2.0 of 256 MiB"]]


def test_clear(pellucid, objects):
    """--clear removes the entries and tells how many; what else lies in the folder stays."""
    (objects / "notes.txt").write_text("mine")
    result = pellucid("cache", "--clear")
    assert result.stdout.splitlines()[-1].split() == ["removed", "2"]
    assert sorted(path.name for path in objects.iterdir()) == ["notes.txt", "secret"]
    found = json.loads(pellucid("cache", "--clear", "--json").stdout)
    assert (found["entries"], found["bytes"], found["removed"]) == (0, 0, 0)


def test_a_refused_folder(pellucid, objects):
    """A folder that others can write to is told with what to do; --clear touches nothing in it, and is an error."""
    objects.chmod(0o777)
    found = json.loads(pellucid("cache", "--json").stdout)
    assert (found["state"], found["entries"], found["bytes"]) == ("refused", 0, 0)
    assert (found["got"], found["expected"]) == ("a folder that others can write to", "one closed to others")
    assert found["fix"] == f"chmod go-w {objects}"
    shown = pellucid("cache")
    assert shown.exit_code == 0
    assert f"fix       chmod go-w {objects}\n" in shown.stdout
    result = pellucid("cache", "--clear")
    assert result.exit_code == 2
    assert result.stderr == (
        f"error: cache folder {objects}\n"
        "  got       a folder that others can write to\n"
        "  expected  one closed to others\n"
        f"  fix       chmod go-w {objects}\n"
    )
    objects.chmod(0o700)
    assert set(ObjectCache().entries()) == set(KEYS)


def test_off(pellucid, objects, monkeypatch):
    """A cache that is off has nothing to show, and nothing to clear."""
    monkeypatch.setenv("PELLUCID_CACHE", "off")
    found = json.loads(pellucid("cache", "--json").stdout)
    assert (found["folder"], found["state"], found["entries"]) == (None, "off", 0)
    assert pellucid("cache").stdout.splitlines()[0].split(maxsplit=1) == ["folder", "none: PELLUCID_CACHE=off"]
    result = pellucid("cache", "--clear")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: pellucid cache --clear\n"
        "  got       a cache that is off, by PELLUCID_CACHE=off\n"
        "  expected  a cache in use\n"
        "  fix       unset PELLUCID_CACHE for this command, or name the folder in it\n"
    )

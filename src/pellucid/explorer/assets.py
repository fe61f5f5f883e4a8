"""The page's own files, read once at start-up: a request names one of them, and never becomes a path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import ExplorerError

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page: what it is, and what is in it."""

    media_type: str
    content: bytes


def read_assets() -> dict[str, Asset]:
    """Return every file under `static/` by its name, such as "js/main.js".

    Raises:
        ExplorerError: a file of a kind that the page does not have.

    >>> read_assets()["index.html"].media_type
    'text/html; charset=utf-8'
    """
    found: dict[str, Asset] = {}
    _collect(Path(__file__).parent / "static", "", found)
    return found


def _collect(folder: Path, prefix: str, found: dict[str, Asset]) -> None:
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            _collect(entry, f"{name}/", found)
            continue
        suffix = name[name.rfind(".") :]
        if suffix not in TYPES:
            raise ExplorerError(
                "explorer", got=f"the file {name}", expected=f"only {', '.join(TYPES)}", fix="reinstall pellucid"
            )
        found[name] = Asset(TYPES[suffix], entry.read_bytes())

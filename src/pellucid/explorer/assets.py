"""The page's own files, read once at start-up: a request names one of them, and never becomes a path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import ExplorerError, UnknownNameError
from .answering import Answer, Door, Protection, Query

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

MAIN = "js/main.js"
BASE = "css/base.css"  # before all other styles
FILES = b"<!-- styles and scripts -->"  # the place in the page where they are named


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
    found["index.html"] = _naming(found["index.html"], found)
    return found


def doors(assets: dict[str, Asset]) -> list[Door]:
    """Return the page and its files."""

    def page(query: Query) -> Answer:
        return Answer(assets["index.html"].content, assets["index.html"].media_type)

    def asset(query: Query) -> Answer:
        name = query.params["name"]
        if name not in assets:
            raise UnknownNameError(
                "explorer", got="a file that is not there", expected="a file of the page", fix="reload"
            )
        return Answer(assets[name].content, assets[name].media_type)

    return [
        Door("/", "GET", page, Protection.TOKEN),
        Door("/static/{name:path}", "GET", asset, Protection.TOKEN),
    ]


def _naming(page: Asset, found: dict[str, Asset]) -> Asset:
    """Return the page with all styles and scripts named in its head, so that none waits for another to name it."""
    styles = sorted((name for name in found if name.endswith(".css")), key=lambda name: (name != BASE, name))
    scripts = sorted(name for name in found if name.endswith(".js") and name != MAIN)
    lines = [
        *(f'<link rel="stylesheet" href="/static/{name}">' for name in styles),
        f'<script type="module" src="/static/{MAIN}"></script>',
        *(f'<link rel="modulepreload" href="/static/{name}">' for name in scripts),
    ]
    return Asset(page.media_type, page.content.replace(FILES, "\n".join(lines).encode()))


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

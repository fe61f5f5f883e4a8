"""The page as one document: its styles and scripts within it, a policy that names them by hash, and what it carries."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from ...errors import ExplorerError
from ..assets import BASE, FILES
from .scripts import joined

ROOM = Path(__file__).parent.parent


def document(first: str, carried: Mapping[str, str], *, base: str | None = None) -> str:
    """Return a page that needs nothing beside itself.

    Args:
        first: the module to begin with, such as "onefile/js/page.js".
        carried: pieces of text by name, which the page finds in elements of the id "carried-NAME"; of letters that
            mean nothing to a page.
        base: what addresses in the page are relative to, where that is not the page itself.

    Raises:
        ExplorerError: a piece, a style or a script holds what would end its element.
    """
    script = _harmless("script", joined(modules(), first))
    style = _harmless("style", "\n".join(_text(path) for path in _styles()))
    page = _text(ROOM / "static" / "index.html")
    icon = base64.b64encode((ROOM / "static" / "icon.svg").read_bytes()).decode()
    page = page.replace('src="/static/icon.svg"', f'src="data:image/svg+xml;base64,{icon}"')
    head = [
        *([] if base is None else [f'<base href="{base}">']),
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(script, style)}">',
        '<meta name="referrer" content="no-referrer">',
        f"<style>{style}</style>",
    ]
    pieces = [
        f'<script type="text/plain" id="carried-{name}">{_letters(name, text)}</script>'
        for name, text in carried.items()
    ]
    page = page.replace(FILES.decode(), "\n".join(head))
    return page.replace("</body>", "\n".join([*pieces, f'<script type="module">{script}</script>', "</body>"]))


def modules() -> dict[str, str]:
    """Return the text of every module by its path in the explorer's room."""
    return {path.relative_to(ROOM).as_posix(): _text(path) for path in sorted(ROOM.rglob("*.js"))}


def _styles() -> list[Path]:
    base = ROOM / "static" / BASE
    return [base, *(path for path in sorted((ROOM / "static").rglob("*.css")) if path != base)]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    """Return what the page may do: run this script, wear this style, and show pictures that are within it."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _harmless(element: str, text: str) -> str:
    """Return text that does not end the element that it stands in."""
    found = re.search(rf"</{element}|<!--", text, re.IGNORECASE)
    if found is not None:
        raise ExplorerError(
            f"page, its {element}", got=found[0], expected=f"nothing that ends a {element}", fix="write it in two parts"
        )
    return text


def _letters(name: str, text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9+/=]*", text) is None:
        raise ExplorerError(
            f"page, piece {name!r}", got="other characters", expected="base64: A-Z, a-z, 0-9, +, / and =", fix="pack it"
        )
    return text

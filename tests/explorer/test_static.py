"""The page's files keep the house's rules: no markup from strings, nothing from elsewhere, everything declared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pellucid.explorer
from pellucid.explorer.assets import read_assets
from pellucid.explorer.onefile.document import modules
from pellucid.explorer.onefile.scripts import joined

STATIC = Path(pellucid.explorer.__file__).parent / "static"
SCRIPTS = sorted(STATIC.rglob("*.js"))
FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())


def name(path: Path) -> str:
    """A file's name as the page calls it."""
    return path.relative_to(STATIC).as_posix()


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_scripts_make_no_markup_of_strings(path: Path) -> None:
    """Text is only ever text: nothing that parses markup or code is called."""
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|DOMParser|setHTML"
    assert not re.findall(forbidden, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_scripts_say_why_they_exist(path: Path) -> None:
    """Every script opens with a sentence."""
    assert re.match(r"// [A-Z].*[.:?;,\w]\n", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_comes_from_elsewhere(path: Path) -> None:
    """No file names an address outside the explorer, but for the names of XML."""
    found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"']*", path.read_text(encoding="utf-8"))
    assert [address for address in found if "www.w3.org/2000/svg" not in address] == []


def test_every_script_is_fetched_at_once() -> None:
    """The page names all scripts, so that none waits for another to name it; and all of them exist."""
    page = read_assets()["index.html"].content.decode()
    named = re.findall(r'(?:href|src)="/static/([^"]+)"', page)
    assert sorted(set(named)) == sorted(name(path) for path in FILES if path.name != "index.html")


def test_imports_lead_somewhere() -> None:
    """Every import names a script that is there and something that it exports."""
    for path in SCRIPTS:
        for names, target in re.findall(r'import \{([^}]+)\} from "([^"]+)"', path.read_text(encoding="utf-8")):
            source = (path.parent / target).resolve().read_text(encoding="utf-8")
            exported = set(re.findall(r"export (?:async )?(?:function|class|const|let) (\w+)", source))
            assert {one.split(" as ")[0].strip() for one in names.split(",")} <= exported, f"{path.name} from {target}"


def test_every_export_is_used() -> None:
    """No script exports what no other imports."""
    texts = {path: path.read_text(encoding="utf-8") for path in SCRIPTS}
    for path, text in texts.items():
        for export in re.findall(r"export (?:async )?(?:function|class|const|let) (\w+)", text):
            users = [other for other, told in texts.items() if other != path and re.search(rf"\b{export}\b", told)]
            assert users, f"nobody uses {export} of {path.name}"


def test_scripts_can_be_joined() -> None:
    """All scripts of a home become one, for pages without a server: imports run in no circle, and all have one form."""
    for first in ("static/js/main.js", "onefile/js/page.js", "notebook/inside.js"):
        assert "const static_js_start_js = " in joined(modules(), first)

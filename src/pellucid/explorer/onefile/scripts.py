"""The page's modules joined into one script, so that one file can hold them and its policy can name them by a hash.

Each module becomes a function that is called once, after those that it imports from, and returns what it exports. That
works for modules written as the page's are: imports and exports begin a line, by names, and nothing runs in circles.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from ...errors import ExplorerError

IMPORT = re.compile(r'^import (?:\{(?P<names>[^}]*)\} from )?"(?P<path>\./[^"]+|\.\./[^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE)
NOTHING = re.compile(r"^export \{\};\n", re.MULTILINE)
OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def joined(modules: Mapping[str, str], first: str) -> str:
    r"""Return one script that does what the module `first` does.

    Args:
        modules: the text of each module by its path, such as "static/js/dom.js".
        first: the path of the module to begin with.

    Raises:
        ExplorerError: a module imports in a circle, or what is not there, or is written in a way not known here.

    >>> print(joined({"a.js": 'import { b } from "./b.js";\nb();', "b.js": "export const b = () => 1;"}, "a.js"))
    const b_js = (() => {
    const b = () => 1;
    return { b };
    })();
    const a_js = (() => {
    const { b } = b_js;
    b();
    return {};
    })();
    <BLANKLINE>
    """
    order: list[str] = []
    _visit(modules, first, (), order)
    return "".join(_called(path, modules[path]) for path in order)


def _visit(modules: Mapping[str, str], path: str, above: tuple[str, ...], order: list[str]) -> None:
    """Put a module into the order, behind everything that it imports from."""
    if path in above:
        raise _wrong(path, "an import of itself, by way of " + ", ".join(above[above.index(path) + 1 :]), "no circles")
    if path not in modules:
        raise _wrong(above[-1] if above else path, f"an import of {path}", "a module that is there")
    if path in order:
        return
    for found in IMPORT.finditer(modules[path]):
        _visit(modules, _resolved(path, found["path"]), (*above, path), order)
    order.append(path)


def _called(path: str, text: str) -> str:
    """Return a module as a constant that holds what it exports."""
    exported = [found["name"] for found in EXPORT.finditer(text)]
    body = EXPORT.sub("", NOTHING.sub("", text))
    body = IMPORT.sub(lambda found: _taken(path, found), body)
    left = OTHER.search(body)
    if left is not None:
        raise _wrong(path, left[0], 'import { ... } from "./...", and export before a function, a class or a const')
    return f"const {_named(path)} = (() => {{\n{body.rstrip()}\nreturn {{ {', '.join(exported)} }};\n}})();\n".replace(
        "{  }", "{}"
    )


def _taken(path: str, found: re.Match[str]) -> str:
    """Return an import as a constant that takes the names apart."""
    if not found["names"]:
        return ""
    names = [name.strip().replace(" as ", ": ") for name in found["names"].split(",") if name.strip()]
    return f"const {{ {', '.join(names)} }} = {_named(_resolved(path, found['path']))};\n"


def _resolved(path: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def _named(path: str) -> str:
    return re.sub(r"\W", "_", path)


def _wrong(path: str, got: str, expected: str) -> ExplorerError:
    return ExplorerError(f"script {path}", got=got, expected=expected, fix="write the module so")

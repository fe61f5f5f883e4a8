"""The house keeps its plan: who imports whom, what importing costs, and how long files are."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "pellucid"
FILES = sorted(SOURCE.rglob("*.py"))

# What each room may import, at the top of a file or inside a function. Rooms are listed from the ground up.
BASE = {"arrays", "checks", "errors", "window", "field", "random", "disk", "words", "needs"}
CORE = BASE | {"layers", "weights", "wiring", "network"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "checks": {"errors"},
    "window": {"checks", "errors"},
    "field": {"window"},
    "random": {"errors"},
    "disk": set(),
    "words": set(),
    "needs": {"errors"},
    "arrays": {"errors"},
    "images": {"errors"},
    "layers": BASE,
    "weights": BASE | {"layers"},
    "wiring": {"errors", "layers"},
    "network": BASE | {"layers", "weights", "wiring"},
    "zoo": CORE,
    "engines": CORE,
    "formats": CORE
    | {
        "engines",
        "zoo",
    },  # weights go into a network of the zoo; what an engine runs in its framework is what is saved for that framework
    "explain": CORE | {"engines"},
    "train": CORE | {"engines", "formats", "images"},  # arrays in checked archives
    "comparison": CORE | {"engines", "explain", "formats"},
    "atlas": CORE | {"engines", "explain"},
    "explorer": CORE | {"atlas", "comparison", "engines", "explain", "formats", "images", "train", "zoo"},
    "cli": CORE | {"atlas", "comparison", "engines", "explain", "explorer", "formats", "images", "train", "zoo"},
    "__main__": {"cli"},
    "__init__": CORE | {"comparison", "engines", "explain", "formats", "train", "zoo"},
}

# Methods that lead to a room above their own, importing it on use: one line each.
DOORS = {
    ("network", "summary"): "explain",
    ("network", "predict"): "engines",
    ("network", "trace"): "explain",
    ("network", "fit"): "train",
    ("network", "evaluate"): "train",
    ("network", "save"): "formats",
    ("network", "to_torch"): "formats",
    ("network", "to_keras"): "formats",
    ("network", "code"): "formats",
    ("network", "load_weights"): "formats",
    ("network", "explore"): "explorer",
}

# Rooms whose insides are their own: others import only what their __init__ exports.
CLOSED = {"zoo", "engines", "formats", "comparison", "explain", "train", "atlas"}
# The digits network, drawings, the cache of compiled objects and .npz files live in files of their own.
ENTRANCES = {("cli", "train"), ("explorer", "train"), ("cli", "engines"), ("train", "formats")}

# Foreign packages that a file may import at its top; everything else is imported on use.
FOREIGN_AT_TOP: dict[str, set[str]] = {
    "explorer": {"numpy", "starlette", "uvicorn", "anyio", "rich", "PIL"},
    "cli": {"numpy", "typer", "click", "rich"},
    # Rooms that are about one framework, imported as a whole when they are first used:
    "engines/torch": {"numpy", "torch"},
    "engines/keras": {"numpy", "keras", "tensorflow"},
    "formats/onnx": {"numpy", "onnx", "google"},
    "formats/torch": {"numpy", "torch"},
    "formats/source/torch_definitions.py": {"torch"},
    "formats/source/keras_definitions.py": {"keras"},
    "formats/keras": {"numpy", "keras", "h5py"},
    "comparison/drawing.py": {"numpy", "rich"},
    "explain/text.py": {"numpy", "rich"},
    "explain/tables.py": {"numpy", "rich"},
    "explain/pictures.py": {"numpy", "rich"},
}


def _room(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _imports(path: Path) -> Iterator[tuple[str, str, str | None, bool]]:
    """Yield (module, imported name, enclosing function, at the top) for each import that runs."""

    def walk(node: ast.AST, function: str | None) -> Iterator[tuple[str, str, str | None, bool]]:
        for child in ast.iter_child_nodes(node):
            if _is_type_checking(child):
                continue
            inside = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield alias.name, "", function, function is None
            elif isinstance(child, ast.ImportFrom):
                depth = len(path.relative_to(SOURCE).parts) - child.level
                package = ["pellucid", *path.relative_to(SOURCE).parts[: max(depth, 0)]] if child.level else []
                module = ".".join([*package, *([child.module] if child.module else [])])
                for alias in child.names:
                    yield module, alias.name, function, function is None
            yield from walk(child, inside)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), None)


def _target(module: str, name: str) -> tuple[str, bool] | None:
    """The room that an import reaches, and whether it reaches past the room's __init__."""
    parts = module.split(".")
    if parts[0] != "pellucid":
        return None
    if len(parts) == 1:
        return (name, False) if (SOURCE / name).is_dir() or (SOURCE / f"{name}.py").exists() else None
    return parts[1], len(parts) > 2


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_rooms_import_only_from_below(path: Path) -> None:
    """A file imports its own room and those below it; the doors are the only exceptions, and only on use."""
    room = _room(path)
    for module, name, function, _ in _imports(path):
        target = _target(module, name)
        if target is None or target[0] == room:
            continue
        allowed = target[0] in ALLOWED[room] or DOORS.get((room, function or "")) == target[0]
        assert allowed, f"{path.name} imports {target[0]} in {function or 'its top'}"
        if target[0] in CLOSED and target[1] and (room, target[0]) not in ENTRANCES:
            raise AssertionError(f"{path.name} reaches into {module}; import from pellucid.{target[0]}")


def test_every_room_is_in_the_plan() -> None:
    """A new room is placed before anything is put into it."""
    assert {_room(path) for path in FILES} <= set(ALLOWED)


def test_every_door_is_used() -> None:
    """The list of doors holds none that is not there."""
    found = {
        (_room(path), function)
        for path in FILES
        for module, name, function, _ in _imports(path)
        if (target := _target(module, name)) and DOORS.get((_room(path), function or "")) == target[0]
    }
    assert found == set(DOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_foreign_packages_are_imported_on_use(path: Path) -> None:
    """At the top of a file stand the standard library, NumPy, and what the file is about."""
    where = str(path.relative_to(SOURCE))
    places = (where, *(str(folder) for folder in path.relative_to(SOURCE).parents))
    allowed = next((FOREIGN_AT_TOP[place] for place in places if place in FOREIGN_AT_TOP), {"numpy"})
    for module, _, _, top in _imports(path):
        package = module.split(".")[0]
        if top and package not in sys.stdlib_module_names and package != "pellucid":
            assert package in allowed, f"{where} imports {package} at its top"


def test_importing_pellucid_imports_nothing_foreign_but_numpy() -> None:
    """A new user's first line loads NumPy and the standard library, and nothing else."""
    code = (
        "import sys, numpy, numpy.random; before = set(sys.modules); import pellucid; "
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    foreign = {name for name in out if name not in sys.stdlib_module_names} - {"pellucid", "numpy"}
    assert foreign == set()


@pytest.mark.parametrize("path", [*FILES, *sorted(SOURCE.rglob("*.js"))], ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_are_short(path: Path) -> None:
    """No file is longer than 300 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_say_why_they_exist(path: Path) -> None:
    """Every file opens with a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))

"""The documentation is held to the code: its examples run, its links lead somewhere, and it forgets nothing public."""

from __future__ import annotations

import ast
import dataclasses
import doctest
import inspect
import itertools
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

import pellucid
from pellucid.cli.app import COMMANDS, app
from pellucid.explain import Explanation, Trace
from pellucid.layers import REGISTRY

ROOT = Path(__file__).resolve().parents[1]
DOCS, PACKAGE = ROOT / "docs", ROOT / "src" / "pellucid"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")), *sorted(PACKAGE.rglob("*.md"))]
ROOMS = {"pellucid": pellucid} | {
    f"pellucid.{name}": room for name in pellucid.__all__ if isinstance(room := getattr(pellucid, name), ModuleType)
}

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
CONTINUES = re.compile(r"\.\.\.( |$)").match  # a line that goes on with an example's source
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?(?P<program>make|pellucid)(?P<words>(?: .*)?)$")


def name_of(page: Path) -> str:
    """The page's path from the project's root."""
    return str(page.relative_to(ROOT))


def fences(text: str, *languages: str) -> list[str]:
    """The fenced blocks of a page in any of these languages."""
    return [fence["body"] for fence in FENCE.finditer(text) if fence["language"] in languages]


# What Pellucid hands out, as facts: nobody makes one.
RESULTS = {
    "Attribution",
    "BatchGradients",
    "Epoch",
    "Evaluation",
    "Excitation",
    "Excitations",
    "Format",
    "History",
    "LayerExcitations",
    "LayerSummary",
    "ReceptiveField",
    "Status",
    "Step",
    "Trap",
}


# Examples


def examples(text: str) -> list[doctest.Example]:
    """Every `>>>` example of a page, told the line it stands on.

    An output lasts to the next example or to the end of the block, blank lines included.
    """
    found: list[doctest.Example] = []
    for fence in FENCE.finditer(text):
        lines = fence["body"].splitlines()
        first_line = text.count("\n", 0, fence.start("body"))
        starts = [n for n, line in enumerate(lines) if line.startswith(">>> ")]
        for start, end in itertools.pairwise([*starts, len(lines)]):
            source = [lines[start], *itertools.takewhile(CONTINUES, lines[start + 1 : end])]
            wanted = "\n".join(lines[start + len(source) : end]).rstrip().splitlines()
            block = "\n".join([*source, *(line or "<BLANKLINE>" for line in wanted)]) + "\n"
            (example,) = doctest.DocTestParser().get_examples(block)
            example.lineno = first_line + start
            found.append(example)
    return found


def failures(text: str, name: str) -> str:
    """What goes wrong when a page's examples run from top to bottom, in one namespace; "" if nothing does."""
    test = doctest.DocTest(examples(text), {"__name__": "__main__"}, name, name, 0, text)
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    return "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_example_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From top to bottom, in one namespace and an empty folder, each example gives what the page shows."""
    monkeypatch.chdir(tmp_path)
    report = failures(page.read_text("utf-8"), name_of(page))
    assert not report, report


def test_a_wrong_example_is_seen() -> None:
    """An output that differs, lacks its end or raises is a failure; one with a blank line in it is not."""
    page = "```python\n>>> print('a\\n\\nb')\n{}\n```\n"
    assert failures(page.format("a\n\nb"), "right") == ""
    assert "Expected" in failures(page.format("a\n\nc"), "wrong")
    assert "Expected" in failures(page.format("a"), "short")
    assert "ZeroDivisionError" in failures("```python\n>>> 1 / 0\n```\n", "raising")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_looks_like_python_is_python(page: Path) -> None:
    """A block of Python is one language: examples, or code that can be read; nothing stands in a block by accident."""
    for block in fences(page.read_text("utf-8"), "python"):
        if ">>>" in block:
            assert block.startswith(">>> "), block
        else:
            ast.parse(block)


# Links, commands, dependencies


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    """What a page links to beside it exists, and an anchor is one of that page's headings."""
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{target} is not there"
        assert there.is_relative_to(DOCS if page.is_relative_to(DOCS) else ROOT), f"{target} leads out of the site"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_page_is_in_the_sites_navigation() -> None:
    """The site lists each page under docs/ once, and none that is not there."""
    listed = re.findall(r"[\w/.-]+\.md", (ROOT / "mkdocs.yml").read_text("utf-8"))
    assert sorted(listed) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


def commands() -> list[tuple[str, str, list[str]]]:
    """Every (page, program, words) that a page tells to type, in blocks and in running text."""
    found: list[tuple[str, str, list[str]]] = []
    for page in PAGES:
        text = page.read_text("utf-8")
        lines = [line for block in fences(text, "console", "sh", "") for line in block.splitlines()]
        for code in [*lines, *CODE.findall(FENCE.sub("", text))]:
            typed = COMMAND.match(code)
            if typed:
                found.append((name_of(page), typed["program"], typed["words"].partition(" # ")[0].split()))
    return found


def test_every_make_target_that_is_told_exists() -> None:
    """A page names only targets of the Makefile, and the front door names the two that a newcomer needs."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    told = {(page, words[0]) for page, program, words in commands() if program == "make" and words}
    assert {target for _, target in told} <= targets
    assert {("README.md", "explore"), ("README.md", "test")} <= told


def test_every_command_that_is_told_exists() -> None:
    """A page names only commands of `pellucid`, with options that their help knows."""
    told: dict[str, set[str]] = {}
    for _, program, words in commands():
        if program == "pellucid" and words:
            options = {word.partition("=")[0] for word in words if word.startswith("-")}
            told.setdefault(words[0], set()).update(options)
    assert told, "no page tells of the command line"
    runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    for command, options in told.items():
        shown = runner.invoke(app, [command, "--help"])
        assert shown.exit_code == 0, f"pellucid {command}: {shown.output}"
        assert options <= set(re.findall(r"(?<!\w)--?[a-z][a-z-]*", shown.output)), f"options of pellucid {command}"


def test_every_dependency_has_its_reason() -> None:
    """docs/dependencies.md names each package of pyproject.toml in a row with a reason, and no others."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *itertools.chain.from_iterable(project["optional-dependencies"].values())]
    packages = {re.split(r"[\[<>=~! ]", package)[0] for package in wanted} - {"pellucid"}
    rows = re.findall(r"^\| (.*) \| ([^|]+) \|$", (DOCS / "dependencies.md").read_text("utf-8"), re.MULTILINE)
    told = {name for names, reason in rows if reason.strip() for name in CODE.findall(names)}
    assert told - set(project["optional-dependencies"]) == packages - set(project["optional-dependencies"])
    assert set(project["optional-dependencies"]) <= told


# What is public, and where it lives


def names(room: ModuleType) -> list[str]:
    """The public names of a room: those that it lists, or the classes that it makes."""
    made = [name for name, thing in vars(room).items() if getattr(thing, "__module__", None) == room.__name__]
    return getattr(room, "__all__", [name for name in made if inspect.isclass(getattr(room, name))])


PUBLIC = [(where, name) for where, room in ROOMS.items() for name in names(room)]


def test_every_public_name_is_in_the_reference() -> None:
    """docs/reference.md has a section a room, and in it a row with text for each public name, and for no other."""
    text = (DOCS / "reference.md").read_text("utf-8")
    sections = dict(re.findall(r"^## `([\w.]+)`\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    found = {
        (room, name)
        for room, section in sections.items()
        if room in ROOMS
        for name, line in re.findall(r"^\| `(\w+)[^`]*` \| (.+) \|$", section, re.MULTILINE)
        if line.strip()
    }
    assert found == set(PUBLIC)


def is_called(thing: object, name: str) -> bool:
    """Whether people call it: a function, or a class that they make things of."""
    if inspect.isclass(thing):
        contract = inspect.isabstract(thing) or getattr(thing, "_is_protocol", False)
        return not (contract or issubclass(thing, Exception) or name in RESULTS)
    return inspect.isfunction(thing)


@pytest.mark.parametrize(("room", "name"), PUBLIC, ids=[".".join(place) for place in PUBLIC])
def test_every_public_name_says_what_it_is(room: str, name: str) -> None:
    """A module, class or function has a docstring, and one that people call has an example in it."""
    thing = getattr(ROOMS[room], name)
    if not (inspect.ismodule(thing) or inspect.isclass(thing) or inspect.isfunction(thing)):
        return
    said = inspect.getdoc(thing)
    assert said, f"{room}.{name} has no docstring"
    assert ">>>" in said or not is_called(thing, name), f"{room}.{name} has no example"


def test_the_tutorial_teaches_every_layer() -> None:
    """Each layer that exists has its place in a chapter."""
    text = "".join(page.read_text("utf-8") for page in (DOCS / "tutorial").glob("*.md"))
    assert [kind for kind in REGISTRY if not re.search(rf"\b{kind}\b", text)] == []


def test_the_map_shows_the_whole_house() -> None:
    """docs/map.md has a row for each file of the package, and none for a file that is not there."""
    told = re.findall(r"^\| `([^`]+[^/`])` \| .+ \|$", (DOCS / "map.md").read_text("utf-8"), re.MULTILINE)
    files = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*") if path.is_file()]
    assert sorted(told) == sorted(str(path) for path in files if "__pycache__" not in path.parts)


def test_the_reference_tells_of_every_command_and_every_method() -> None:
    """docs/reference.md has each command of `pellucid`, and what networks, traces and explanations can be asked."""
    text = (DOCS / "reference.md").read_text("utf-8")
    assert [command for command in COMMANDS if f"`pellucid {command.__name__}`" not in text] == []
    for short, kind in (("net", pellucid.Network), ("trace", Trace), ("e", Explanation)):
        asked = [name for name in vars(kind) if not name.startswith("_")]
        fields = [field.name for field in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []
        assert [name for name in (*asked, *fields) if f"`{short}.{name}`" not in text] == [], kind

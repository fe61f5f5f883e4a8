"""How programs are laid out on the page: lines that fit, definitions copied from our own, and their imports."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import groupby

WIDTH = 100
INDENT = "    "
_PARSING = threading.Lock()  # CPython 3.11 raises SystemError where two threads parse at once
_trees: dict[str, tuple[str, ast.Module]] = {}
REPEATED = 3  # so many calls alike in a row are written as one in a loop


def fitted(line: str) -> list[str]:
    """Return a line, or several where it is too long: one argument of its outermost call on each.

    >>> fitted("x = f(a, b)")
    ['x = f(a, b)']
    """
    if len(line) <= WIDTH:
        return [line]
    tail = line[len(line.rstrip(":,")) :]
    text = line.removesuffix(tail)
    if not text.endswith(")"):
        return [line]
    opening = _opening(text)
    margin = " " * (len(line) - len(line.lstrip()))
    inside = [f"{margin}{INDENT}{argument}," for argument in arguments_of(text[opening + 1 : -1])]
    return [text[: opening + 1], *(part for one in inside for part in fitted(one)), f"{margin}){tail}"]


def arguments_of(text: str) -> list[str]:
    """Return the arguments in a call's brackets.

    >>> arguments_of("3, (1, 2), k=f(4, 5)")
    ['3', '(1, 2)', 'k=f(4, 5)']
    """
    found, depth, start = list[str](), 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            found.append(text[start:place].strip())
            start = place + 1
    return [*found, text[start:].strip()] if text[start:].strip() else found


def _opening(text: str) -> int:
    """Return where the bracket stands that the last one closes."""
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += (text[place] in ")]}") - (text[place] in "([{")
        if depth == 0:
            return place
    return len(text) - 1


def in_loops(calls: Iterable[str]) -> Iterator[str]:
    """Yield calls, and many alike in a row as one in a loop.

    >>> list(in_loops(["Block(8)"] * 3))
    ['*(Block(8) for _ in range(3))']
    """
    for call, same in groupby(calls):
        times = len(list(same))
        yield from [f"*({call} for _ in range({times}))"] if times >= REPEATED else [call] * times


def program(header: Sequence[str], blocks: Sequence[Sequence[str]]) -> str:
    """Return a program: its first lines, and blocks apart by two empty lines."""
    texts = ["\n".join(header), *("\n".join(part for line in block for part in fitted(line)) for block in blocks)]
    return "\n\n\n".join(texts) + "\n"


def definitions_of(file: str, needs: Iterable[str]) -> list[tuple[str, str]]:
    """Return, by name, the text of those definitions of one of our files that are needed, in its order.

    Args:
        file: the name of a file in this folder.
        needs: names, of which some may be defined there.
    """
    text, tree = _parsed(file)
    known = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    wanted, waiting = set[str](), [name for name in needs if name in known]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += [n.id for n in ast.walk(known[name]) if isinstance(n, ast.Name) and n.id in known]
    lines = text.splitlines()
    return [
        (
            name,
            "\n".join(lines[min([node.lineno, *(mark.lineno for mark in node.decorator_list)]) - 1 : node.end_lineno]),
        )
        for name, node in known.items()
        if name in wanted
    ]


def _parsed(file: str) -> tuple[str, ast.Module]:
    """Return the text of one of our files and what it says; it is read once."""
    with _PARSING:
        if file not in _trees:
            text = files(__name__.rpartition(".")[0]).joinpath(file).read_text(encoding="utf-8")
            _trees[file] = text, ast.parse(text)
        return _trees[file]

"""What repeats in a network, found by its structure: names, which every file gives in its own way, only make titles."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..layers.node import Node
from ..network import Network
from ..wiring import name_of

Token = tuple[str, bool, bool]  # a layer that multiplies: its kind, whether it spans places, whether channel by channel


@dataclass(frozen=True)
class Stage:
    """Layers that stand together: one value comes in, and one goes out.

    Args:
        title: what their names, and no others, have in common, or the first and the last of them.
        layers: their names, in the order in which they run; the last gives what goes out.
        parts: the parts that are alike, one after another, for a stage that repeats; else none.

    >>> from pellucid.zoo import vgg11
    >>> stages(vgg11())[2].layers
    ('features.6', 'features.7', 'features.8', 'features.9')
    """

    title: str
    layers: tuple[str, ...]
    parts: tuple[Stage, ...] = ()


@dataclass(frozen=True)
class _Unit:
    """Layers between two places where a single value carries all that is known.

    Args:
        nodes: the layers.
        tokens: the multiplying layers on the longest way through them.
        shrinks: whether it multiplies nothing and gives another size: a pool, a flatten.
    """

    nodes: tuple[Node, ...]
    tokens: tuple[Token, ...]
    shrinks: bool

    @property
    def joins(self) -> bool:
        """Whether branches end in it."""
        return len(self.nodes[-1].inputs) > 1

    @property
    def weighed(self) -> bool:
        """Whether it has weights, be they only factors as a norm's."""
        return any(_weighed(node) for node in self.nodes)


_Block = tuple[_Unit, ...]


def stages(net: Network) -> tuple[Stage, ...]:
    """Return the stages of a network, from its input to its output; layers that stand alone are in none of them.

    Between two places where one value carries all that is known lies a unit: a layer of a chain, or branches with what
    joins them. A unit with what only norms or bends its result is a block. Blocks that multiply in the same way, one
    row after another, and give maps of the same size, are the parts of one stage.

    >>> from pellucid.zoo import resnet18
    >>> [(stage.title, len(stage.parts)) for stage in stages(resnet18())]
    [('conv1 to relu', 0), ('layer1', 2), ('layer2', 2), ('layer3', 2), ('layer4', 2)]
    """
    every = [name_of(node) for node in net.nodes]

    def stage(nodes: Sequence[Node], parts: tuple[Stage, ...] = ()) -> Stage:
        names = tuple(name_of(node) for node in nodes)
        return Stage(_title(names, set(every).difference(names)), names, parts)

    found: list[Stage] = []
    for row in _rows(_blocks(_units(net))):
        for parts in _repeated(row):
            if len(parts) > 1:
                found.append(stage([node for part in parts for node in part], tuple(map(stage, parts))))
            elif len(parts[0]) > 1:
                found.append(stage(parts[0]))
    return tuple(found)


def _title(names: Sequence[str], others: Iterable[str]) -> str:
    """Return the words that these names begin with, and no other; else words that lead from the first to the last."""
    words, apart = [_words(name) for name in names], [_words(name) for name in others]
    same = (len(set(column)) == 1 for column in zip(*words, strict=False))
    common = words[0][: sum(itertools.takewhile(bool, same))]
    ends = [each[: len(common) + 1] for each in (words[0], words[-1])]
    if common and not any(other[: len(common)] == common for other in apart):
        ends = [common]
    elif any(other[: len(end)] == end for other in apart for end in ends):
        ends = [words[0], words[-1]]
    first, last = (names[at][: sum(map(len, ends[at])) + len(ends[at]) - 1] for at in (0, -1))
    return first if first == last else f"{first} to {last}"


def _words(name: str) -> list[str]:
    """Return the words of a name, which dots, lines and slashes part."""
    return re.split(r"[._/]", name)


def _units(net: Network) -> list[_Unit]:
    """Return a network's layers, cut wherever only the newest value is read later on."""
    last = {node: place for place, reader in enumerate(net.nodes) for node in reader.inputs}
    units: list[_Unit] = []
    begun, needed = 0, max((last.get(node, -1) for node in net.inputs), default=-1)
    for place, node in enumerate(net.nodes):
        if needed <= place:
            units.append(_unit(net.nodes[begun : place + 1]))
            begun = place + 1
        needed = max(needed, last.get(node, -1))
    return units


def _unit(nodes: Sequence[Node]) -> _Unit:
    ways: dict[Node, tuple[Token, ...]] = {}
    for node in nodes:
        before = max((ways.get(read, ()) for read in node.inputs), key=lambda way: (len(way), way))
        ways[node] = (*before, *_tokens(node))
    sizes = {node.shape[1:] for node in nodes[0].inputs}
    tokens = ways[nodes[-1]]
    return _Unit(tuple(nodes), tokens, not tokens and nodes[-1].shape[1:] not in sizes)


def _tokens(node: Node) -> tuple[Token, ...]:
    """Return how a layer multiplies, or nothing if it does not."""
    assert node.layer is not None
    shapes = [read.shape for read in node.inputs]
    macs = node.layer.cost(*shapes).macs
    if not macs:
        return ()
    weights = list(node.layer.weights(*shapes).values())
    area = math.prod(weights[0].shape[2:]) if weights else 1
    return ((node.layer.kind, area > 1, macs == area * math.prod(node.shape)),)


def _weighed(node: Node) -> bool:
    assert node.layer is not None
    return bool(node.layer.weights(*(read.shape for read in node.inputs)))


def _blocks(units: Sequence[_Unit]) -> Iterator[_Block]:
    """Yield units with what belongs to them: norms and activations behind, or before where a joined value is normed."""
    block: list[_Unit] = []
    for unit in units:
        full = any(one.tokens for one in block)
        apart = unit.shrinks or bool(full and (unit.tokens or (unit.weighed and block[-1].joins)))
        if block and (apart or block[-1].shrinks):
            yield tuple(block)
            block = []
        block.append(unit)
    if block:
        yield tuple(block)


def _rows(blocks: Iterator[_Block]) -> Iterator[list[_Block]]:
    """Yield rows of blocks that multiply; what does not, such as a pool, is a row of its own between them."""
    row: list[_Block] = []
    for block in blocks:
        if _tokens_of([block]):
            row.append(block)
            continue
        if row:
            yield row
        yield [block]
        row = []
    if row:
        yield row


def _tokens_of(blocks: Sequence[_Block]) -> tuple[Token, ...]:
    return tuple(token for block in blocks for unit in block for token in unit.tokens)


def _repeated(row: list[_Block]) -> Iterator[list[list[Node]]]:
    """Yield the parts of each stage of a row: parts that are alike and of one size, or a single part."""
    found = _longest(row)
    if found is None:
        yield from ([_nodes([block])] for block in row)
        return
    first, borders = found
    if first:
        yield from _repeated(row[:first])
    parts = [_nodes(row[start:end]) for start, end in zip([first, *borders[:-1]], borders, strict=True)]
    run: list[list[Node]] = []
    for part in parts:
        if run and run[-1][-1].shape[1:] != part[-1].shape[1:]:
            yield run
            run = []
        run.append(part)
    yield run
    if borders[-1] < len(row):
        yield from _repeated(row[borders[-1] :])


def _nodes(blocks: Sequence[_Block]) -> list[Node]:
    return [node for block in blocks for unit in block for node in unit.nodes]


def _longest(row: list[_Block]) -> tuple[int, list[int]] | None:
    """Return where the repetition that saves most begins, and where each of its parts ends, as numbers of blocks.

    It saves all tokens but those of one part. Each part is the same tokens, however these lie in blocks: a block of
    MobileNet is three where nothing leads around it, and one where something does.
    """
    tokens, ends = _tokens_of(row), [0]
    for block in row:
        ends.append(ends[-1] + len(_tokens_of([block])))
    numbers = {end: number for number, end in enumerate(ends)}
    best, most = None, 0
    for length in range(1, len(tokens) // 2 + 1):
        for start in ends:
            at, borders = start, list[int]()
            while at + length in numbers and tokens[at : at + length] == tokens[start : start + length]:
                at += length
                borders.append(numbers[at])
            saved = length * (len(borders) - 1)
            if saved > most:
                best, most = (numbers[start], borders), saved
    return best

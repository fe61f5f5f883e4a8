"""A network as the PyTorch program that a person would write: classes for what repeats, `forward` line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...layers.node import Node
from ...network import Network
from .layout import INDENT, definitions_of, in_loops, program
from .naming import Variables, camel, free, identifier
from .pieces import Piece, literal
from .refused import entry_of
from .sharing import Definition, Part, Row, Use, gives_of, shared
from .torch_table import TABLE
from .tree import Leaf, tree_of

# Names that every module has already: a layer of such a name gets a "_" behind it, as the engine's modules do.
_OWN = (
    "T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double",
    "dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu",
    "load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters",
    "register_backward_hook register_buffer register_forward_hook register_forward_pre_hook",
    "register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook",
    "register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to",
    "to_empty train training type xpu zero_grad",
)
OWN = frozenset(word for line in _OWN for word in line.split())
SEQUENTIAL_USES = 3  # so many rows of layers alike get a class of their own


def write(net: Network) -> str:
    """Return the program; run, it leaves the network in `model`."""

    def piece(node: Node) -> Piece:
        return entry_of(net, node, TABLE, "torch")

    body = shared(tree_of(net, piece), _form)
    needs = {name for node in net.nodes for name in piece(node).needs}
    name = free(camel(net.name), {definition.name for definition in body.definitions})
    imports = ["import torch", *(["import torch.nn.functional as F"] if "F" in needs else []), "from torch import nn"]
    copied = definitions_of("torch_definitions.py", needs)
    if copied and "F" not in needs:
        imports.insert(1, "import torch.nn.functional as F")
    whole = Definition(name, {}, body.parts, *_ends(net), 1, chain=False)
    classes = [list(_class(definition)) for definition in body.definitions]
    return program(
        imports,
        [
            *(text.splitlines() for _, text in copied),
            *classes,
            list(_class(whole, _title(net))),
            [f"model = {name}().eval()"],
        ],
    )


def _ends(net: Network) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(str(node.name) for node in net.inputs), tuple(str(node.name) for node in net.outputs)


def _title(net: Network) -> str:
    shapes = [" and ".join(f"(N, {str(node.shape)[1:]}" for node in nodes) for nodes in (net.inputs, net.outputs)]
    return f"{net.name}: {' -> '.join(shapes)}, {net.params:,} parameters.".replace("\\", "/").replace('"', "'")


def _form(parts: Sequence[Part], count: int, chain: bool) -> str:
    if len(parts) == 1 and isinstance(parts[0], Leaf) and parts[0].piece.call is None:
        return "open"  # an expression needs no class around it
    if not (chain and _row(parts)):
        return "define"
    leaves = all(isinstance(part, Leaf) for part in parts)
    return "define" if leaves and len(parts) > 1 and count >= SEQUENTIAL_USES else "row"


def _row(parts: Sequence[Part]) -> bool:
    """Return whether the parts are numbered from 0, and each is a module called on what comes."""
    return all(
        part.path == (str(number),)
        and (not isinstance(part, Leaf) or (part.piece.call is not None and part.piece.use == "{call}({0})"))
        for number, part in enumerate(parts)
    )


def _class(definition: Definition, title: str = "") -> Iterator[str]:
    sequential = not title and definition.chain and _row(definition.parts)
    yield f"class {definition.name}(nn.{'Sequential' if sequential else 'Module'}):"
    if title:
        yield f'{INDENT}"""{title}"""'
        yield ""
    yield f"{INDENT}def __init__({definition.signature('self')}):"
    if sequential:
        yield f"{INDENT * 2}super().__init__("
        yield from (f"{INDENT * 3}{call}," for call in in_loops(map(_made, definition.parts)))
        yield f"{INDENT * 2})"
        return
    yield f"{INDENT * 2}super().__init__()"
    attributes = _Attributes(definition.parts)
    for line in attributes.lines:
        yield INDENT * 2 + line
    yield ""
    yield from (INDENT + line for line in _forward(definition, attributes))


def _forward(definition: Definition, attributes: _Attributes) -> Iterator[str]:
    steps = [(part.reads, gives_of(part), part.path) for part in definition.parts]
    variables = Variables(definition.reads, steps, definition.gives, {"self", "torch", "nn", "F"})
    yield f"def forward({', '.join(['self', *variables.inputs])}):"
    for part, (reads, writes) in zip(definition.parts, variables, strict=True):
        call = attributes.of(part)
        use = part.piece.use if isinstance(part, Leaf) else "{call}({all})"
        yield f"{INDENT}{', '.join(writes)} = {use.format(*reads, call=call, all=', '.join(reads))}"
    yield f"{INDENT}return {', '.join(map(variables.of, definition.gives))}"


def _made(part: Part) -> str:
    """Return what makes a part."""
    if isinstance(part, Row):
        return f"nn.Sequential({', '.join(in_loops(map(_made, part.parts)))})"
    call = part.call if isinstance(part, Use) else part.piece.call
    assert call is not None
    return call.text()


class _Attributes:
    """Where the modules of a class hang, and the lines that hang them there."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.lines: list[str] = []
        self._known: dict[str, str] = {}
        self._folders: set[tuple[str, ...]] = set()
        above = {part.path[:depth] for part in parts for depth in range(1, len(part.path))}
        for part in sorted(parts, key=lambda part: part.path not in above):  # what others hang below comes first
            if isinstance(part, Leaf) and part.owner != part.value:
                continue  # the module of an earlier use
            if not isinstance(part, Leaf) or part.piece.call is not None:
                self._hang(part)

    def of(self, part: Part) -> str:
        """Return the expression of a part's module."""
        return self._known.get(part.owner if isinstance(part, Leaf) else _key(part), "")

    def _hang(self, part: Part) -> None:
        where = "self"
        for depth in range(1, len(part.path)):
            folder = part.path[:depth]
            if folder not in self._folders:
                self._folders.add(folder)
                self._place(where, folder[-1], "nn.Module()", exact=True)
            where = self._name(where, folder[-1], exact=True)
        self._folders.add(part.path)
        exact = not isinstance(part, Leaf) or bool(part.weights)
        self._place(where, part.path[-1], _made(part), exact=exact)
        self._known[part.owner if isinstance(part, Leaf) else _key(part)] = self._name(
            where, part.path[-1], exact=exact
        )

    def _place(self, where: str, word: str, made: str, *, exact: bool) -> None:
        spelled = _spelled(word)
        if spelled != word and exact and word not in OWN:
            self.lines.append(f"{where}.add_module({literal(word)}, {made})")
        else:
            self.lines.append(f"{where}.{spelled} = {made}")

    def _name(self, where: str, word: str, *, exact: bool) -> str:
        spelled = _spelled(word)
        if spelled != word and exact and word not in OWN:
            return f"{where}.get_submodule({literal(word)})"
        return f"{where}.{spelled}"


def _spelled(word: str) -> str:
    return f"{word}_" if word in OWN else identifier(word)


def _key(part: Use | Row) -> str:
    return ".".join((*part.path, "*", *part.gives))

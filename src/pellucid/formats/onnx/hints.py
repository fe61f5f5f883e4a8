"""Which layer a node of our own files was: what its metadata says is believed where the nodes bear it out.

The layer that is named is written anew, and what that gives is compared with the nodes that are there, name by name,
attribute by attribute and constant by constant. Where a model was changed since, the nodes hold, not the hint.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from ...errors import PellucidError
from ...layers import Layer, Node
from ..affordable import check_padding, check_value
from ..description import layer_of
from ..opening import UnreadableError
from ..stored import Stored
from ..strict_json import as_list, as_names, as_object, as_text, as_whole, parse
from .call import Value, attributes
from .writers import written
from .writing import Laid, Writing

METADATA = "pellucid"
LONGEST = 2**16  # characters of a hint
MOST_NUMBERS = 2**22  # of a value of a layer that is believed, or of a matrix: what is compared takes memory


@dataclass(frozen=True)
class Hinted:
    """A layer that its nodes bear out.

    Args:
        layer: the layer.
        count: how many nodes it takes.
        reads: the values that it reads.
        weights: its weights, by its own names.
    """

    layer: Layer
    count: int
    reads: tuple[Node, ...]
    weights: Mapping[str, Stored]


def hinted(
    nodes: Sequence[onnx.NodeProto],
    values: Mapping[str, Value],
    earlier: Mapping[str, Hinted],
    reads_of: Callable[[str], int],
) -> Hinted | None:
    """Return the layer that the first of these nodes starts, or None where it says nothing that is borne out.

    Args:
        nodes: the nodes from this one on.
        values: the values that are known.
        earlier: what was opened by its hint, by the name of its last node.
        reads_of: how often a value is read, the model's outputs among those who do.
    """
    text = next((entry.value for entry in nodes[0].metadata_props if entry.key == METADATA), None)
    if text is None or len(text) > LONGEST:
        return None
    try:
        said = as_names(parse(text, METADATA), METADATA)
        names = [as_text(name, METADATA) for name in as_list(said.get("reads"), METADATA)]
        before = earlier.get(as_text(said["same_as"], METADATA)) if "same_as" in said else None
        layer = before.layer if before else layer_of({"params": None} | said, METADATA)
        reads = [value for name in names if isinstance(value := values.get(name), Node)]
        shapes = tuple(node.shape for node in reads)
        check_padding(layer, shapes, METADATA)
        shape = layer.shape_of(*shapes)
        check_value(shape, METADATA)
        if len(reads) < len(names) or _is_large(shape, *shapes):
            return None
        writing = written(layer, "", names, shapes)
        weights = _Comparison(writing, values, reads_of).weights(nodes)
    except (PellucidError, UnreadableError, KeyError):
        return None
    if weights is None or (before and not all(_same(weights[short], before.weights[short]) for short in weights)):
        return None
    return Hinted(layer, len(writing.nodes), tuple(reads), weights)


def _is_large(*shapes: tuple[int, ...]) -> bool:
    """Return whether what is written for a layer might take much memory: maps, or how maps become others."""
    if any(math.prod(shape) > MOST_NUMBERS for shape in shapes):
        return True
    maps = [shape[1:] for shape in shapes if len(shape) == 3]
    return any(
        after[axis] * before[axis] > MOST_NUMBERS for axis in (0, 1) for after in maps[:1] for before in maps[1:]
    )


def about(model: onnx.ModelProto) -> tuple[str, int, list[str] | None] | None:
    """Return the name, the seed and the classes of a network that we wrote, or None.

    Raises:
        ModelFileError: what stands there is not what we write.
    """
    text = next((entry.value for entry in model.metadata_props if entry.key == METADATA), None)
    if text is None:
        return None
    place = f"metadata {METADATA!r}"
    said = as_object(parse(text, place), place, ("name", "seed", "classes"))
    names = None if said["classes"] is None else as_list(said["classes"], place)
    classes = None if names is None else [as_text(name, place) for name in names]
    return as_text(said["name"], place), as_whole(said["seed"], place), classes


def _same(a: Stored, b: Stored) -> bool:
    return a is b or np.array_equal(a.read().view(np.uint8), b.read().view(np.uint8))


class _Comparison:
    """What a layer would be written as, held against nodes that are there."""

    def __init__(self, writing: Writing, values: Mapping[str, Value], reads_of: Callable[[str], int]) -> None:
        self.writing, self.values, self.reads_of = writing, values, reads_of
        self.names: dict[str, str] = {}  # what is called how in the file
        self.found: dict[str, Stored] = {}

    def weights(self, nodes: Sequence[onnx.NodeProto]) -> dict[str, Stored] | None:
        """Return the layer's weights, or None where the nodes are others."""
        wanted = self.writing.nodes
        if len(nodes) < len(wanted):
            return None
        inside = Counter(name for node in nodes[: len(wanted)] for name in node.input)
        for place, (ours, theirs) in enumerate(zip(wanted, nodes, strict=False)):
            if (ours.op_type, ours.domain) != (theirs.op_type, theirs.domain) or len(theirs.output) != 1:
                return None
            if attributes(ours) != attributes(theirs) or len(ours.input) != len(theirs.input):
                return None
            if not all(map(self._is, ours.input, theirs.input)):
                return None
            self.names[ours.output[0]] = theirs.output[0]
            given = theirs.output[0]
            if place < len(wanted) - 1 and self.reads_of(given) > inside[given]:
                return None
        return self.found

    def _is(self, ours: str, theirs: str) -> bool:
        """Return whether an input is what we would write there."""
        if ours in self.writing.weights:
            laid = self.writing.weights[ours]
            return self._holds(laid, self.values.get(theirs))
        if ours in self.writing.constants:
            stored, wanted = self.values.get(theirs), self.writing.constants[ours]
            if not isinstance(stored, Stored) or stored.shape != wanted.shape:
                return False
            array = stored.read()
            return array.dtype == wanted.dtype and array.tobytes() == wanted.tobytes()
        return self.names.get(ours, ours) == theirs

    def _holds(self, laid: Laid, stored: Value) -> bool:
        if not isinstance(stored, Stored) or stored.shape != laid.shape:
            return False
        if laid.order != tuple(range(len(laid.order))) or laid.shape != laid.own:
            back = sorted(range(len(laid.order)), key=laid.order.__getitem__)
            stored = stored.reshaped(*(laid.own[axis] for axis in laid.order)).permuted(*back)
        self.found[laid.short] = stored
        return True

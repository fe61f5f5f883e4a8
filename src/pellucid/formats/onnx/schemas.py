"""What ONNX's own schemas say of an operator: how many values it reads, and of which type its attributes are."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import onnx

from ..opening import UnreadableError

Said = tuple[int, int, dict[str, int]]  # values at least, at most, and the type of each attribute


def check_said(node: onnx.NodeProto, opset: int) -> None:
    """Raise UnreadableError where a node reads another number of values, or an attribute is of another type.

    An attribute that the schema does not know is left to those who read the node: they refuse what they do not follow.
    """
    said = _schema(node.op_type, opset)
    if said is None:
        raise UnreadableError(f"no layer computes it (opset {opset})")
    least, most, types = said
    if not least <= len(node.input) <= most:
        raise UnreadableError(f"{len(node.input)} inputs, where {least} to {most} are expected")
    for item in node.attribute:
        if types.get(item.name, item.type) != item.type:
            raise UnreadableError(f"the attribute {item.name!r:.60} of another type than it has in ONNX")


@lru_cache(maxsize=1024)
def _schema(op: str, opset: int) -> Said | None:
    try:
        schema = onnx.defs.get_schema(op, opset, "")
    except onnx.defs.SchemaError:
        return None
    kinds: dict[str, Any] = {name: attribute.type for name, attribute in schema.attributes.items()}
    types = {name: int(kind.value) for name, kind in kinds.items()}
    return schema.min_input, schema.max_input, types

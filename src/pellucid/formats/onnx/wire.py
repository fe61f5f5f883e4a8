"""Protobuf's wire format, walked before its parser sees a byte: what is nested, how deep, and that all of it is there.

Field numbers are those of onnx.proto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from ...errors import ModelFileError

MOST_FIELDS, MOST_NODES, DEEPEST = 1_000_000, 100_000, 64

# Which fields of a message are messages; all others are skipped over.
INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "opset", 14: "entry", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 11: "info", 12: "info", 13: "info", 14: "note", 15: "sparse", 16: "entry"},
    "node": {5: "attribute", 9: "entry"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        14: "type",
        15: "type",
        22: "sparse",
        23: "sparse",
    },
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {3: "entry", 13: "entry", 16: "entry"},
    "function": {7: "node", 9: "opset", 11: "attribute", 12: "info", 14: "entry"},
    "training": {1: "graph", 2: "graph", 3: "entry", 4: "entry"},
    "info": {2: "type", 4: "entry"},
    "type": {1: "array", 4: "list", 5: "map", 8: "array", 9: "list"},
    "array": {2: "shape"},
    "list": {1: "type"},
    "map": {2: "type"},
    "shape": {1: "entry"},
    "note": {2: "entry"},
    "opset": {},
    "entry": {},
}
# Which fields are texts, UTF-8: protobuf's parser for Python hands on anything else as bytes.
TEXTS: dict[str, set[int]] = {
    "model": {2, 3, 4, 6},
    "graph": {2, 10},
    "node": {1, 2, 3, 4, 6, 7, 8},
    "attribute": {1, 13, 21},
    "tensor": {8, 12},
    "function": {1, 4, 5, 6, 8, 10, 13},
    "info": {1, 3},
    "type": {6},
    "note": {1},
    "opset": {1},
    "entry": {1, 2, 3},
}


def check_wire(data: bytes) -> None:
    """Raise ModelFileError, with the byte's number, unless `data` is a whole ONNX model on the wire."""
    waiting: list[tuple[str, int, int, int]] = [("model", 0, len(data), 0)]
    fields = nodes = 0
    while waiting:
        message, at, end, depth = waiting.pop()
        if depth > DEEPEST:
            raise _damaged(at, f"messages nested more than {DEEPEST} deep")
        inside, texts = INSIDE[message], TEXTS.get(message, ())
        while at < end:
            start = at
            fields += 1
            if fields > MOST_FIELDS:
                raise _damaged(at, f"more than {MOST_FIELDS} fields")
            tag = data[at]
            if tag < 128:  # nearly all tags are one byte
                at += 1
            else:
                tag, at = _number(data, at, end)
            field, kind = tag >> 3, tag & 7
            if field == 0:
                raise _damaged(start, "a field numbered 0")
            if kind == 2:
                size, at = _number(data, at, end)
                if size > end - at:
                    raise _damaged(start, f"a field of {size} bytes in a {message} with {end - at} left")
                if field in inside:
                    nodes += inside[field] == "node"
                    if nodes > MOST_NODES:
                        raise _damaged(start, f"more than {MOST_NODES} nodes")
                    waiting.append((inside[field], at, at + size, depth + 1))
                elif field in texts:
                    _check_text(data, start, at, at + size)
                at += size
                continue
            if field in inside:
                raise _damaged(start, f"field {field} of a {message} of wire type {kind}")
            if kind == 0:
                _, at = _number(data, at, end)
            elif kind in (1, 5):
                at += 8 if kind == 1 else 4
            else:
                raise _damaged(start, f"a field of wire type {kind}")
            if at > end:
                raise _damaged(start, f"a field that ends after its {message}")


def _check_text(data: bytes, start: int, at: int, end: int) -> None:
    try:
        str(memoryview(data)[at:end], "utf-8")
    except UnicodeDecodeError:
        raise _damaged(start, "a name or text that is not UTF-8") from None


def _number(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the variable-length number at `at`, and where it ends."""
    value = 0
    for place in range(at, min(end, at + 10)):
        byte = data[place]
        value |= (byte & 127) << 7 * (place - at)
        if byte < 128:
            return value, place + 1
    raise _damaged(at, "a number that does not end")


def _damaged(at: int, got: str) -> ModelFileError:
    return ModelFileError(f"byte {at}", got=got, expected="an ONNX model", fix="the file is damaged: get it again")

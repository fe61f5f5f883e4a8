"""ONNX's tensors: their bytes compared with their declared shape, and read when they are needed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from ...errors import ModelFileError
from ..affordable import MOST_NUMBERS
from ..stored import Stored
from .external import read_external

BFLOAT16 = onnx.TensorProto.BFLOAT16
TYPES: dict[int, tuple[str, str]] = {  # by ONNX's number: the bytes' type, and the field of numbers one by one
    onnx.TensorProto.FLOAT: ("<f4", "float_data"),
    onnx.TensorProto.DOUBLE: ("<f8", "double_data"),
    onnx.TensorProto.FLOAT16: ("<f2", "int32_data"),
    BFLOAT16: ("<u2", "int32_data"),
    onnx.TensorProto.INT64: ("<i8", "int64_data"),
    onnx.TensorProto.INT32: ("<i4", "int32_data"),
    onnx.TensorProto.INT16: ("<i2", "int32_data"),
    onnx.TensorProto.INT8: ("i1", "int32_data"),
    onnx.TensorProto.UINT8: ("u1", "int32_data"),
    onnx.TensorProto.UINT16: ("<u2", "int32_data"),
    onnx.TensorProto.UINT32: ("<u4", "uint64_data"),
    onnx.TensorProto.UINT64: ("<u8", "uint64_data"),
    onnx.TensorProto.BOOL: ("?", "int32_data"),
}


def stored(tensor: Any, name: str, folder: Path | None) -> Stored:
    """Return a tensor of the file, checked but not read.

    Raises:
        ModelFileError: its bytes are not as many as its shape and type say, or its type has no numbers.
    """
    shape = tuple(int(size) for size in tensor.dims)
    if len(shape) > 64 or any(size < 0 for size in shape) or math.prod(shape) > MOST_NUMBERS:
        raise _damaged(name, f"the shape {shape!r:.100}", f"at most {MOST_NUMBERS} numbers")
    if tensor.data_type not in TYPES:
        raise _damaged(name, f"numbers of ONNX type {tensor.data_type}", "floats, whole numbers or truth values")
    code, field = TYPES[tensor.data_type]
    size = math.prod(shape) * np.dtype(code).itemsize
    entries: dict[str, str] = {}
    outside = tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data) > 0
    if outside:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        if len(entries) < len(tensor.external_data):
            raise _damaged(name, "a key of external data twice", "each key once")
    elif tensor.HasField("raw_data"):
        if len(tensor.raw_data) != size:
            raise _damaged(name, f"{len(tensor.raw_data)} bytes for shape {shape}", f"{size} bytes")
    elif len(getattr(tensor, field)) != math.prod(shape):
        raise _damaged(name, f"{len(getattr(tensor, field))} numbers for shape {shape}", f"{math.prod(shape)}")

    def read() -> NDArray[Any]:
        if outside or tensor.HasField("raw_data"):
            data = read_external(folder, entries, name, size) if outside else tensor.raw_data
            numbers = np.frombuffer(data, code)
        else:
            numbers = np.asarray(getattr(tensor, field))
            half = tensor.data_type in (onnx.TensorProto.FLOAT16, BFLOAT16)  # whose bits stand there as whole numbers
            numbers = numbers.astype(np.uint16).view(code) if half else numbers.astype(code)
        if tensor.data_type == BFLOAT16:
            numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
        return numbers.reshape(shape)

    return Stored(name, shape, read)


def _damaged(name: str, got: str, expected: str) -> ModelFileError:
    return ModelFileError(f"tensor {name!r}", got=got, expected=expected, fix="get the model again, or export it anew")

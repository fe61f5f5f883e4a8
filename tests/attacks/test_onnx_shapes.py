"""ONNX tensors whose declared shapes do not fit their bytes: refused by name, shape, and both numbers of bytes."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from small_models import small_model

import pellucid
from pellucid.errors import ModelFileError

MEBI = 2**20
NUMBERS = np.arange(18, dtype=np.float32)


def model(tensor: TensorProto) -> onnx.ModelProto:
    """A convolution with this weight."""
    made = small_model([("Conv", ["x", "w"], "y", {})], shape=("N", 1, 5, 7))
    made.graph.initializer.append(tensor)
    return made


def raw(dims: list[int], data: bytes = NUMBERS.tobytes(), kind: int = TensorProto.FLOAT) -> TensorProto:
    """A weight of raw bytes."""
    return TensorProto(name="w", data_type=kind, dims=dims, raw_data=data)


def told(tensor: TensorProto) -> str:
    """The error of opening a model with this weight, which takes little memory."""
    made = model(tensor)
    tracemalloc.start()
    with pytest.raises(ModelFileError) as error:
        pellucid.load(made)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * MEBI + 2 * made.ByteSize()
    assert "'w'" in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("dims", "said"),
    [
        ([2**62, 8], "4611686018427387904, 8"),
        ([2**33, 2**33], "8589934592, 8589934592"),
        ([-1, 1, 3, 3], "-1, 1, 3, 3"),
        ([2**63 - 1], "9223372036854775807"),
        ([0, 2**62], "72 bytes for shape (0, 4611686018427387904)"),
        ([2, 1, 3, 4], "72 bytes for shape (2, 1, 3, 4)"),
        ([2, 1, 3, 2], "72 bytes for shape (2, 1, 3, 2)"),
        ([1] * 65, "1, 1, 1"),
        ([1] * 10**5, "1, 1, 1"),
    ],
)
def test_shapes_that_cannot_be(dims: list[int], said: str) -> None:
    """More than a machine holds, less than nothing, zero times too much, a hundred thousand axes."""
    assert said in told(raw(dims))


@pytest.mark.parametrize("more", [-1, 1, -72])
def test_a_byte_short_or_long(more: int) -> None:
    """Found and expected bytes are told."""
    data = NUMBERS.tobytes()[:more] if more < 0 else NUMBERS.tobytes() + b"\0"
    text = told(raw([2, 1, 3, 3], data))
    assert f"{72 + more} bytes for shape (2, 1, 3, 3)" in text
    assert "expected  72 bytes" in text


@pytest.mark.parametrize(
    ("kind", "size"),
    [(TensorProto.BFLOAT16, 2), (TensorProto.FLOAT16, 2), (TensorProto.DOUBLE, 8), (TensorProto.INT8, 1)],
)
def test_other_types_have_their_own_sizes(kind: int, size: int) -> None:
    """As many bytes as the type takes open; one short, and as many as another type takes, do not."""
    assert len(pellucid.load(model(raw([2, 1, 3, 3], bytes(18 * size), kind))).layers) == 1
    assert f"expected  {18 * size} bytes" in told(raw([2, 1, 3, 3], bytes(18 * size - 1), kind))
    assert f"expected  {18 * size} bytes" in told(raw([2, 1, 3, 3], bytes(18 * 4), kind))


@pytest.mark.parametrize(
    "kind", [TensorProto.INT4, TensorProto.UINT4, TensorProto.STRING, TensorProto.COMPLEX64, 0, 99]
)
def test_types_that_are_no_numbers_here(kind: int) -> None:
    """Two to a byte, texts, complex numbers, and types that there are not."""
    assert f"numbers of ONNX type {kind}" in told(raw([2, 1, 3, 3], bytes(9), kind))


def test_numbers_one_by_one() -> None:
    """As many as the shape says, in the field of the type: one more or less, or in another field, is refused."""
    for count in (17, 19, 0):
        tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 1, 3, 3], float_data=[1.0] * count)
        assert f"{count} numbers for shape (2, 1, 3, 3)" in told(tensor)
    other = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 1, 3, 3], int32_data=[1] * 18)
    assert "0 numbers" in told(other)
    twin = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 1, 3, 3], float_data=NUMBERS)
    assert pellucid.load(model(twin)).weights["Conv_y.weight"].ravel().tolist() == NUMBERS.tolist()


def test_an_external_tensor_of_another_length(tmp_path: Path) -> None:
    """Its length is compared with its shape, and both with the file."""
    (tmp_path / "w.bin").write_bytes(NUMBERS.tobytes())
    for entries, said in (
        ({"length": "71"}, "71 bytes where its shape has 72"),
        ({"offset": "1"}, "bytes 1 to 73 of a file of 72"),
        ({"offset": "1" + "0" * 15}, "of a file of 72"),
        ({"offset": "-1"}, "the number '-1'"),
        ({"offset": "0x1"}, "the number '0x1'"),
        ({"__class__": "1"}, "an unknown key '__class__'"),
    ):
        tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 1, 3, 3])
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in ({"location": "w.bin"} | entries).items():
            tensor.external_data.add(key=key, value=value)
        (tmp_path / "net.onnx").write_bytes(model(tensor).SerializeToString())
        with pytest.raises(ModelFileError) as error:
            pellucid.load(tmp_path / "net.onnx")
        assert said in str(error.value)

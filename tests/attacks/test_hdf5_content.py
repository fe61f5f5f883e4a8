"""HDF5 whose content is elsewhere, is no numbers, or is promised beyond what is there: refused by its path."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from crafted_keras import BIAS, MEBI, Change, h5, keras, legacy, model, refused, written

import pellucid

KERNEL = "layers/dense/vars/0"
SECRET = b"A SECRET THAT NO ERROR MAY TELL!"


def put(name: str, make: Change) -> Change:
    """Something else in the place of what is there."""

    def change(file: h5py.File) -> None:
        del file[name]
        make(file)

    return change


def external(file: h5py.File) -> None:
    """The kernel's numbers in another file."""
    file.create_dataset(KERNEL, (3, 2), "f4", external=[("secret.bin", 0, 24)])


def virtual(file: h5py.File) -> None:
    """The kernel put together from another file."""
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "a", (3, 2))
    file.create_virtual_dataset(KERNEL, layout)


def strange_filter(file: h5py.File) -> None:
    """A filter that would have to be loaded from somewhere."""
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((3, 2))
    plan.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
    h5py.h5d.create(file["layers/dense/vars"].id, b"0", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((3, 2)), plan)


def group_loop(file: h5py.File) -> None:
    """A group that holds itself."""
    file["layers/dense/again"] = file["layers"]


def many_groups(file: h5py.File) -> None:
    """Groups 100 deep."""
    file.create_group("/".join(["deep"] * 100))


def huge_attribute(file: h5py.File) -> None:
    """A text that takes more than it may, under a name that is read."""
    file.attrs.create("model_config", np.zeros(20 * MEBI, "S1"))


def bomb(file: h5py.File) -> None:
    """A tensor of zeros that takes a thousandth of what it is."""
    file.create_dataset(KERNEL, (3000, 2**13), "f4", chunks=(1000, 2**13), compression=9, data=np.zeros((3000, 2**13)))


def kernel(*of: object, **how: object) -> Change:
    """Another tensor in the kernel's place."""
    return put(KERNEL, lambda file: file.create_dataset(KERNEL, *of, **how))  # pyright: ignore[reportArgumentType]


def at(place: str, value: object) -> Change:
    """Something put at a place of the file, instead of what may be there."""

    def change(file: h5py.File) -> None:
        if place in file:
            del file[place]
        file[place] = value

    return change


CONTENTS: dict[str, tuple[Change, str, str]] = {  # the change, the place, and what is there
    "a link to another file": (at(KERNEL, h5py.ExternalLink("other.h5", "a")), KERNEL, "a link"),
    "a link to another place": (at(KERNEL, h5py.SoftLink("/layers/dense/vars/1")), KERNEL, "a link"),
    "a group elsewhere": (at("layers/x", h5py.ExternalLink("other.h5", "/")), "layers/x", "a link"),
    "numbers in another file": (put(KERNEL, external), KERNEL, "in another file"),
    "a virtual tensor": (put(KERNEL, virtual), KERNEL, "in another file"),
    "a filter of somebody's": (put(KERNEL, strange_filter), KERNEL, "the filter 32015"),
    "texts": (kernel((3, 2), h5py.string_dtype()), KERNEL, "numbers of the type"),
    "rows of different lengths": (kernel((3,), h5py.vlen_dtype(np.dtype("f4"))), KERNEL, "numbers of the type"),
    "references": (kernel((3,), h5py.ref_dtype), KERNEL, "numbers of the type"),
    "a table": (kernel((3,), [("a", "f4")]), KERNEL, "numbers of the type"),
    "complex numbers": (kernel((3,), "c8"), KERNEL, "numbers of the type"),
    "choices": (kernel((3,), h5py.enum_dtype({"a": 1})), KERNEL, "numbers of the type"),
    "a type in a tensor's place": (at(KERNEL, np.dtype("f4")), KERNEL, "a named type"),
    "no shape": (kernel(data=h5py.Empty("f4")), KERNEL, "without a shape"),
    "one place twice": (lambda file: at("layers/x", file[KERNEL])(file), "", "a second place"),
    "a group in itself": (group_loop, "layers/dense/again", "a second place"),
    "groups without end": (many_groups, "deep/deep", "more groups"),
    "16 GiB that are not there": (kernel((2**32,), "f4"), KERNEL, "of which 0 are there"),
    "16 GiB in chunks": (kernel((2**32,), "f4", chunks=(2**20,), compression=9), KERNEL, "of which 0 are there"),
    "3.9 GiB of shape alone": (kernel((2**16, 2**14 - 1), "f4"), KERNEL, "of which 0 are there"),
    "2**62 numbers": (kernel((2**31, 2**31), "f4", chunks=(1, 1)), KERNEL, "of which 0"),
    "a chunk of 1 GiB": (kernel((2**28,), "f4", chunks=(2**28,)), KERNEL, "chunks of 1073741824 bytes"),
    "a bomb": (put(KERNEL, bomb), KERNEL, "98304000 bytes, of which"),
    "an attribute without end": (huge_attribute, "model_config", "an attribute too long"),
    "a number for a name": (lambda file: file["layers/dense/vars"].attrs.create("name", 7), "vars name", "no text"),
    "lists of numbers": (lambda file: file.attrs.create("layer_names", [1, 2]), "layer_names", "no text"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_content_made_to_harm(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused by its path in the file; nothing elsewhere is opened."""
    monkeypatch.chdir(tmp_path)
    Path("secret.bin").write_bytes(SECRET)
    with h5py.File("other.h5", "w") as other:
        other["a"] = np.frombuffer(SECRET[:24], "<f4").reshape(3, 2)
    change, place, got = CONTENTS[name]
    libver = "latest" if change is huge_attribute else "earliest"  # older versions cannot say one as large
    error = refused(tmp_path / "x.keras", keras(weights=h5(change, libver=libver)))
    assert len(str(error)) <= 300
    assert place in error.where
    assert got in error.got


def test_attributes_of_a_whole_model(tmp_path: Path) -> None:
    """A model in HDF5 without a configuration, or with a tensor missing that it lists, is refused."""
    assert "without a model's configuration" in refused(tmp_path / "x.h5", h5()).got
    lost = h5(lambda file: file.pop("model_weights/dense/dense/bias:0"), config="{}")
    assert "no tensor 'dense/bias:0'" in refused(tmp_path / "x.h5", lost).got
    assert refused(tmp_path / "x.h5", b"\x89HDF\r\n\x1a\n" + bytes(500)).got.startswith("damaged HDF5")
    assert refused(tmp_path / "x.h5", b"").got.startswith("damaged HDF5")


def test_their_twins_are_opened(tmp_path: Path) -> None:
    """Packed, shuffled, big-endian, double, whole and chunked numbers of its own are opened."""
    numbers = np.arange(6).reshape(3, 2)
    for change in (
        kernel(data=numbers, dtype="f4", compression=4, shuffle=True, fletcher32=True),
        kernel(data=numbers, dtype=">f8"),
        kernel(data=numbers, dtype="f2", chunks=(2, 1)),
        kernel(data=numbers, dtype="i4"),
    ):
        net = pellucid.load(written(tmp_path / "x.keras", keras(weights=h5(change))))
        np.testing.assert_array_equal(net.weights["dense.weight"], numbers.T)
        np.testing.assert_array_equal(net.weights["dense.bias"], BIAS)
    net = pellucid.load(written(tmp_path / "x.h5", legacy(model())))
    np.testing.assert_array_equal(net.weights["dense.weight"], numbers.T)

"""PyTorch files that would run code if they were unpickled: refused by the word that they name, and nothing is run."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from crafted_states import HEAD, archive, loaded, pickled, refused, stream, tensor, text, valid

CALL = b"cposix\nsystem\n"
ARGUMENT = text("touch CANARY") + b"\x85"


class Evil:
    """What Python's own pickler makes a call of."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch CANARY",)  # pyright: ignore[reportDeprecated] - what attacks use


def tar() -> bytes:
    """The container of PyTorch before 0.1.10."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        info = tarfile.TarInfo("pickle")
        data = pickle.dumps(Evil())
        info.size = len(data)
        made.addfile(info, io.BytesIO(data))
    return file.getvalue()


def wrong_crc() -> bytes:
    """An archive whose pickle does not fit its CRC-32."""
    made = bytearray(archive(valid(fc_evil=CALL + ARGUMENT + b"R")))
    made[made.index(b"posix")] ^= 1
    return bytes(made)


PLAIN = pickled({"fc.weight": tensor()})
SYSTEM = "posix.system"
VARIANTS: dict[str, tuple[bytes, str]] = {  # the file, and what the error must name
    "REDUCE": (archive(valid(fc_evil=CALL + ARGUMENT + b"R")), SYSTEM),
    "REDUCE in a stream": (stream(valid(fc_evil=CALL + ARGUMENT + b"R")), SYSTEM),
    "INST": (archive(valid(fc_evil=b"(" + text("touch CANARY") + b"iposix\nsystem\n")), SYSTEM),
    "OBJ": (archive(valid(fc_evil=b"(" + CALL + text("touch CANARY") + b"o")), SYSTEM),
    "NEWOBJ": (archive(valid(fc_evil=CALL + ARGUMENT + b"\x81")), SYSTEM),
    "NEWOBJ of a word that is known": (archive(valid(fc_evil=b"ctorch\nSize\n)\x81")), "NEWOBJ"),
    "NEWOBJ_EX": (archive(valid(fc_evil=CALL + ARGUMENT + b"}\x92")), SYSTEM),
    "BUILD": (archive(valid(fc_evil=b"cposix\nfspath\n}b")), "posix.fspath"),
    "BUILD on a tensor": (archive(valid(fc_evil=tensor() + b"}b")), "BUILD on a Tensor"),
    "STACK_GLOBAL": (archive(valid(fc_evil=text("posix") + text("system") + b"\x93" + ARGUMENT + b"R")), SYSTEM),
    "a dotted word": (archive(valid(fc_evil=b"ctorch\nserialization.os.system\n")), "torch.serialization.os.system"),
    "EXT1": (archive(valid(fc_evil=b"\x82\x05")), "EXT1 5"),
    "EXT2": (archive(valid(fc_evil=b"\x83\x05\x01")), "EXT2 261"),
    "EXT4": (archive(valid(fc_evil=b"\x84\x05\x00\x00\x00")), "EXT4 5"),
    "PERSID": (archive(valid(fc_evil=b"Pposix.system\n")), "PERSID"),
    "a pointer that is a word": (archive(valid(fc_evil=CALL + b"Q")), SYSTEM),
    "a pointer to no storage": (archive(valid(fc_evil=b"(" + text("module") + b"tQ")), "outside the pickle"),
    **{f"protocol {n}": (archive(pickle.dumps(Evil(), n)), SYSTEM) for n in range(6)},
    "eval": (archive(valid(fc_evil=b"cbuiltins\neval\n" + ARGUMENT + b"R")), "builtins.eval"),
    "getattr": (archive(valid(fc_evil=b"c__builtin__\ngetattr\n")), "__builtin__.getattr"),
    "a call of a storage's type": (archive(valid(fc_evil=b"ctorch\nFloatStorage\n" + ARGUMENT + b"R")), "a call of a"),
    "torch.load itself": (archive(valid(fc_evil=b"ctorch\nload\n" + ARGUMENT + b"R")), "torch.load"),
    "a whole model": (archive(valid(fc_evil=b"ctorch.nn.modules.linear\nLinear\n)\x81}b")), "a whole model"),
    "the mark of a stream": (pickle.dumps(Evil(), 2), SYSTEM),
    "the facts of a stream": (HEAD[:-4] + b"\x80\x02" + CALL + ARGUMENT + b"R." + PLAIN, SYSTEM),
    "before damage": (archive(b"\x80\x02" + CALL + ARGUMENT + b"R0\xff\xff"), SYSTEM),
    "after damage": (archive(b"\x80\x02}(" + text("a") + b"\xff" + CALL), "which is no instruction"),
    "a wrong CRC": (wrong_crc(), "CRC-32"),
    "a tar archive": (tar(), "a tar archive"),
    "a 7z archive": (b"7z\xbc\xaf\x27\x1c" + pickle.dumps(Evil()), "a 7z archive"),
    "gzip": (b"\x1f\x8b\x08" + pickle.dumps(Evil()), "a gzip file"),
    "TorchScript": (archive(valid(), members={"constants.pkl": pickle.dumps(Evil())}), "a TorchScript archive"),
    "two pickles": (archive(valid(), members={"more/data.pkl": b""}, root=""), "2 data.pkl"),
}  # fmt: skip
LOADER = """
import json, sys
from pellucid import Network
from pellucid.errors import ModelFileError
from pellucid.layers import Linear
net = Network((3,), [("fc", Linear(2))])
first, *files = sys.argv[1:]
net.load_weights(first)  # what is imported on first use is imported now
seen, watching, refused = [], True, 0
QUIET = ("object.__getattr__", "code.__new__", "sys._getframe", "builtins.id")
def hook(event, args):
    if watching and event not in QUIET:
        seen.append([event, str(args[0]) if args else ""])
sys.addaudithook(hook)
for file in files:
    try:
        net.load_weights(file)
    except ModelFileError:
        refused += 1
watching = False
print(json.dumps([refused, seen]))
"""


@pytest.mark.parametrize("name", VARIANTS)
def test_code_is_refused_by_its_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the word that would have been called, or the container; nothing was run."""
    monkeypatch.chdir(tmp_path)
    content, named = VARIANTS[name]
    error = refused(Path("x.pt"), content)
    assert named in error.got
    assert not Path("CANARY").exists()


def test_the_canary_sings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What these files hold does run, where it is unpickled: the absence of a trace means something."""
    monkeypatch.chdir(tmp_path)
    pickle.loads(b"\x80\x02" + CALL + ARGUMENT + b"R.")
    assert Path("CANARY").exists()


def test_their_twins_are_loaded(tmp_path: Path) -> None:
    """The same files without the call are loaded, in both containers, packed pickle or not."""
    loaded(tmp_path / "x.pt", archive(valid()))
    loaded(tmp_path / "x.pt", archive(valid(fc_num_batches_tracked=tensor((), ()))))
    loaded(tmp_path / "x.pt", archive(valid(), root=""))
    loaded(tmp_path / "x.th", stream(valid()))
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as packed, zipfile.ZipFile(io.BytesIO(archive(valid()))) as plain:
        for member in plain.namelist():
            method = zipfile.ZIP_DEFLATED if member.endswith("pkl") else zipfile.ZIP_STORED
            packed.writestr(member, plain.read(member), method)
    loaded(tmp_path / "x.pth", (tmp_path / "x.pth").read_bytes())


def test_nothing_happens_but_reading(tmp_path: Path) -> None:
    """In a process that watches, all of these files cause no import, no other file, no program and no connection."""
    paths = [tmp_path / f"{number}.pt" for number in range(len(VARIANTS) + 1)]
    for path, content in zip(paths, (archive(valid()), *(content for content, _ in VARIANTS.values())), strict=True):
        path.write_bytes(content)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", LOADER, *map(str, paths)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, cwd=tmp_path)
    count, events = json.loads(done.stdout)
    assert count == len(VARIANTS)
    assert events == [["open", str(path)] for path in paths[1:]]
    assert not (tmp_path / "CANARY").exists()

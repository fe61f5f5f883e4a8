"""HDF5 files damaged at random: the process that parses them may die; this one lives, and says one clear thing."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from crafted_keras import KERNEL, Change, h5, layer, model, written
from numpy.typing import NDArray

import pellucid
from pellucid.errors import ModelFileError
from pellucid.formats.keras import child, hdf5

CONFIG = json.dumps(model())


def repacked(kernel: NDArray[Any] = KERNEL, **how: object) -> Change:
    """The kernel, or another, stored in another way."""

    def change(file: h5py.File) -> None:
        del file["model_weights/dense/dense/kernel:0"]
        file["model_weights/dense"].create_dataset("dense/kernel:0", data=kernel, **how)  # pyright: ignore[reportAttributeAccessIssue]

    return change


VALID = [  # five files that HDF5's library writes in different ways
    h5(config=CONFIG),
    h5(config=CONFIG, libver="latest"),
    h5(repacked(chunks=(1, 2), compression=9, shuffle=True), config=CONFIG),
    h5(repacked(chunks=(2, 2), fletcher32=True, maxshape=(None, None)), config=CONFIG, libver="latest"),
    h5(repacked(dtype=">f8"), config=CONFIG),
]


def outcome(path: Path) -> str:
    """Return "opened" or "refused", or fail: whatever is opened has the shapes that the model says."""
    try:
        net = pellucid.load(path)
    except ModelFileError as error:
        told = str(error)
    else:
        assert {name: net.weights[name].shape for name in net.weights} == {
            "dense.weight": (2, 3),
            "dense.bias": (2,),
        }
        return "opened"
    assert path.name in told
    return "refused"


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return the file with some of its bytes changed."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        changed[chance.randrange(len(changed))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.05 else changed)


@pytest.mark.filterwarnings("ignore::pellucid.formats.OpeningWarning")  # changed weights may be no numbers
def test_random_damage(tmp_path: Path) -> None:
    """Each of five files, changed so often: it is opened with the declared shapes, or refused by its name."""
    chance = random.Random(3)
    for number, content in enumerate(VALID):
        assert outcome(written(tmp_path / f"{number}.h5", content)) == "opened"
        found = {outcome(written(tmp_path / f"{number}.h5", damaged(content, chance))) for _ in range(3)}
        assert found <= {"opened", "refused"}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks the processes that parse")
def test_ten_thousand_mutations(tmp_path: Path) -> None:
    """2,000 of each: whoever opens them lives, and a parser that dies is refused with its file's name."""
    tests = Path(__file__).parents[1]
    search = os.pathsep.join([str(tests), *sys.path])
    done = subprocess.run(
        [sys.executable, str(tests / "forked_hdf5.py"), "2000", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": search},
    )
    assert done.returncode == 0, done.stderr
    assert sum(json.loads(done.stdout)["outcomes"].values()) == 10_000


def test_numbers_beyond_float32_are_an_error_of_the_file(tmp_path: Path) -> None:
    """A double that no float32 holds, as a changed exponent makes one, is refused by the names of file and tensor."""
    path = written(tmp_path / "x.h5", h5(repacked(KERNEL.astype(np.float64) * 1e300), config=CONFIG))
    with pytest.raises(ModelFileError) as error:
        pellucid.load(path)
    assert error.value.where.endswith("x.h5: tensor 'model_weights/dense/dense/kernel:0'")
    assert error.value.expected == "at most 3.4e+38, float32's largest"


def test_a_parser_that_dies_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the other process is killed, takes too long or too much memory, the file is refused."""
    path = written(tmp_path / "x.h5", VALID[0])
    script = tmp_path / "child.py"
    monkeypatch.setattr(hdf5, "CHILD", script)
    monkeypatch.setattr(hdf5, "SILENCE", 0.5)
    for code, got in (
        ("import os; os.abort()", "an end before"),
        ("import os; os.kill(os.getpid(), 11)", "an end before"),
        ("import resource; resource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28)); bytes(2**29)", "an end before"),
        ("import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass", "no answer in time"),
        ("import time; time.sleep(60)", "no answer in time"),
        ("import sys; sys.stdout.buffer.write(b'\\xff' * 8)", "a list of its tensors that is too long"),
    ):
        script.write_text(code)
        with pytest.raises(ModelFileError) as error:
            pellucid.load(path)
        assert got in error.value.got
        assert path.name in error.value.where


def test_its_limits_are_what_they_are_said_to_be() -> None:
    """The other process may use half a gigabyte and some seconds, and never opens a file by its name."""
    assert (hdf5.MEMORY, hdf5.SECONDS) == (2**29, 5)
    assert child.FREE_EXPANSION <= hdf5.MEMORY // 4


@pytest.mark.parametrize("units", [2, 3])
def test_shapes_are_compared_before_numbers_are_read(units: int, tmp_path: Path) -> None:
    """A model whose layer says another size than the tensor has is refused by the layer."""
    config = json.dumps(model(layer("Dense", units=units)))
    path = written(tmp_path / "x.h5", h5(config=config))
    if units == 2:
        np.testing.assert_array_equal(pellucid.load(path).weights["dense.weight"], KERNEL.T)
        return
    with pytest.raises(ModelFileError, match=r"config.layers\[1\]: .*shape \(2, 3\)"):
        pellucid.load(path)

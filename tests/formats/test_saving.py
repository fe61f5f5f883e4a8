"""Saving replaces a file as a whole or leaves it as it was, and leaves nothing else behind."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys

import pytest
from crafted_files import assert_same_network, small_network

from pellucid import Network
from pellucid.errors import ModelFileError
from pellucid.formats import check_destination, container, load, save
from pellucid.layers import Flatten, Linear, MaxPool2d


def other_network() -> Network:
    """Return a network that is not the small one."""
    return Network((1, 4, 4), [Flatten(), Linear(2)], name="other")


def failing(error: BaseException):
    """Return a function that raises `error` whatever it is given."""

    def fail(*args, **kwargs):
        raise error

    return fail


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace", "pathlib.Path.chmod"])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ModelFileError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (MemoryError(), MemoryError),
    ],
)
def test_whatever_happens_the_old_file_stays(step, error, told, tmp_path, monkeypatch):
    """A full disk, Ctrl-C or the memory's end at any step leaves the old file, and nothing beside it."""
    path = tmp_path / "net.safetensors"
    save(other_network(), path)
    monkeypatch.setattr(step, failing(error))
    with pytest.raises(told):
        save(small_network(), path)
    monkeypatch.undo()
    assert_same_network(other_network(), load(path))
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_with_the_bytes_needed(tmp_path, monkeypatch):
    """The error names the file, the system's reason, and how much was to be written."""
    path = tmp_path / "net.safetensors"
    save(small_network(), path)
    size = path.stat().st_size
    monkeypatch.setattr("os.fsync", failing(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(ModelFileError) as error:
        save(small_network(), path)
    assert str(error.value).splitlines() == [
        str(path),
        f"  got       No space left on device, writing {size} bytes",
        "  expected  a folder with room that can be written to",
        "  fix       check the folder, its rights and its disk",
    ]


def test_a_destination_is_checked_before_there_is_anything_to_save(tmp_path):
    """A long training can ask beforehand whether its network could be saved where it should."""
    check_destination(tmp_path / "net.safetensors")
    with pytest.raises(ModelFileError, match=r"a file that ends in \.safetensors"):
        check_destination(tmp_path / "net.txt")
    with pytest.raises(ModelFileError) as error:
        save(small_network(), tmp_path / "absent" / "net.safetensors")
    assert error.value.got == f"no folder '{tmp_path / 'absent'}'"
    assert error.value.expected == "a folder that exists"
    assert error.value.fix == "make the folder, or correct the path"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["net\0.safetensors", f"{'long' * 64}.safetensors"])
def test_a_path_that_cannot_be_written(path, tmp_path):
    """A name that cannot be is an error of ours."""
    with pytest.raises(ModelFileError, match="a path that can be written to"):
        save(small_network(), tmp_path / path)
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_way(tmp_path):
    """A folder of that name stays, and is the error."""
    (tmp_path / "net.safetensors").mkdir()
    with pytest.raises(ModelFileError, match="a new file, or one to replace"):
        save(small_network(), tmp_path / "net.safetensors")
    assert [p.name for p in tmp_path.iterdir()] == ["net.safetensors"]


def test_the_rights_of_the_file(tmp_path):
    """A new file has the rights that any new file would have; a file that is replaced keeps its own."""
    path, usual = tmp_path / "net.safetensors", tmp_path / "usual"
    usual.touch()
    save(small_network(), path)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)
    path.chmod(0o640)
    save(other_network(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path):
    """Saving through a link writes the file that it leads to."""
    (tmp_path / "there").mkdir()
    link = tmp_path / "net.safetensors"
    link.symlink_to(tmp_path / "there" / "real.safetensors")
    save(small_network(), link)
    assert link.is_symlink()
    assert_same_network(small_network(), load(tmp_path / "there" / "real.safetensors"))


KILLED = """
import os, signal, sys
from crafted_files import small_network
sync, calls = os.fsync, []
def fsync(handle):
    calls.append(handle)
    if len(calls) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    sync(handle)
os.fsync = fsync
small_network().save(sys.argv[1])
"""


@pytest.mark.parametrize("step", [1, 2])
def test_a_killed_process_leaves_the_old_file_or_the_new_one(step, tmp_path):
    """A process killed before the new file is complete leaves the old one; killed after, the new one."""
    path = tmp_path / "net.safetensors"
    save(other_network(), path)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), str(step)], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert_same_network(other_network() if step == 1 else small_network(), load(path))


def test_what_could_not_be_read_again_is_not_written(tmp_path, monkeypatch):
    """A network beyond what we would read is refused when it is saved, not when it is needed."""
    huge = Network((1, 2**16, 2**16), [MaxPool2d(2**16)])
    with pytest.raises(ModelFileError, match="a value of shape"):
        save(huge, tmp_path / "net.safetensors")
    monkeypatch.setattr(container, "LONGEST_HEADER", 1000)
    with pytest.raises(ModelFileError) as error:
        save(small_network(), tmp_path / "net.safetensors")
    assert error.value.got == "1624 bytes of names and layers, 4 weights"
    assert error.value.expected == "at most 1000 bytes, and 30000 weights"
    assert not list(tmp_path.iterdir())


def test_what_is_no_file_is_noticed_before_there_is_anything_to_save(tmp_path):
    """A folder or a pipe in the file's place, and a link into no folder, are refused at once."""
    folder, pipe, link = (tmp_path / f"{name}.safetensors" for name in ("folder", "pipe", "link"))
    folder.mkdir()
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "absent" / "net.safetensors")
    for path, got in ((folder, "a folder"), (pipe, "a pipe or a device"), (link, f"no folder '{tmp_path / 'absent'}'")):
        with pytest.raises(ModelFileError) as error:
            check_destination(path)
        assert error.value.got == got


def test_a_folder_that_may_not_be_written_to_is_noticed_at_once(tmp_path, monkeypatch):
    """Without permission for the folder, or for the one that a link leads to, nothing is begun."""
    (tmp_path / "locked").mkdir()
    link = tmp_path / "net.safetensors"
    link.symlink_to(tmp_path / "locked" / "net.safetensors")
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path / "locked")  # root may write everywhere
    check_destination(tmp_path / "other.safetensors")
    for path in (link, tmp_path / "locked" / "net.safetensors"):
        with pytest.raises(ModelFileError) as error:
            check_destination(path)
        assert error.value.got == f"no permission to write in '{tmp_path / 'locked'}'"
        assert error.value.fix == "change the folder's rights, or save elsewhere"


@pytest.mark.parametrize("path", [5, None, b"net.safetensors"])
def test_what_is_no_path_is_an_error_of_ours(path):
    """A number, None or bytes instead of a path is told as what it is, for saving and for opening."""
    for act in (small_network().save, load):
        with pytest.raises(ModelFileError) as error:
            act(path)
        assert error.value.got == f"{path!r}, which is no path"
        assert error.value.fix == "give for instance 'digits.safetensors'"


@pytest.mark.parametrize("path", ["", ".", "..", ".safetensors", "net."])
def test_the_name_that_is_proposed_is_one_that_is_taken(path, tmp_path, monkeypatch):
    """Whoever does what the error says is not refused again."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelFileError) as error:
        small_network().save(path)
    small_network().save(error.value.fix.removeprefix("name it ").strip("'"))
    assert len(list(tmp_path.iterdir())) == 1

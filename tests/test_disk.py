"""Files are replaced as a whole or not at all, and nothing is left behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pellucid.disk import STALE, replace_file


def names(folder: Path) -> list[str]:
    """What stands in a folder."""
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    """Pieces follow one another, the old content is gone, and permissions stay."""
    path = tmp_path / "a.bin"
    replace_file(path, [b"one", memoryview(b"two")])
    path.chmod(0o640)
    replace_file(path, [b"three"])
    assert path.read_bytes() == b"three"
    assert path.stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == ["a.bin"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """Writing through a link changes the file that it names."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    replace_file(link, [b"new"])
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_piece_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """Whatever is raised on the way, the old file is there as it was and nothing else is."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def pieces():
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_file(path, pieces())
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_litter_of_killed_processes_is_removed_and_never_followed(tmp_path: Path) -> None:
    """What has not changed for long goes; what another process may be writing now, and other files' litter, stays."""
    path, elsewhere = tmp_path / "a[1].bin", tmp_path / "elsewhere"
    elsewhere.write_bytes(b"not ours")
    old = time.time() - STALE - 1
    for name in (".a[1].bin.0badf00d.partial", ".b.bin.0badf00d.partial"):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (old, old))
    link = tmp_path / ".a[1].bin.00000000.partial"
    link.symlink_to(elsewhere)
    os.utime(link, (old, old), follow_symlinks=False)
    (tmp_path / ".a[1].bin.11111111.partial").write_bytes(b"being written")
    replace_file(path, [b"new"])
    assert names(tmp_path) == [".a[1].bin.11111111.partial", ".b.bin.0badf00d.partial", "a[1].bin", "elsewhere"]
    assert elsewhere.read_bytes() == b"not ours"


def test_the_longest_name_that_a_disk_takes(tmp_path: Path) -> None:
    """A name as long as the disk allows can be written: the file beside it has a shorter one."""
    path = tmp_path / ("n" * 255)
    replace_file(path, [b"new"])
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to a pipe"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, kind: str) -> None:
    """A folder, a pipe or a device stays what it is, also behind a link."""
    real = tmp_path / "real"
    if kind == "folder":
        real.mkdir()
    else:
        os.mkfifo(real)
    path = real
    if kind.startswith("link"):
        path = tmp_path / "link"
        path.symlink_to(real)
    before = real.stat().st_mode
    with pytest.raises(FileExistsError, match="not a file that can be replaced"):
        replace_file(path, [b"new"])
    assert real.stat().st_mode == before
    assert not list(tmp_path.glob("*.partial"))

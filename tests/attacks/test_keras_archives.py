"""Keras archives that would unpack to more than a machine holds, or are none: refused by the member's name."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

import pellucid
from pellucid.errors import ModelFileError


def saved(path: Path, members: dict[str, bytes]) -> Path:
    """An archive of these members, deflated."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of zeros that take a thousand times their bytes are refused with the ratio; nothing is inflated."""
    path = saved(
        tmp_path / "bomb.keras", {"config.json": b"{}", "metadata.json": b"{}", "model.weights.h5": bytes(2**27)}
    )
    monkeypatch.setattr("pellucid.formats.archive.zlib.decompressobj", None)
    with pytest.raises(ModelFileError, match=r"bomb\.keras: member 'model\.weights\.h5'") as refused:
        pellucid.load(path)
    assert "times as many" in refused.value.got


@pytest.mark.parametrize("missing", ["config.json", "metadata.json", "model.weights.h5"])
def test_a_member_that_is_missing_is_named(missing: str, tmp_path: Path) -> None:
    """Each of the three members must be there."""
    members = {name: b"{}" for name in ("config.json", "metadata.json", "model.weights.h5") if name != missing}
    with pytest.raises(ModelFileError, match=f"member '{missing}'"):
        pellucid.load(saved(tmp_path / "net.keras", members))


def test_no_archive_at_all(tmp_path: Path) -> None:
    """Bytes that are no archive are one clear error."""
    (tmp_path / "net.keras").write_bytes(b"not an archive")
    with pytest.raises(ModelFileError, match=r"net\.keras"):
        pellucid.load(tmp_path / "net.keras")

"""The cache of compiled objects: what it keeps, for how long, where, and how it goes on when the disk does not."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
import warnings
from pathlib import Path

import platformdirs
import pytest

from pellucid.disk import STALE
from pellucid.engines.native import cache as cache_file
from pellucid.engines.native import folder as folder_file
from pellucid.engines.native.cache import FORMAT, CacheWarning, ObjectCache
from pellucid.errors import EngineError, ParameterError


def key_of(number: int) -> str:
    """A key like those that callers make."""
    return hashlib.sha256(b"%d" % number).hexdigest()


KEY, OTHER = key_of(0), key_of(1)


@pytest.fixture(autouse=True)
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a process's first to hear of a trouble."""
    monkeypatch.setattr(cache_file, "_told", set())


@pytest.fixture(params=[True, False], ids=["handles", "paths"])
def cache(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectCache:
    """A cache in a folder that is not there yet, on systems that reach files by their folder's handle and on others."""
    monkeypatch.setattr(folder_file, "HANDLES", request.param and folder_file.HANDLES)
    return ObjectCache(tmp_path / "above" / "objects")


def names(cache: ObjectCache) -> list[str]:
    """The names of all that is in a cache's folder."""
    assert cache.folder is not None
    return sorted(path.name for path in cache.folder.iterdir())


def age(cache: ObjectCache, name: str, seconds: float) -> None:
    """Let a file look as if it had last been used so long ago."""
    assert cache.folder is not None
    then = time.time() - seconds
    os.utime(cache.folder / name, (then, then))


# What it keeps


@pytest.mark.parametrize("size", [0, 1, 31, 4096, 70_001])
def test_what_is_put_comes_out(cache: ObjectCache, size: int) -> None:
    """An object comes out as it was put, under its key alone, and for a later process as well."""
    data = os.urandom(size)
    assert cache.get(KEY) is None
    cache.put(KEY, data)
    assert cache.get(KEY) == data
    assert ObjectCache(cache.folder).get(KEY) == data
    assert cache.get(OTHER) is None


def test_put_again_replaces(cache: ObjectCache) -> None:
    """The last data of a key are kept, and nothing of the ones before."""
    cache.put(KEY, b"long, and out of date")
    cache.put(KEY, b"new")
    assert cache.get(KEY) == b"new"
    assert names(cache) == sorted([KEY, "secret"])


def test_an_entry_is_format_seal_and_data(cache: ObjectCache) -> None:
    """A file of the key's name begins with the format; a seal of 32 bytes and the data follow."""
    cache.put(KEY, b"data")
    assert cache.folder is not None
    content = (cache.folder / KEY).read_bytes()
    assert content.startswith(FORMAT)
    assert content[len(FORMAT) + 32 :] == b"data"


@pytest.mark.parametrize(
    "key", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "../" + "0" * 61, "0" * 64 + "\n", "secret"]
)
def test_a_key_is_a_digest(cache: ObjectCache, key: str) -> None:
    """Nothing but 64 hexadecimal digits is a key: no name of a file or folder can be made of one."""
    for use in (lambda: cache.get(key), lambda: cache.put(key, b"data")):
        with pytest.raises(ParameterError) as caught:
            use()
        assert str(caught.value) == (
            "object cache\n"
            f"  got       key {key!r}\n"
            "  expected  64 hexadecimal digits\n"
            "  fix       use hashlib.sha256(...).hexdigest()"
        )
    assert cache.entries() == {}


def test_facts_of_the_cache(cache: ObjectCache) -> None:
    """Entries are told with their sizes as files; the secret and half-written files are none."""
    assert (cache.entries(), cache.size()) == ({}, 0)
    cache.put(KEY, b"one")
    cache.put(OTHER, b"three")
    assert cache.folder is not None
    (cache.folder / "notes.txt").write_text("somebody's")
    (cache.folder / f".{'0' * 16}.partial").write_text("half")
    start = len(FORMAT) + 32
    assert cache.entries() == {KEY: start + 3, OTHER: start + 5}
    assert cache.size() == 2 * start + 8


def test_clear_removes_what_is_ours(cache: ObjectCache) -> None:
    """Entries and half-written files go, and how many entries is told; what is not ours by name stays."""
    cache.put(KEY, b"one")
    cache.put(OTHER, b"two")
    assert cache.folder is not None
    for name in ("notes.txt", f".{'0' * 16}.partial", KEY[:-1], f"{KEY}.o"):
        (cache.folder / name).write_text("x")
    assert cache.clear() == 2
    assert names(cache) == sorted(["notes.txt", "secret", KEY[:-1], f"{KEY}.o"])
    cache.put(KEY, b"again")
    assert cache.get(KEY) == b"again"


# How long


def test_what_was_not_used_for_longest_goes(tmp_path: Path) -> None:
    """Beyond the limit the oldest entries go until a quarter is free; reading an entry counts as use."""
    cache = ObjectCache(tmp_path / "objects", limit=10_000)
    for number in range(10):
        cache.put(key_of(number), bytes(900))  # 950 bytes with the seal: they fit
        age(cache, key_of(number), 86_400 * (20 - number))
    assert cache.get(key_of(0)) == bytes(900)
    cache.put(key_of(10), bytes(900))
    kept = [number for number in range(11) if key_of(number) in cache.entries()]
    assert kept == [0, 5, 6, 7, 8, 9, 10]
    assert cache.size() <= 7_500


def test_use_is_noted_to_the_hour(cache: ObjectCache) -> None:
    """Reading writes nothing for an entry that was used within the hour, and renews the time of an older one."""
    cache.put(KEY, b"data")
    assert cache.folder is not None
    for seconds, renewed in ((1800, False), (7200, True), (-7200, True)):
        age(cache, KEY, seconds)
        before = (cache.folder / KEY).stat().st_mtime
        cache.get(KEY)
        assert ((cache.folder / KEY).stat().st_mtime != before) == renewed


def test_the_limit_holds_for_many_who_write(tmp_path: Path) -> None:
    """Caches of one folder that do not know of each other still see in time how much there is."""
    caches = [ObjectCache(tmp_path / "objects", limit=100_000) for _ in range(4)]
    for number in range(400):
        caches[number % 4].put(key_of(number), bytes(1000))
        assert caches[0].size() <= 100_000 + 4 * 100_000 // 16 + 4 * 1050


def test_what_is_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    """An object beyond the limit is not written, and nothing is removed for it."""
    cache = ObjectCache(tmp_path / "objects", limit=1000)
    cache.put(KEY, bytes(100))
    cache.put(OTHER, bytes(1001))
    assert list(cache.entries()) == [KEY]


def test_litter_of_killed_processes_is_removed(cache: ObjectCache) -> None:
    """A process's first put removes half-written files that are old; a young one may still be being written."""
    cache.put(KEY, b"data")
    assert cache.folder is not None
    old, young, other = f".{'0' * 16}.partial", f".{'1' * 16}.partial", ".x.partial"
    for name in (old, young, other):
        (cache.folder / name).write_bytes(b"half")
    age(cache, old, STALE + 60)
    age(cache, other, STALE + 60)
    ObjectCache(cache.folder).put(OTHER, b"data")
    assert names(cache) == sorted([KEY, OTHER, "secret", young, other])


# Where


def test_only_the_user_can_read_it(cache: ObjectCache) -> None:
    """Folders that are made are closed to others, and so are all files, whatever the umask is."""
    before = os.umask(0)
    try:
        cache.put(KEY, b"data")
    finally:
        os.umask(before)
    assert cache.folder is not None
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert cache.folder.parent.stat().st_mode & 0o777 == 0o700
    assert {(cache.folder / name).stat().st_mode & 0o777 for name in names(cache)} == {0o600}


def test_a_system_without_owners(cache: ObjectCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where files have no owners and all look open to all, as on Windows, objects are kept all the same."""
    monkeypatch.delattr(os, "geteuid")
    cache.put(KEY, b"data")
    assert cache.folder is not None
    for path in (cache.folder.parent, cache.folder, *cache.folder.iterdir()):
        path.chmod(0o777 if path.is_dir() else 0o666)
    assert cache.get(KEY) == b"data"


def test_the_users_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The cache is in the user's cache folder, or where PELLUCID_CACHE says, or where an argument says."""
    monkeypatch.setenv("PELLUCID_CACHE", "")
    assert ObjectCache().folder == platformdirs.user_cache_path("pellucid") / "native"
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "named"))
    assert ObjectCache().folder == tmp_path / "named"
    assert ObjectCache(tmp_path / "given").folder == tmp_path / "given"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PELLUCID_CACHE", "beside")
    assert ObjectCache().folder == tmp_path / "beside"
    assert not any(tmp_path.iterdir())


def test_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """PELLUCID_CACHE=off keeps nothing, and says nothing."""
    monkeypatch.setenv("PELLUCID_CACHE", "off")
    cache = ObjectCache()
    cache.put(KEY, b"data")
    assert (cache.folder, cache.get(KEY), cache.entries(), cache.size(), cache.clear()) == (None, None, {}, 0, 0)
    with pytest.raises(ParameterError):
        cache.get("no key")


def test_a_folder_that_is_removed_is_made_again(cache: ObjectCache) -> None:
    """A user may remove the whole folder while we run; it is empty then, and in use again."""
    cache.put(KEY, b"data")
    assert cache.folder is not None
    for name in names(cache):
        (cache.folder / name).unlink()
    cache.folder.rmdir()
    assert cache.get(KEY) is None
    cache.put(KEY, b"data")
    assert cache.get(KEY) == b"data"


def test_nothing_stays_open(cache: ObjectCache) -> None:
    """No handle outlives a call, whatever became of it: a process that closes all handles disturbs nothing."""
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    cache.put(KEY, b"data")
    assert cache.folder is not None
    for mode in (0o700, 0o777):
        cache.folder.chmod(mode)
        with warnings.catch_warnings(action="ignore"):
            cache.get(KEY)
            cache.get(OTHER)
    assert (len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0) == before


def test_threads_share_a_cache(cache: ObjectCache) -> None:
    """Threads that put and get the same and other keys at once see whole objects of the right key."""
    wrong: list[object] = []

    def work(seed: int) -> None:
        try:
            for step in range(30):
                number = (seed + step) % 8
                cache.put(key_of(number), b"%d" % number * 1000)
                if cache.get(key_of(number)) != b"%d" % number * 1000:
                    wrong.append(number)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# When the disk does not


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Without a folder nothing is kept; that is said once a process, with the path and what to do."""
    (tmp_path / "home").write_text("a file")
    cache = ObjectCache(tmp_path / "home" / "objects")
    with pytest.warns(CacheWarning) as told:
        cache.put(KEY, b"data")
    cache.put(KEY, b"data")
    assert cache.get(KEY) is None
    assert [str(warning.message) for warning in told] == [
        f"cache folder {cache.folder}\n"
        f"  got       Not a directory: {cache.folder}\n"
        "  expected  a folder, or room for one\n"
        "  fix       name another folder in PELLUCID_CACHE, or set it to off"
    ]
    with pytest.raises(EngineError, match="Not a directory"):
        cache.entries()
    with pytest.raises(EngineError, match="Not a directory"):
        cache.clear()


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the system knows no home, no folder called "~" is made in its place."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PELLUCID_CACHE", raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: Path("~/.cache", name))
    with pytest.warns(CacheWarning, match="no home folder to put it in"):
        ObjectCache().put(KEY, b"data")
    assert not any(tmp_path.iterdir())


def fail(number: int, where: str = "", flags: int = 0):
    """Return what to put in the place of a call of the system that fails for some paths and flags."""

    def wrap(real):
        def call(path, *args, **options):
            if where in str(path) and (not flags or args[0] & flags):
                raise OSError(number, os.strerror(number))
            return real(path, *args, **options)

        return call

    return wrap


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT, errno.EACCES])
@pytest.mark.parametrize("failing", ["open", "replace"])
def test_a_disk_that_cannot_be_written(
    cache: ObjectCache, monkeypatch: pytest.MonkeyPatch, failing: str, number: int
) -> None:
    """Whatever fails while an entry is written, nothing is raised, one warning is given, and the old one serves."""
    cache.put(KEY, b"old")
    with monkeypatch.context() as broken:
        call = fail(number, flags=os.O_CREAT if failing == "open" else 0)
        broken.setattr(os, failing, call(getattr(os, failing)))
        with pytest.warns(CacheWarning) as told:
            cache.put(KEY, b"new")
        cache.put(KEY, b"newer")
        cache.put(OTHER, b"new")
    assert [str(warning.message) for warning in told] == [
        f"cache folder {cache.folder}\n"
        f"  got       [Errno {number}] {os.strerror(number)}\n"
        "  expected  a disk that can be written and read\n"
        "  fix       make room or see to the disk; until then what is compiled is not kept"
    ]
    assert cache.get(KEY) == b"old"
    assert names(cache) == sorted([KEY, "secret"])


def test_a_disk_that_fills_up(cache: ObjectCache) -> None:
    """An object of which only the beginning can be written is not kept, and leaves no file."""
    resource = pytest.importorskip("resource")  # Windows has no such limit
    cache.put(KEY, b"old")
    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        with pytest.warns(CacheWarning, match=os.strerror(errno.EFBIG)):
            cache.put(KEY, bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert cache.get(KEY) == b"old"
    assert names(cache) == sorted([KEY, "secret"])


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM, errno.EIO, errno.ESTALE])
def test_a_disk_that_cannot_be_read(cache: ObjectCache, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """What cannot be read just now is missing, with one warning; it is not damaged, and stays."""
    cache.put(KEY, b"data")
    with monkeypatch.context() as broken:
        broken.setattr(os, "open", fail(number, KEY)(os.open))
        with pytest.warns(CacheWarning, match=os.strerror(number)):
            assert cache.get(KEY) is None
        assert cache.get(KEY) is None
    assert cache.get(KEY) == b"data"


def test_a_disk_without_links(cache: ObjectCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some disks have no hard links, and keep objects all the same."""
    monkeypatch.setattr(os, "link", fail(errno.EPERM)(os.link))
    cache.put(KEY, b"data")
    assert cache.get(KEY) == b"data"
    assert names(cache) == sorted([KEY, "secret"])

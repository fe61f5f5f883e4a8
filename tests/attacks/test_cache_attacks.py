"""Damaged and planted objects in the cache: none ever comes out, each is told once, and the next put mends it."""

from __future__ import annotations

import ast
import hashlib
import hmac
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pellucid.engines.native import cache as cache_file
from pellucid.engines.native import folder as folder_file
from pellucid.engines.native.cache import FORMAT, SEAL, CacheWarning, ObjectCache
from pellucid.errors import EngineError

START = len(FORMAT) + SEAL
KEY, OTHER = (hashlib.sha256(word).hexdigest() for word in (b"a", b"b"))
DATA = random.Random(0).randbytes(1000)
STRANGER = 54321  # a user who is neither we nor root


@pytest.fixture(autouse=True)
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a process's first to hear of a trouble."""
    monkeypatch.setattr(cache_file, "_told", set())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a cache that has two objects."""
    cache = ObjectCache(tmp_path / "objects")
    cache.put(KEY, DATA)
    cache.put(OTHER, DATA[::-1])
    return tmp_path / "objects"


def assert_missed(folder: Path, got: str, name: str = KEY) -> None:
    """An object is missing, one warning names it and says what was found, and it can be kept anew."""
    cache = ObjectCache(folder)
    with pytest.warns(CacheWarning) as told:
        assert cache.get(name) is None
    assert [str(warning.message) for warning in told] == [
        f"cached object {folder / name}\n"
        f"  got       {got}\n"
        "  expected  what this user's cache wrote there\n"
        "  fix       nothing to do: it is removed, and compiled anew"
    ]
    assert not os.path.lexists(folder / name)
    assert cache.get(name) is None  # without a word: it is simply not there
    cache.put(name, b"anew")
    assert cache.get(name) == b"anew"


def assert_refused(folder: Path, *said: str) -> None:
    """A folder is not used: one warning names it and the fix, nothing comes out, and nothing is written."""
    before = sorted(os.listdir(folder))
    cache = ObjectCache(folder)
    with pytest.warns(CacheWarning) as told:
        assert cache.get(KEY) is None
    assert cache.get(KEY) is None  # without a word: it was told
    cache.put(KEY, b"new")
    (text,) = (str(warning.message) for warning in told)
    assert text.startswith(f"cache folder {folder}\n  got       ")
    for words in said:
        assert words in text
    assert sorted(os.listdir(folder)) == before
    with pytest.raises(EngineError, match="cache folder"):
        cache.entries()
    with pytest.raises(EngineError, match="cache folder"):
        cache.clear()


def give_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a stranger the owner of a file, folder or link; who may not do that has the system say so."""
    if os.geteuid() == 0:
        os.lchown(path, STRANGER, -1)
        return
    given = os.lstat(path)

    def lying(real: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def status(*args) -> os.stat_result:
            found = real(*args)
            same = (found.st_ino, found.st_mtime_ns) == (given.st_ino, given.st_mtime_ns)
            return os.stat_result((*found[:4], STRANGER, *found[5:])) if same else found

        return status

    for name in ("lstat", "fstat"):
        monkeypatch.setattr(os, name, lying(getattr(os, name)))


# Damage

UNLIKE, UNSEALED = "{} bytes that do not begin like an entry of this version", "{} bytes whose seal does not fit them"


@pytest.mark.parametrize(
    "length", [0, 1, len(FORMAT) - 1, len(FORMAT), len(FORMAT) + 1, START - 1, START, START + 1, START + 999]
)
def test_cut_short(folder: Path, length: int) -> None:
    """An entry that ends in its format, in its seal, in its data or before any of them is missed."""
    os.truncate(folder / KEY, length)
    assert_missed(folder, (UNLIKE if length < len(FORMAT) else UNSEALED).format(length))


@pytest.mark.parametrize("more", [1, 5000])
def test_with_something_behind(folder: Path, more: int) -> None:
    """An entry that has grown is missed."""
    with (folder / KEY).open("ab") as file:
        file.write(bytes(more))
    assert_missed(folder, UNSEALED.format(START + 1000 + more))


def test_flipped_bits(folder: Path) -> None:
    """Any one bit that has changed is seen, in the format, in the seal or in the data: each in its turn is."""
    cache = ObjectCache(folder)
    cache.put(KEY, DATA[:150])
    whole = (folder / KEY).read_bytes()
    for place in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        (folder / KEY).write_bytes(flipped)
        (folder / KEY).chmod(0o600)
        with pytest.warns(CacheWarning, match=KEY):
            assert cache.get(KEY) is None, place
    (folder / KEY).write_bytes(whole)
    (folder / KEY).chmod(0o600)
    assert cache.get(KEY) == DATA[:150]


def test_swapped(folder: Path) -> None:
    """Two whole entries in each other's place are both missed."""
    (folder / KEY).rename(folder / "x")
    (folder / OTHER).rename(folder / KEY)
    (folder / "x").rename(folder / OTHER)
    for name in (KEY, OTHER):
        assert_missed(folder, UNSEALED.format(START + 1000), name)


@pytest.mark.parametrize("version", [b"pellucid object 0\n", b"pellucid object 2\n", b"pellucid object 12\n"])
def test_another_version(folder: Path, version: bytes) -> None:
    """An entry of an older or a newer format is missed, sealed as it may be."""
    secret = (folder / "secret").read_bytes()
    content = version + hmac.digest(secret, version + KEY.encode() + DATA, "sha256") + DATA
    (folder / KEY).write_bytes(content)
    assert_missed(folder, UNLIKE.format(len(content)))


def test_the_cases_damage_what_is_whole(folder: Path) -> None:
    """What all of these cases begin with is kept, and an entry sealed by hand is one."""
    assert ObjectCache(folder).get(KEY) == DATA
    secret = (folder / "secret").read_bytes()
    (folder / KEY).write_bytes(FORMAT + hmac.digest(secret, FORMAT + KEY.encode() + b"hand", "sha256") + b"hand")
    assert ObjectCache(folder).get(KEY) == b"hand"


def test_removed_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that is removed after it was opened comes out whole, and afterwards is missing without a word."""
    real = os.fstat

    def remove_afterwards(handle: int) -> os.stat_result:
        found = real(handle)
        if found.st_size == START + 1000:
            (folder / KEY).unlink()
        return found

    monkeypatch.setattr(os, "fstat", remove_afterwards)
    assert ObjectCache(folder).get(KEY) == DATA
    assert ObjectCache(folder).get(KEY) is None


def test_cut_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that loses its end after its size was asked for is missed."""
    real = os.fstat

    def cut_afterwards(handle: int) -> os.stat_result:
        found = real(handle)
        if found.st_size == START + 1000:
            os.truncate(folder / KEY, START + 500)
        return found

    monkeypatch.setattr(os, "fstat", cut_afterwards)
    with pytest.warns(CacheWarning, match=UNSEALED.format(START + 500)):
        assert ObjectCache(folder).get(KEY) is None


# Plants


def plant_unsealed(path: Path) -> None:
    """An object as a compiler makes it."""
    path.write_bytes(b"\x7fELF" + DATA)


def plant_hashed(path: Path) -> None:
    """An entry sealed by what everybody can compute."""
    path.write_bytes(FORMAT + hashlib.sha256(FORMAT + KEY.encode() + DATA).digest() + DATA)


def plant_sealed_by_another(path: Path) -> None:
    """An entry of somebody else's cache."""
    other = ObjectCache(path.parent.parent / "other")
    other.put(KEY, b"theirs")
    path.write_bytes((path.parent.parent / "other" / KEY).read_bytes())


@pytest.mark.parametrize("plant", [plant_unsealed, plant_hashed, plant_sealed_by_another])
def test_planted_without_the_secret(folder: Path, plant: Callable[[Path], None]) -> None:
    """What was made without this user's secret is never believed."""
    plant(folder / KEY)
    size = (folder / KEY).stat().st_size
    assert_missed(folder, (UNLIKE if plant is plant_unsealed else UNSEALED).format(size))


def test_a_link_to_a_good_entry(folder: Path) -> None:
    """A symbolic link is not followed, wherever it leads, and what it names is left alone."""
    elsewhere = folder.parent / "elsewhere"
    (folder / KEY).rename(elsewhere)
    (folder / KEY).symlink_to(elsewhere)
    assert_missed(folder, "no file that can be read (Too many levels of symbolic links)")
    assert elsewhere.read_bytes().endswith(DATA)


def test_a_pipe(folder: Path) -> None:
    """A pipe that nobody writes to does not make us wait."""
    (folder / KEY).unlink()
    os.mkfifo(folder / KEY)
    assert_missed(folder, "a folder, a pipe or a device")


def test_a_folder_in_an_entrys_place(folder: Path) -> None:
    """A folder of an entry's name is told and left alone; nothing can be kept under that name."""
    (folder / KEY).unlink()
    (folder / KEY).mkdir()
    with pytest.warns(CacheWarning, match="a folder, a pipe or a device"):
        assert ObjectCache(folder).get(KEY) is None
    with pytest.warns(CacheWarning, match="Is a directory"):
        ObjectCache(folder).put(KEY, DATA)
    assert ObjectCache(folder).get(OTHER) == DATA[::-1]


def test_an_endless_entry(folder: Path) -> None:
    """An entry larger than any object is missed without being read."""
    os.truncate(folder / KEY, 2**40)
    assert_missed(folder, f"{2**40} bytes")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_an_entry_that_others_can_write(folder: Path, mode: int) -> None:
    """An entry that others may be changing is missed."""
    (folder / KEY).chmod(mode)
    assert_missed(folder, "a file that is not only this user's")


def test_an_entry_of_another_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that somebody else owns is missed."""
    give_away(folder / KEY, monkeypatch)
    assert_missed(folder, "a file that is not only this user's")


# The secret


def expose(path: Path) -> None:
    """Let others read the secret."""
    path.chmod(0o644)


def cut(path: Path) -> None:
    """Leave half of the secret."""
    os.truncate(path, 16)


def empty(path: Path) -> None:
    """Leave nothing of the secret."""
    os.truncate(path, 0)


def link(path: Path) -> None:
    """Put a link to a secret that is known in its place."""
    known = path.parent.parent / "known"
    known.write_bytes(bytes(32))
    known.chmod(0o600)
    path.unlink()
    path.symlink_to(known)


@pytest.mark.parametrize("spoil", [expose, cut, empty, link])
def test_a_secret_that_is_none(folder: Path, spoil: Callable[[Path], None]) -> None:
    """A secret that was damaged, or that others could know, is told and made anew; what it sealed is gone."""
    old = (folder / "secret").read_bytes()
    spoil(folder / "secret")
    cache = ObjectCache(folder)
    with pytest.warns(CacheWarning) as told:
        assert cache.get(KEY) is None
    assert [str(warning.message).splitlines()[0] for warning in told] == [f"the cache's secret {folder / 'secret'}"]
    assert cache.get(OTHER) is None
    cache.put(KEY, b"anew")
    assert (cache.get(KEY), cache.get(OTHER)) == (b"anew", None)
    assert list(cache.entries()) == [KEY]
    new = (folder / "secret").read_bytes()
    assert len(new) == 32
    assert new not in (old, bytes(32))


def test_every_folder_has_a_secret_of_its_own(folder: Path) -> None:
    """Nobody knows a secret from another cache."""
    ObjectCache(folder.parent / "other").put(KEY, DATA)
    assert (folder / "secret").read_bytes() != (folder.parent / "other" / "secret").read_bytes()


# The folder


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_a_folder_that_others_can_write_to(folder: Path, mode: int) -> None:
    """Others could put files into it or take them away; a sticky bit does not help, for they could still put."""
    folder.chmod(mode)
    assert_refused(folder, "a folder that others can write to", f"fix       chmod go-w {folder}")
    folder.chmod(mode & ~0o022)
    assert ObjectCache(folder).get(KEY) == DATA


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_an_ancestor_that_others_can_write_to(tmp_path: Path, levels: int, mode: int) -> None:
    """Others could swap the cache's folder for one of theirs, at any level above it."""
    folder = tmp_path / "a" / "b" / "c" / "objects"
    ObjectCache(folder).put(KEY, DATA)
    above = folder.parents[levels - 1]
    above.chmod(mode)
    assert_refused(folder, f"got       {above}, which others can write to", f"fix       chmod go-w {above}")
    above.chmod(0o1000 | mode)  # sticky, like /tmp: what we own in it stays where it is
    assert ObjectCache(folder).get(KEY) == DATA


def test_a_folder_of_another_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that somebody else owns is refused, closed as it may be."""
    give_away(folder, monkeypatch)
    assert_refused(folder, f"got       a folder of user {STRANGER}", "fix       name another folder in PELLUCID_CACHE")


def test_an_ancestor_of_another_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder below somebody else's is refused: he may put another in its place."""
    give_away(folder.parent, monkeypatch)
    assert_refused(folder, f"got       {folder.parent}, which user {STRANGER} owns")


def test_a_link_in_the_folders_place(folder: Path) -> None:
    """The cache's folder is a folder, and no link to one."""
    place = folder.parent / "link"
    place.symlink_to(folder)
    assert_refused(place, "got       a symbolic link", "name the folder itself")


@pytest.mark.parametrize("relative", [True, False])
def test_a_link_of_ours_above(folder: Path, relative: bool) -> None:
    """A link of our own on the way is followed: homes often are behind one."""
    place = folder.parent / "link"
    place.symlink_to(Path("..") / folder.parent.name if relative else folder.parent)
    assert ObjectCache(place / "objects").get(KEY) == DATA
    ObjectCache(place / "new" / "objects").put(KEY, b"new")
    assert ObjectCache(folder.parent / "new" / "objects").get(KEY) == b"new"


def test_a_link_of_another_user_above(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that somebody else owns leads where he wants."""
    place = folder.parent / "link"
    place.symlink_to(folder.parent)
    give_away(place, monkeypatch)
    assert_refused(place / "objects", f"got       {place}, which user {STRANGER} owns")


def test_where_a_link_leads_is_checked(folder: Path) -> None:
    """A link of ours through a folder that others can write to is no way, even where that leads on to a good one."""
    evil = folder.parent / "evil"
    evil.mkdir()
    (evil / "on").symlink_to(folder.parent)
    place = folder.parent / "link"
    place.symlink_to(evil / "on")
    evil.chmod(0o777)
    assert_refused(place / "objects", f"got       {evil}, which others can write to")


def test_links_in_a_circle(tmp_path: Path) -> None:
    """Links that lead to each other end in a refusal."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.warns(CacheWarning, match="Too many levels of symbolic links"):
        ObjectCache(tmp_path / "a" / "objects").put(KEY, DATA)


def test_swapped_after_the_check(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is swapped for another between the check and the use is not reached: what was opened is used."""
    fake = folder.parent / "fake"
    ObjectCache(fake).put(KEY, b"theirs")
    real = os.fstat
    swapped: list[bool] = []

    def swap_afterwards(handle: int) -> os.stat_result:
        found = real(handle)
        if not swapped:
            swapped.append(True)
            folder.rename(folder.parent / "aside")
            fake.rename(folder)
        return found

    monkeypatch.setattr(os, "fstat", swap_afterwards)
    assert ObjectCache(folder).get(KEY) == DATA
    assert swapped


def test_swapped_for_a_link_before_it_is_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that comes into the folder's place between a look and the opening is not followed."""
    real = os.open
    swapped: list[bool] = []

    def swap_first(path, *args, **options):
        if not swapped:
            swapped.append(True)
            folder.rename(folder.parent / "aside")
            folder.symlink_to(folder.parent / "aside")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", swap_first)
    with pytest.warns(CacheWarning, match="Not a directory"):
        assert ObjectCache(folder).get(KEY) is None
    assert swapped


def test_names_do_not_steer_a_terminal(tmp_path: Path) -> None:
    """What a warning tells of a path is printable."""
    folder = tmp_path / "a\x1b[31m"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with pytest.warns(CacheWarning) as told:
        ObjectCache(folder).put(KEY, DATA)
    (warning,) = told
    assert str(warning.message).replace("\n", "").isprintable()


# Processes

RACE = """
import sys
from pathlib import Path
from pellucid.engines.native.cache import ObjectCache
cache, start = ObjectCache(Path(sys.argv[1])), int(sys.argv[2])
sys.stdin.read()
for step in range(60):
    number = (start + step) % 12
    key, data = f"{number:064x}", bytes([number]) * 20_000
    found = cache.get(key)
    assert found in (None, data), (key, len(found))
    cache.put(key, data)
    if start == 0 and step % 20 == 0:
        cache.clear()
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from pellucid.engines.native import folder
from pellucid.engines.native.cache import ObjectCache

def die(*args, **options):
    os.kill(os.getpid(), signal.SIGKILL)

def half(handle, mode, **options):
    file = open(handle, mode, **options)
    write = file.write
    class Half:
        __enter__ = lambda self: self
        __exit__ = lambda *args: None
        write = lambda self, content: (write(content[: len(content) // 2]), file.flush(), die())
    return file if mode == "rb" else Half()

def after(real):
    return lambda *args, **options: (real(*args, **options), die())

where, how = sys.argv[2:]
if where == "half":
    folder.open = half
else:
    setattr(os, where, die if how == "before" else after(getattr(os, where)))
ObjectCache(Path(sys.argv[1])).put("a" * 64, b"new" * 10_000)
"""


def start(code: str, *args: object) -> subprocess.Popen[str]:
    """Start a process that ends with an error at the first warning."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-W", "error", "-c", code, *map(str, args)]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.parametrize("count", [8, pytest.param(16, marks=pytest.mark.slow)])
def test_processes_race(tmp_path: Path, count: int) -> None:
    """Processes that begin at once with no folder, write the same entries and clear them see whole objects or none."""
    racers = [start(RACE, tmp_path / "objects", number) for number in range(count)]
    try:
        for racer in racers:  # all at once: each waits for the end of its input
            assert racer.stdin
            racer.stdin.close()
            racer.stdin = None
        said = [racer.communicate()[1] for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
    assert said == [""] * count
    assert {racer.returncode for racer in racers} == {0}
    assert not list((tmp_path / "objects").glob(".*.partial"))


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize(
    ("where", "how"),
    [("half", ""), ("link", "before"), ("link", "after"), ("replace", "before"), ("replace", "after")],
)
def test_killed_while_it_writes(tmp_path: Path, where: str, how: str, is_new: bool) -> None:
    """A process killed at any step of writing leaves whole entries, and litter that is never believed and removed."""
    folder, key = tmp_path / "objects", "a" * 64
    if not is_new:
        ObjectCache(folder).put(key, b"old")
    killed = start(KILLED, folder, where, how)
    assert killed.communicate()[1] == ""
    assert killed.returncode == (0 if where == "link" and not is_new else -signal.SIGKILL)  # the secret is there
    litter = list(folder.glob(".*.partial"))
    assert len(litter) == (killed.returncode != 0 and (where, how) != ("replace", "after"))
    cache = ObjectCache(folder)
    kept = b"new" * 10_000 if killed.returncode == 0 or (where, how) == ("replace", "after") else None
    assert cache.get(key) == (kept or (None if is_new else b"old"))  # without a warning, which were an error
    for path in litter:
        os.utime(path, (0, 0))
    cache.put(key, DATA)
    assert cache.get(key) == DATA
    assert not list(folder.glob(".*.partial"))


def test_no_pickle() -> None:
    """The cache reads nothing that could run code of its own."""
    for file in (cache_file, folder_file):
        tree = ast.parse(Path(str(file.__file__)).read_text("utf-8"))
        found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        found |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not found & {"pickle", "marshal", "shelve", "dill", "joblib", "numpy"}

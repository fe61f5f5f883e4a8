"""The machine that a pickle's instructions work on here: a stack that can hold plain values and records alone.

It knows dictionaries, lists, tuples, texts, numbers, and the words of `inert.KNOWN`. Every other word ends it.
"""

from __future__ import annotations

from typing import Any, NoReturn, Protocol, cast

from ...errors import ModelFileError
from .inert import KNOWN, Maker, Storage, storage_of

LARGEST = 2**26  # bytes of one pickle
MOST_KEPT = 250_000  # values that are numbered to be used again
LONGEST_TEXT = 2**20  # bytes
LONGEST_NAME = 256  # characters of a word
MOST_DEPTH = 64
WEIGHTS_ALONE = "save the weights alone: torch.save(model.state_dict(), 'weights.pt')"
HARMFUL = {
    "builtins",
    "__builtin__",
    "os",
    "posix",
    "nt",
    "sys",
    "subprocess",
    "importlib",
    "runpy",
    "socket",
    "shutil",
}


class Bytes(Protocol):
    """Where a pickle's bytes come from."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, fewer at the end."""
        ...

    def readline(self, size: int, /) -> bytes:
        """Return the next bytes up to a line's end."""
        ...


class Machine:
    """What has been read of one pickle.

    Args:
        source: its bytes; afterwards they stand behind it.
    """

    def __init__(self, source: Bytes) -> None:
        self._source = source
        self._read = 0
        self._stack: list[Any] = []
        self._around: list[list[Any]] = []  # the stacks below each mark
        self.kept: dict[int, Any] = {}
        self.done = False
        self.storages: dict[str, Storage] = {}

    def result(self) -> object:
        """Return the one value that the pickle ended with."""
        if self._around or len(self._stack) != 1:
            self.refuse("an end with values left over", "one value")
        level, seen, depth = [self._stack[0]], set[int](), 0
        while level:
            inner: list[Any] = []
            for value in level:
                if isinstance(value, (dict, list, tuple)) and id(value) not in seen:  # pyright: ignore[reportUnknownArgumentType]
                    seen.add(id(value))  # pyright: ignore[reportUnknownArgumentType]
                    inner.extend(value.values() if isinstance(value, dict) else value)  # pyright: ignore[reportUnknownArgumentType]
            level, depth = inner, depth + 1
            if depth > MOST_DEPTH:
                self.refuse(f"values nested deeper than {MOST_DEPTH}", "a few levels")
        return self._stack[0]

    def refuse(self, got: str, expected: str, fix: str | None = None) -> NoReturn:
        """Raise the error of this pickle, which names the entry that was being read."""
        keys = [next((item for item in reversed(frame) if type(item) is str), "") for frame in self._frames()]
        place = "/".join(key for key in keys if key)
        raise ModelFileError(
            f"entry {place!r}" if place else f"pickle, byte {self._read}",
            got=got,
            expected=expected,
            fix=fix or "the file is damaged: get it again, or save the weights again",
        )

    def _frames(self) -> list[list[Any]]:
        """Return the values below each mark that belong to dictionaries: a storage's own words say nothing."""
        return [frame for frame in (*self._around, self._stack) if frame and frame[0] != "storage"]

    # --- bytes

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        if size > LONGEST_TEXT:
            self.refuse(f"a text of {size} bytes", f"at most {LONGEST_TEXT}")
        data = self._source.read(size)
        self._read += size
        if len(data) < size or self._read > LARGEST:
            short = len(data) < size
            self.refuse(
                "an end in the middle of the pickle" if short else f"a pickle of more than {LARGEST} bytes",
                "a pickle that is not cut short" if short else f"at most {LARGEST} bytes",
            )
        return data

    def whole(self, size: int) -> int:
        """Return the whole number in the next bytes, which is not below zero."""
        return int.from_bytes(self.take(size), "little")

    def line(self) -> str:
        """Return the text up to the line's end."""
        line = self._source.readline(LONGEST_NAME)
        self._read += len(line)
        if not line.endswith(b"\n"):
            self.refuse("a word that does not end", f"at most {LONGEST_NAME} characters")
        return line[:-1].decode("utf-8", "replace")

    def marked(self) -> list[Any]:
        """Return the values since the last mark, which goes."""
        items, self._stack = self._stack, self._around.pop()
        return items

    # --- what instructions do

    def put(self, value: object) -> None:
        """Put a value on the stack."""
        self._stack.append(value)

    def mark(self) -> None:
        """Begin a group of values."""
        if len(self._around) >= MOST_DEPTH:
            self.refuse(f"values nested deeper than {MOST_DEPTH}", "a few levels")
        self._around.append(self._stack)
        self._stack = []

    def last(self, count: int) -> list[Any]:
        """Return the last values, which go."""
        if len(self._stack) < count:
            raise IndexError
        items = self._stack[len(self._stack) - count :]
        del self._stack[len(self._stack) - count :]
        return items

    def extend(self, items: list[Any]) -> None:
        """Append to the list on the stack."""
        target: Any = self._stack[-1]
        if type(target) is not list:
            self.refuse(f"items for a {type(target).__name__}", "a list")
        target.extend(items)

    def set(self, items: list[Any]) -> None:
        """Put pairs into the dictionary on the stack."""
        target = self._stack[-1]
        if type(target) is not dict:
            self.refuse(f"SETITEM on a {type(target).__name__}", "a dictionary")
        if len(items) % 2:
            self.refuse("a key without a value", "pairs")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) not in (str, int):  # nothing else is hashed: a deep tuple's hash would exhaust C's stack
                self.refuse(f"a key that is a {type(key).__name__}", "a text or a whole number")
            target[key] = value

    def word(self, module: str, name: str) -> None:
        """Put what a word of the table means."""
        known = KNOWN.get((module, name))
        if known is not None:
            self.put(known)
            return
        whole = f"{module}.{name}"
        if module.split(".")[0] in HARMFUL:
            self.refuse(
                f"{whole}, a part of Python that is no number",
                "tensors and plain values",
                "do not use this file: opened with pickle it could run code; get the weights elsewhere",
            )
        what = "a whole model, a module of PyTorch's" if module.startswith("torch.nn.") else "which is no tensor"
        self.refuse(f"{whole}, {what}", "tensors and plain values", WEIGHTS_ALONE)

    def call(self) -> None:
        """Put the record of a function of the table and its values."""
        maker, given = self.last(2)
        if not isinstance(maker, Maker) or not isinstance(given, tuple):
            self.refuse(f"a call of a {type(maker).__name__}", "a function that makes a tensor or a dictionary")
        self.put(maker.make(cast("tuple[Any, ...]", given)))

    def state(self) -> None:
        """Drop what is said of a dictionary besides what it holds."""
        self._stack.pop()
        if type(self._stack[-1]) is not dict:
            self.refuse(f"BUILD on a {type(self._stack[-1]).__name__}", "a dictionary")

    def outside(self) -> None:
        """Put the storage that the last value points to."""
        storage = storage_of(self._stack.pop())
        before = self.storages.setdefault(storage.key, storage)
        if (before.numbers, before.count) != (storage.numbers, storage.count):
            self.refuse(
                f"the storage {storage.key!r} as {storage.count} numbers {storage.numbers.kind}",
                f"{before.count} numbers {before.numbers.kind}, as before",
            )
        self.put(storage)

    def keep(self, index: int) -> None:
        """Number the last value, to be used again."""
        if index not in self.kept and len(self.kept) >= MOST_KEPT:
            self.refuse(f"more than {MOST_KEPT} values to be used again", f"at most {MOST_KEPT}")
        self.kept[index] = self._stack[-1]

"""A pickle read without Python's unpickler: a short list of instructions, all of which only build values and records.

Every other instruction ends it. Instructions: CPython's `Lib/pickletools.py`, which also names the refused ones here.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable
from typing import NoReturn

from .inert import MeaninglessError, Storage
from .machine import WEIGHTS_ALONE, Bytes, Machine

MOST_STEPS = 400_000  # a state dict takes about 40 for each tensor; a value of each step takes 30 MB together
LONGEST_NUMBER = 16  # bytes
NEWEST = 5  # the newest version of pickles
EXTENSIONS = {"EXT1": 1, "EXT2": 2, "EXT4": 4}  # instructions, and the bytes of what follows them

Step = Callable[[Machine], object]


def read_pickle(source: Bytes) -> tuple[object, dict[str, Storage]]:
    """Return what a pickle describes, and the storages that it points to, by key.

    Args:
        source: its bytes; afterwards they stand behind it.

    Raises:
        ModelFileError: it asks for something else than records, is damaged, or too large.

    >>> import io, pickle
    >>> read_pickle(io.BytesIO(pickle.dumps({"epoch": [3, None, 0.5]})))
    ({'epoch': [3, None, 0.5]}, {})
    """
    machine, steps = Machine(source), 0
    while not machine.done:
        steps += 1
        if steps > MOST_STEPS:
            machine.refuse(f"more than {MOST_STEPS} instructions", f"at most {MOST_STEPS}")
        code = machine.take(1)
        step = STEPS.get(code)
        if step is None:
            _unknown(machine, code)
        try:
            step(machine)
        except IndexError:
            machine.refuse("an instruction that needs values where there are none", "a pickle that is not damaged")
        except MeaninglessError as error:
            machine.refuse(*error.args)
    return machine.result(), machine.storages


def _unknown(machine: Machine, code: bytes) -> NoReturn:
    name = next((known.name for known in pickletools.opcodes if known.code == chr(code[0])), None)
    got = f"the instruction {name}" if name else f"the byte {code!r}, which is no instruction"
    if name == "INST":
        machine.word(machine.line(), machine.line())
    if name in EXTENSIONS:
        got += f" {machine.whole(EXTENSIONS[name])}, a word that only one machine knows"
    machine.refuse(got, "instructions that build values alone", WEIGHTS_ALONE)


def _version(machine: Machine) -> None:
    found = machine.whole(1)
    if found > NEWEST:
        machine.refuse(f"a pickle of version {found}", f"0 to {NEWEST}")


def _stop(machine: Machine) -> None:
    machine.done = True


def _put(value: object) -> Step:
    return lambda machine: machine.put(value)


def _whole(wide: int) -> Step:
    """Put a whole number of `wide` bytes that is not below zero."""
    return lambda machine: machine.put(machine.whole(wide))


def _signed(machine: Machine) -> None:
    machine.put(int.from_bytes(machine.take(4), "little", signed=True))


def _long(wide: int) -> Step:
    """Put a whole number of a length that is said in `wide` bytes."""

    def step(machine: Machine) -> None:
        size = machine.whole(wide)
        if size > LONGEST_NUMBER:
            machine.refuse(f"a number of {size} bytes", f"at most {LONGEST_NUMBER}")
        machine.put(int.from_bytes(machine.take(size), "little", signed=True))

    return step


def _real(machine: Machine) -> None:
    machine.put(struct.unpack(">d", machine.take(8))[0])


def _text(wide: int) -> Step:
    """Put a text of a length that is said in `wide` bytes."""

    def step(machine: Machine) -> None:
        data = machine.take(machine.whole(wide))
        try:
            machine.put(data.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            machine.refuse("a text that is not UTF-8", "UTF-8")

    return step


def _bytes(wide: int) -> Step:
    """Put bytes of a length that is said in `wide` bytes."""
    return lambda machine: machine.put(machine.take(machine.whole(wide)))


def _tuple(count: int) -> Step:
    """Put the tuple of the last values."""
    return lambda machine: machine.put(tuple(machine.last(count)))


def _stacked_word(machine: Machine) -> None:
    module, name = machine.last(2)
    if type(module) is not str or type(name) is not str:
        machine.refuse("a word that is no text", "a text")
    machine.word(module, name)


def _keep(wide: int) -> Step:
    """Number the last value as is said in `wide` bytes."""
    return lambda machine: machine.keep(machine.whole(wide))


def _again(wide: int) -> Step:
    """Put the value of the number that is said in `wide` bytes."""

    def step(machine: Machine) -> None:
        index = machine.whole(wide)
        if index not in machine.kept:
            machine.refuse(f"the value number {index} again, which was not before", "values that came before")
        machine.put(machine.kept[index])

    return step


STEPS: dict[bytes, Step] = {
    b"\x80": _version,
    b"\x95": lambda machine: machine.take(8),  # a frame's length, which nobody needs
    b".": _stop,
    b"(": Machine.mark,
    b"N": _put(None),
    b"\x88": _put(True),
    b"\x89": _put(False),
    b"K": _whole(1),
    b"M": _whole(2),
    b"J": _signed,
    b"\x8a": _long(1),
    b"\x8b": _long(4),
    b"G": _real,
    b"\x8c": _text(1),
    b"X": _text(4),
    b"\x8d": _text(8),
    b"U": _text(1),  # the texts of Python 2
    b"T": _text(4),
    b"C": _bytes(1),
    b"B": _bytes(4),
    b"]": lambda machine: machine.put([]),
    b"a": lambda machine: machine.extend(machine.last(1)),
    b"e": lambda machine: machine.extend(machine.marked()),
    b")": _put(()),
    b"\x85": _tuple(1),
    b"\x86": _tuple(2),
    b"\x87": _tuple(3),
    b"t": lambda machine: machine.put(tuple(machine.marked())),
    b"}": lambda machine: machine.put({}),
    b"s": lambda machine: machine.set(machine.last(2)),
    b"u": lambda machine: machine.set(machine.marked()),
    b"c": lambda machine: machine.word(machine.line(), machine.line()),
    b"\x93": _stacked_word,
    b"R": Machine.call,
    b"b": Machine.state,
    b"Q": Machine.outside,
    b"q": _keep(1),
    b"r": _keep(4),
    b"\x94": lambda machine: machine.keep(len(machine.kept)),
    b"h": _again(1),
    b"j": _again(4),
}

"""From modules to functions in memory: from the cache if they were compiled before. What was loaded stays loaded."""

from __future__ import annotations

import hashlib
import itertools
import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from ... import window
from .cache import ObjectCache
from .compiler import compile_object, machine, stage
from .kernel import Kernel
from .llvm import binding, version
from .machine import Target, host

_LOCK = threading.RLock()
_LOADED: dict[str, int] = {}  # addresses by name
_KEPT: list[Any] = []  # what keeps the code behind them
_NUMBERS = itertools.count()

if hasattr(os, "register_at_fork"):  # a child must not find LLVM in the midst of something that nobody would end
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


@cache
def _jit() -> Any:
    # What goes wrong comes as an error; LLVM need not write it to the terminal as well.
    return binding().create_lljit_compiler(machine(host()), suppress_errors=True)


def load(name: str, data: bytes) -> int:
    """Return the address of function `name` of an object file; loading it again costs nothing."""
    with _LOCK:
        if name not in _LOADED:
            _link((name,), data, name)
        return _LOADED[name]


def functions(names: tuple[str, ...], text: str) -> list[int]:
    """Return the addresses of functions of a module for this machine, compiled unless the cache has it."""
    return _made(names, f"{version()} {host()} {text}", host(), "the driver", lambda: text)


def address_of(kernel: Kernel, target: Target, layer: str = "") -> int:
    """Return the address of a kernel's function.

    The name under which it is known and cached is made of all that decides the code: the generator's own sources, the
    kernel, the target, and LLVM's version. So a kernel that was compiled before need not even be written.

    Args:
        kernel: the kernel.
        target: what to make code for.
        layer: the layer that needs it first, for errors.

    Raises:
        EngineError: there can be no code for it; the error names the layer, the kernel and how far it came.
    """
    made_of = f"{sources()} {version()} {target} {kernel!r}"
    name = f"k{_digest(made_of)}"
    what = f"layer {layer!r}, {kernel!r}" if layer else repr(kernel)
    return _made((name,), made_of, target, what, lambda: kernel.module(target, name))[0]


def _made(names: tuple[str, ...], made_of: str, target: Target, what: str, write: Callable[[], str]) -> list[int]:
    """Return the addresses of functions: loaded, kept, or compiled from what `write` writes."""
    with _LOCK:
        if names[0] not in _LOADED:
            key = _digest(made_of)
            data = cache_of_objects().get(key)
            if data is None:
                data = compile_object(write(), target, what)
                cache_of_objects().put(key, data)
            _link(names, data, what)
        return [_LOADED[name] for name in names]


def _link(names: tuple[str, ...], data: bytes, what: str) -> None:
    builder = binding().JITLibraryBuilder().add_object_img(data)
    for name in names:
        builder.export_symbol(name)
    with stage(what, "loading"):  # a name is spent even if this fails
        library = builder.link(_jit(), f"{names[0]}.{next(_NUMBERS)}")
    _KEPT.append(library)
    _LOADED.update({name: library[name] for name in names})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def sources() -> str:
    """Return a digest of the generator's sources: code that another version of them made is not ours.

    Beside this room it is the rule of windows that kernels ask while they are written.
    """
    paths: list[str] = []
    for room in (__file__, window.__file__):
        for folder, _, names in os.walk(os.path.dirname(room)):
            paths += [os.path.join(folder, name) for name in names if name.endswith((".py", ".ll"))]
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(Path(path).read_text("utf-8").encode())
    return whole.hexdigest()


@cache
def cache_of_objects() -> ObjectCache:
    """Return where object files are kept for the next process."""
    return ObjectCache()

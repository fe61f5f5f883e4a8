"""From modules to functions in memory: from the cache if they were compiled before. What was loaded stays loaded."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from .cache import ObjectCache
from .compiler import compile_object, machine
from .kernel import Kernel, digest
from .llvm import binding, version
from .machine import Target, host

_LOCK = threading.RLock()
_LOADED: dict[str, tuple[int, Any]] = {}  # address, and what keeps it alive


@cache
def _jit() -> Any:
    llvm = binding()
    llvm.check_jit_execution()
    return llvm.create_lljit_compiler(machine(host()))


def load(name: str, data: bytes) -> int:
    """Return the address of function `name` of an object file; loading it again costs nothing."""
    with _LOCK:
        if name not in _LOADED:
            library = binding().JITLibraryBuilder().add_object_img(data).export_symbol(name)
            tracker = library.link(_jit(), name)
            _LOADED[name] = tracker[name], tracker
        return _LOADED[name][0]


def function(name: str, text: str) -> int:
    """Return the address of function `name` of a module for this machine, compiled unless the cache has it."""
    return _made(name, f"{version()} {host()} {text}", host(), name, lambda: text)


def address_of(kernel: Kernel, target: Target) -> int:
    """Return the address of a kernel's function.

    The name under which it is known and cached is made of all that decides the code: the generator's own sources, the
    kernel, the target, and LLVM's version. So a kernel that was compiled before need not even be written.
    """
    made_of = f"{sources()} {version()} {target} {kernel!r}"
    name = f"k{_digest(made_of)}"
    return _made(name, made_of, target, repr(kernel), lambda: kernel.module(target, name))


def _made(name: str, made_of: str, target: Target, what: str, write: Callable[[], str]) -> int:
    """Return the address of a function: loaded, kept, or compiled from what `write` writes."""
    with _LOCK:
        if name in _LOADED:
            return _LOADED[name][0]
        key = _digest(made_of)
        data = cache_of_objects().get(key)
        if data is None:
            data = compile_object(write(), target, what)
            cache_of_objects().put(key, data)
        return load(name, data)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def sources() -> str:
    """Return a digest of the generator's sources: code that another version of them made is not ours."""
    folder = Path(__file__).parent
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".ll"))
    return digest("".join(path.read_text("utf-8") for path in files))


@cache
def cache_of_objects() -> ObjectCache:
    """Return where object files are kept for the next process."""
    return ObjectCache()

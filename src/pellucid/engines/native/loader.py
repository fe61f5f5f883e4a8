"""From object files to functions in memory. What was loaded stays: a pointer to it may be anywhere."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

from .compiler import machine
from .llvm import binding
from .machine import host

_LOCK = threading.Lock()
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


def loaded(name: str) -> int | None:
    """Return the address of a function that was loaded before."""
    found = _LOADED.get(name)
    return None if found is None else found[0]

"""LLVM, through llvmlite: loaded on first use, and set up once for the process."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from ...errors import EngineError

OLDEST = 0, 45  # the first llvmlite whose LLVM (20) reads what we write


@cache
def binding() -> Any:
    """Return llvmlite's binding, ready to make code for this machine.

    Raises:
        EngineError: llvmlite is too old, or the system lets nobody make code while it runs.
    """
    import llvmlite
    import llvmlite.binding as llvm

    found: str = llvmlite.__version__
    if tuple(int(part) for part in found.split(".")[:2]) < OLDEST:
        raise _missing(f"llvmlite {found}", "llvmlite 0.45 or newer", "pip install --upgrade llvmlite")
    try:
        llvm.check_jit_execution()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        got = f"a system that lets no program make code while it runs ({why})"
        raise _missing(got, "memory that may be made executable", "use engine 'reference'") from None
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    # LLVM's scheduler moves loads away from their use until accumulators no longer fit the registers. Kernels are
    # written in the order in which they should run. The option is the process's.
    llvm.set_option("", "-enable-misched=false")
    return llvm


@cache
def learn_all_targets() -> None:
    """Have LLVM make code for other kinds of machines as well."""
    llvm = binding()
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


def version() -> str:
    """Return the version of LLVM, part of what makes code what it is."""
    return ".".join(map(str, binding().llvm_version_info))


def _missing(got: str, expected: str, fix: str) -> EngineError:
    return EngineError("engine 'native'", got=got, expected=expected, fix=fix)

"""LLVM, through llvmlite: loaded on first use, and set up once for the process."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def binding() -> Any:
    """Return llvmlite's binding, ready to make code for x86-64 and 64-bit ARM."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    # LLVM's scheduler moves loads away from their use until accumulators no longer fit the registers. Kernels are
    # written in the order in which they should run. The option is the process's.
    llvm.set_option("", "-enable-misched=false")
    return llvm


def version() -> str:
    """Return the version of LLVM, part of what makes code what it is."""
    return ".".join(map(str, binding().llvm_version_info))

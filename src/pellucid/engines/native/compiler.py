"""From LLVM IR to an object file: parsed, verified, and made into machine code for one target."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from ...errors import EngineError
from .llvm import binding
from .machine import Target

# Vector registers that meet the stack, but for ARM's d8 to d15, which belong to the caller and are put aside once.
_X86_STACK = re.compile(r"^\s*v?\w+.*\((?:%rsp|%rbp)[^)]*\).*%[xyz]mm|^\s*v?\w+.*%[xyz]mm.*\((?:%rsp|%rbp)[^)]*\)")
_ARM_STACK = re.compile(r"^\s*(?:ldr|str|ldp|stp|ldur|stur)\s+q\d+.*\[(?:sp|x29)")


@cache
def machine(target: Target) -> Any:
    """Return LLVM's machine for a target."""
    return (
        binding()
        .Target.from_triple(target.triple)
        .create_target_machine(cpu=target.cpu, features=target.features, opt=3, reloc="pic", codemodel="small")
    )


def compile_object(text: str, target: Target, what: str) -> bytes:
    """Return the object file of a module.

    Args:
        text: the module, as LLVM IR.
        target: what to make code for.
        what: what is compiled, for errors.

    Raises:
        EngineError: LLVM refuses the module.
    """
    return machine(target).emit_object(_module(text, target, what))


def assembly(text: str, target: Target, what: str) -> str:
    """Return the assembly of a module, for people and for `spills`."""
    return machine(target).emit_assembly(_module(text, target, what))


def spills(assembly: str) -> int:
    """Return how often vector registers are written to the stack or read from it: accumulators that did not fit."""
    if "movq\t%rsp, %rbp" not in assembly:
        assembly = assembly.replace("%rbp", "%r")  # holds an address like any other register
    if not re.search(r"(mov|add)\tx29, sp", assembly):
        assembly = assembly.replace("[x29", "[x")  # likewise
    return sum(bool(_X86_STACK.search(line) or _ARM_STACK.search(line)) for line in assembly.splitlines())


def _module(text: str, target: Target, what: str) -> Any:
    llvm = binding()
    try:
        module = llvm.parse_assembly(text)
        module.triple = target.triple
        module.data_layout = str(machine(target).target_data)
        module.verify()
    except RuntimeError as error:
        raise EngineError(
            f"engine 'native', compiling {what}",
            got=f"LLVM's refusal: {' '.join(str(error).split())[:300]}",
            expected="code that LLVM accepts",
            fix="use engine 'reference', and tell the authors",
        ) from None
    return module

"""From LLVM IR to an object file: parsed, verified, and made into machine code for one target."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Any

from ...errors import EngineError
from ...words import legible, printable
from .llvm import binding, learn_all_targets
from .machine import Target
from .symbols import undefined

# Vector registers that meet the stack, but for ARM's d8 to d15, which belong to the caller and are put aside once.
_X86_STACK = re.compile(r"^\s*v?\w+.*\((?:%rsp|%rbp)[^)]*\).*%[xyz]mm|^\s*v?\w+.*%[xyz]mm.*\((?:%rsp|%rbp)[^)]*\)")
_ARM_STACK = re.compile(r"^\s*(?:ldr|str|ldp|stp|ldur|stur)\s+q\d+.*\[(?:sp|x29)")


MOST_LETTERS = 4 * 2**20  # of a module: twenty times the largest that was seen, and yet seconds, not minutes, of LLVM


@cache
def machine(target: Target) -> Any:
    """Return LLVM's machine for a target."""
    llvm = binding()
    if target.triple != llvm.get_process_triple():
        learn_all_targets()
    kind = llvm.Target.from_triple(target.triple)
    return kind.create_target_machine(cpu=target.cpu, features=target.features, opt=3, reloc="pic", codemodel="small")


def compile_object(text: str, target: Target, what: str) -> bytes:
    """Return the object file of a module, which needs nothing but itself.

    Args:
        text: the module, as LLVM IR.
        target: what to make code for.
        what: what is compiled, for errors.

    Raises:
        EngineError: LLVM refuses the module, or it calls what is not in it; the error says at which stage.
    """
    with stage(what, "generating code"):
        data = bytes(machine(target).emit_object(_module(text, target, what)))
    _check_calls(undefined(data), what, "generating code")
    return data


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
    if len(text) > MOST_LETTERS:
        raise refusal(what, "writing", f"{len(text):,} letters of code", f"at most {MOST_LETTERS:,}")
    if " asm " in text:  # which LLVM reads when it is too late for an error: it ends the process
        raise refusal(what, "writing", "assembly within it", "code in LLVM's own language")
    llvm = binding()
    with stage(what, "parsing"):
        module = llvm.parse_assembly(text)
    module.triple = target.triple
    module.data_layout = str(machine(target).target_data)
    with stage(what, "verifying"):
        module.verify()
    declared = [function.name for function in module.functions if function.is_declaration]
    _check_calls([name for name in declared if not name.startswith("llvm.")], what, "verifying")
    return module


def _check_calls(names: list[str], what: str, where: str) -> None:
    """Refuse a module that calls what is not in it: kernels need nothing, so it could only be a mistake."""
    if names:
        raise refusal(what, where, f"calls of {', '.join(names)[:200]}", "code that calls nothing outside itself")


@contextmanager
def stage(what: str, name: str) -> Generator[None]:
    """Turn LLVM's refusal into an error that says what was being made, and how far it came."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, EngineError):
            raise
        told = " ".join(str(error).split())[:300]
        raise refusal(what, name, f"LLVM's refusal: {told}", "code that LLVM accepts") from None


def refusal(what: str, where: str, got: str, expected: str) -> EngineError:
    """Return an error about code that could not be made."""
    return EngineError(
        f"engine 'native', {where} {legible(what, 300)}",
        got=printable(got),
        expected=expected,
        fix="use engine 'reference', and tell the authors",
    )

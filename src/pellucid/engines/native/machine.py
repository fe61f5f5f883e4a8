"""What machine code is made for: an instruction set answers the few questions that differ between machines.

The processor's flags decide, not its name: virtual machines tell wrong names.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ...errors import EngineError


@dataclass(frozen=True)
class Target:
    """An instruction set.

    Args:
        name: "avx512", "avx2", "sse2" or "neon".
        triple: LLVM's name of the machine and system.
        cpu: LLVM's name of the least processor that has it.
        features: what else LLVM may use, or must not.
        lanes: float32 numbers in a vector.
        registers: vector registers.
        fused: multiply and add are one instruction that rounds once.
    """

    name: str
    triple: str
    cpu: str
    features: str
    lanes: int
    registers: int
    fused: bool = True


_X86 = {
    # 512-bit vectors are asked for by name; without this some tunings would halve them.
    "avx512": ("x86-64-v4", "-prefer-256-bit", 16, 32, True),
    "avx2": ("x86-64-v3", "", 8, 16, True),
    "sse2": ("x86-64", "", 4, 16, False),
}
# What LLVM may use for those names. It tells of a register's width only where the system saves such registers.
_V3 = ("cx16", "popcnt", "sahf", "sse4.2", "avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe")
_NEEDS = {"avx512": (*_V3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"), "avx2": _V3}


def x86(name: str, triple: str = "x86_64-unknown-linux-gnu") -> Target:
    """Return an instruction set of x86-64 by name.

    >>> x86("avx2").lanes
    8
    """
    cpu, features, lanes, registers, fused = _X86[name]
    return Target(name, triple, cpu, features, lanes, registers, fused)


def neon(triple: str = "aarch64-unknown-linux-gnu") -> Target:
    """Return the instruction set of 64-bit ARM.

    >>> neon().lanes, neon().registers
    (4, 32)
    """
    return Target("neon", triple, "generic", "", 4, 32)


@cache
def host() -> Target:
    """Return the best instruction set of this machine.

    Raises:
        EngineError: a processor that we make no code for.
    """
    return available()[0]


@cache
def available() -> tuple[Target, ...]:
    """Return the instruction sets that run on this machine, best first."""
    from .llvm import binding

    llvm = binding()
    triple = llvm.get_process_triple()
    has = llvm.get_host_cpu_features()
    if triple.startswith(("x86_64", "amd64")):
        names = [name for name in _X86 if all(has.get(flag, False) for flag in _NEEDS.get(name, ()))]
        return tuple(x86(name, triple) for name in names)
    if triple.startswith(("aarch64", "arm64")):
        return (neon(triple),)
    raise EngineError(
        "engine 'native'",
        got=f"a processor of kind {triple.split('-')[0]}",
        expected="x86-64 or 64-bit ARM",
        fix="use engine 'reference'",
    )

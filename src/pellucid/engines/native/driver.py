"""The driver: the one piece of machine code that is not a kernel. It walks a table of steps, alone or with workers.

Tables are arrays of 64-bit numbers:

    program   phases, first phase, bases, memory of thread 0, bytes of memory a thread
    phase     kind, items, ranges, opening steps, their address, steps, their address
    step      function, pointers, items, and for each pointer: base, offset, bytes an item, bytes a block
    base      an address; base 0 is the thread's own memory

Kind 0 is a phase over blocks of samples: an item runs the opening steps once, and then all steps for each of its blocks
(those that `ranges` tells, or the one with its own number). Kind 1 is a phase of tasks: each step has items of its own,
and an item of the phase is one item of one step.

Threads share a phase through one word, (epoch, items, items taken): whoever adds 1 to it owns an item, and the phase is
over when all items are done. A worker that comes late, or never, changes nothing but the time. Even threads take the
next item from the front and odd ones from the back: two threads then stay in their halves of a map, layer after layer,
and find in their own caches what they wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .kernel import digest
from .machine import Target

MOST_POINTERS = 256  # of a step: layers that join branches have one for each
MOST_ITEMS = (1 << 20) - 1024  # that threads share, for each may try to take one more than there are; more, one runs
STATE_BYTES = 1024  # of what threads share: parts that different threads write lie 128 bytes apart
WORD, DONE, PROGRAM, PHASE, RUNNING, FRONT, BACK = 0, 128, 256, 264, 384, 512, 640  # byte offsets in it


@dataclass(frozen=True)
class _Machine:
    """What the driver needs of a processor: to pause, to tell time, and to make denormal numbers zero.

    The whole control word of float arithmetic is set: the caller's rounding or traps must not change what we compute.
    """

    declarations: str
    pause: str
    clock: str
    flush: str
    restore: str


_X86 = _Machine(
    declarations="""declare void @llvm.x86.sse2.pause()
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
declare i64 @llvm.readcyclecounter()""",
    pause="call void @llvm.x86.sse2.pause()",
    clock="call i64 @llvm.readcyclecounter()",
    flush="""  call void @llvm.x86.sse.stmxcsr(ptr %kept)
  store i32 40896, ptr %used, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr %used)""",
    restore="  call void @llvm.x86.sse.ldmxcsr(ptr %kept)",
)
_ARM = _Machine(
    declarations="""declare void @llvm.aarch64.hint(i32)
declare i64 @llvm.aarch64.get.fpcr()
declare void @llvm.aarch64.set.fpcr(i64)
declare i64 @llvm.read_volatile_register.i64(metadata)
!0 = !{!"cntvct_el0"}""",
    pause="call void @llvm.aarch64.hint(i32 1)",
    clock="call i64 @llvm.read_volatile_register.i64(metadata !0)",
    flush="""  %control = call i64 @llvm.aarch64.get.fpcr()
  store i64 %control, ptr %kept, align 8
  call void @llvm.aarch64.set.fpcr(i64 16777216)""",
    restore="""  %callers = load i64, ptr %kept, align 8
  call void @llvm.aarch64.set.fpcr(i64 %callers)""",
)


@cache
def driver(target: Target) -> tuple[tuple[str, str, str], str]:
    """Return the names of `execute(state, program, share)`, `work(state, thread, patience)`, `clock()`, and the text.

    execute: run a program; `share` is 0 to do it alone. work: help until nothing came for `patience` of the clock.
    """
    m = _ARM if target.name == "neon" else _X86
    text = Path(__file__).with_name("driver.ll").read_text("utf-8")
    words = {"TRIPLE": target.triple, "DECLARATIONS": m.declarations, "PAUSE": m.pause, "CLOCK": m.clock}
    words["LIMIT"] = str(MOST_ITEMS)
    words["POINTERS"] = str(MOST_POINTERS)
    for word, meaning in (words | {"FLUSH": m.flush, "RESTORE": m.restore}).items():
        text = text.replace(word, meaning)
    tag = digest(text + target.name)
    names = tuple(f"{name}_{tag}" for name in ("execute", "work", "clock"))
    for name in names:
        text = text.replace(f"@{name.split('_')[0]}(", f"@{name}(")
    return (names[0], names[1], names[2]), text

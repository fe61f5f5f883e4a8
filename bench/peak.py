"""How fast the processor could be: the rate of fused multiply-adds between registers, measured, not looked up."""

from __future__ import annotations

import ctypes
import time

from llvmlite import binding as llvm

ROUNDS = 1_000_000
ACCUMULATORS = 12  # more than the units' latency times their number, fewer than any processor's registers


def peak(times: int = 20) -> float:
    """Return one core's floating-point operations a second; a fused multiply-add is two."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    lanes = 16 if features.get("avx512f") else 8 if features.get("fma") else 4
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features.flatten(), opt=3
    )
    module = llvm.parse_assembly(_text(lanes))
    module.verify()
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    run = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(engine.get_function_address("peak"))
    numbers = (ctypes.c_float * lanes)()
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        run(numbers, ROUNDS)
        best = min(best, time.perf_counter() - start)
    return 2 * lanes * ACCUMULATORS * ROUNDS / best


def _text(lanes: int) -> str:
    """Return LLVM's text of a loop over independent sums, which are stored so that they are not left out."""
    vector = f"<{lanes} x float>"
    fma = f"@llvm.fma.v{lanes}f32"
    numbers = range(ACCUMULATORS)
    return "\n".join(
        [
            f"declare {vector} {fma}({vector}, {vector}, {vector})",
            "define void @peak(ptr %p, i64 %n) {",
            "entry:",
            f"  %a = load {vector}, ptr %p, align 4",
            "  br label %loop",
            "loop:",
            "  %i = phi i64 [0, %entry], [%next, %loop]",
            *(f"  %c{k} = phi {vector} [%a, %entry], [%d{k}, %loop]" for k in numbers),
            *(f"  %d{k} = call {vector} {fma}({vector} %a, {vector} %a, {vector} %c{k})" for k in numbers),
            "  %next = add i64 %i, 1",
            "  %more = icmp ult i64 %next, %n",
            "  br i1 %more, label %loop, label %end",
            "end:",
            *(f"  store volatile {vector} %d{k}, ptr %p, align 4" for k in numbers),
            "  ret void",
            "}",
        ]
    )

"""When code cannot be made: one clear error, or another engine; and code for one processor never runs on another."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from pellucid import Network
from pellucid.engines.native import compiler, loader, machine
from pellucid.engines.native.cache import ObjectCache
from pellucid.engines.native.channels import planning as channels
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.native.ir import Code, Value
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.llvm import binding
from pellucid.engines.native.machine import host, neon, x86
from pellucid.engines.native.samples import planning as samples
from pellucid.errors import EngineError
from pellucid.layers import AdaptiveAvgPool2d, Conv2d, Layer, Linear, MaxPool2d, Softmax

from .children import run


@dataclass(frozen=True)
class Same(Kernel):
    """Stores the vector that it loads; `number` makes it a kernel of its own."""

    arguments: ClassVar[tuple[str, ...]] = ("x",)
    number: int

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the function's body."""
        code.store(code.load(pointers[0], 0), pointers[0])


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectCache:
    """A cache of this test's own, in which there is nothing yet."""
    made = ObjectCache(tmp_path / "objects")
    monkeypatch.setattr(loader, "cache_of_objects", lambda: made)
    return made


# What LLVM refuses

NAMED = "define void @{name}(ptr %args, i64 %item) "
BROKEN = {
    "no language": ("what", "parsing", "LLVM's refusal: "),
    "a wrong type": (NAMED + "{{\n  %a = fadd i64 %item, 1\n  ret void\n}}", "parsing", "LLVM's refusal: "),
    "assembly": (NAMED + '{{\n  call void asm sideeffect "no such thing", ""()\n  ret void\n}}', "writing", "assembly"),
    "a name that nobody gave": (NAMED + "{{\n  store i64 %none, ptr %args\n  ret void\n}}", "parsing", "%none"),
    "a block without an end": (NAMED + "{{\n  %a = add i64 %item, 1\n}}", "parsing", "LLVM's refusal: "),
    "use before the value is there": (
        NAMED + "{{\n  %a = add i64 %b, 1\n  %b = add i64 %a, 1\n  ret void\n}}",
        "verifying",
        "does not dominate all uses",
    ),
    "a call of what is not there": (
        "declare void @no_such_thing()\n" + NAMED + "{{\n  call void @no_such_thing()\n  ret void\n}}",
        "verifying",
        "calls of no_such_thing",
    ),
    "a call of the system": (
        "declare i32 @system(ptr)\n" + NAMED + "{{\n  call i32 @system(ptr %args)\n  ret void\n}}",
        "verifying",
        "calls of system",
    ),
    "a call that LLVM makes of an operation": (
        "declare double @llvm.pow.f64(double, double)\n"
        + NAMED
        + "{{\n  %x = load double, ptr %args\n  %y = call double @llvm.pow.f64(double %x, double %x)\n"
        "  store double %y, ptr %args\n  ret void\n}}",
        "generating code",
        "calls of pow",
    ),
    "another function": (NAMED.replace("{name}", "other") + "{{\n  ret void\n}}", "loading", "LLVM's refusal: "),
}


@pytest.mark.skipif(sys.platform != "linux", reason="of other systems' object files the calls are not read")
@pytest.mark.parametrize("broken", BROKEN)
def test_code_that_cannot_be_made(broken: str, cache: ObjectCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """One error tells the layer, the kernel, and how far it came; nothing is kept, and the network compiles later."""
    text, stage, got = BROKEN[broken]
    net, engine = Network(7, [Linear(11, bias=False)], name=broken), NativeEngine(threads=1)
    x = np.ones((40, 7), np.float32)
    with monkeypatch.context() as patched:
        patched.setattr(Kernel, "module", lambda self, target, name: text.format(name=name))
        patched.setattr(loader, "_LOADED", dict(loader._LOADED))
        patched.setattr(loader, "sources", lambda: broken)
        for _ in range(2):
            with pytest.raises(EngineError) as caught:
                net.predict(x, engine=engine)
            where = caught.value.where
            assert where.startswith(f"engine 'native', {stage} layer ")
            assert "(" in where.split(", ", 2)[2]  # the kernel's own words for itself
            assert got in caught.value.got
            assert (caught.value.fix, len(str(caught.value)) < 1000) == (
                "use engine 'reference', and tell the authors",
                True,
            )
    assert np.allclose(net.predict(x, engine=engine), net.predict(x, engine="reference"), atol=1e-5)


def test_code_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module beyond all measure is refused before LLVM, which would take minutes or all memory for it."""
    monkeypatch.setattr(compiler, "MOST_LETTERS", 100)
    with pytest.raises(EngineError) as caught:
        compiler.compile_object("; nothing" * 20, host(), "something")
    assert str(caught.value) == (
        "engine 'native', writing something\n  got       180 letters of code\n  expected  at most 100\n"
        "  fix       use engine 'reference', and tell the authors"
    )


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        ((3, 80, 80), Conv2d(8, 64)),
        ((3, 4, 400), Conv2d(16, (1, 200))),
        ((1, 64, 64), Conv2d(16, 31, padding=15)),
        ((3, 120, 120), Conv2d(8, 5, dilation=25)),
        ((512, 14, 14), Conv2d(512, 3, padding=1, groups=512)),
        ((2048, 8, 8), Conv2d(2048, 3, padding=1)),
        ((1, 20_000, 3), Conv2d(4, 3, padding=1)),
        ((3, 200, 200), MaxPool2d(100)),
        ((3, 120, 120), MaxPool2d(50, stride=1)),
        ((3, 223, 223), AdaptiveAvgPool2d(7)),
        ((100_000,), Softmax()),
        ((10,), Linear(100_000)),
    ],
    ids=str,
)
def test_no_geometry_makes_endless_code(shape: tuple[int, ...], layer: Layer) -> None:
    """However large a layer and its window are, a kernel's code is short: loops grow, and not what is unrolled."""
    net = Network(shape, [layer])
    single = channels.running_plan(net, host(), trace=False, exact=False, single=True).plan
    bulk, _ = samples.running_plan(net, host(), trace=False, exact=False)
    for kernel in {*single.kernels(), *bulk.kernels()}:
        assert len(kernel.module(host(), "kernel")) < 250_000


def test_llvm_is_silent(tmp_path: Path) -> None:
    """LLVM writes nothing to the terminal of its own: what goes wrong is the error's to say."""
    script = """
from pellucid.engines.native import compiler, loader
from pellucid.engines.native.machine import host
data = compiler.compile_object("define void @one(ptr %a, i64 %b) {\\n ret void\\n}", host(), "one")
for name in ("two", "two", "one"):
    try:
        print(loader.load(name, data) != 0)
    except Exception as error:
        print(type(error).__name__, str(error).splitlines()[0])
"""
    told = "EngineError engine 'native', loading two\n"
    assert run(script, tmp_path, prepared=False) == told + told + "True\n"


# Where there is no LLVM, or no use for it

FALLS_BACK = """
import warnings
from pellucid import Network, engines
from pellucid.layers import Linear
from pellucid.errors import EngineError
net = Network(3, [Linear(2)])
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    shape = net.predict([[1.0, 2.0, 3.0]]).shape
assert [str(w.category.__name__) for w in told] == ["EngineWarning"], told
assert shape == (1, 2)
try:
    engines.get("native")
except EngineError as error:
    assert error.got in str(told[0].message)
    print(error.got)
"""
ABSENT = {
    "llvmlite is not installed": (
        "import sys\nsys.modules['llvmlite'] = None\n",
        "the package llvmlite is not installed",
    ),
    "llvmlite cannot be loaded": (
        "import sys, ctypes\nplain = ctypes.CDLL\n"
        "def load(name, *more, **options):\n"
        "    if 'llvmlite' in str(name):\n        raise OSError('no such library')\n"
        "    return plain(name, *more, **options)\n"
        "ctypes.CDLL = load\n",
        "LLVM does not start: Could not find/load shared object file",
    ),
    "llvmlite is too old": ("import llvmlite\nllvmlite.__version__ = '0.44.1'\n", "llvmlite 0.44.1"),
    "the system forbids it": (
        "import llvmlite.binding\ndef refuse():\n    raise OSError(13, 'a text of LLVM')\n"
        "llvmlite.binding.check_jit_execution = refuse\n",
        "a system that lets no program make code while it runs (Permission denied)",
    ),
    "an unknown processor": (
        "import llvmlite.binding\nllvmlite.binding.get_process_triple = lambda: 'riscv64-unknown-linux-gnu'\n",
        "a processor of kind riscv64",
    ),
}


@pytest.mark.parametrize("why", ABSENT)
def test_where_the_engine_cannot_run(why: str, tmp_path: Path) -> None:
    """Unasked, the reference engine runs instead, with a warning that tells why; asked for, it is an error."""
    before, reason = ABSENT[why]
    assert run(before + FALLS_BACK, tmp_path, prepared=False).startswith(reason)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux to forbid it")
def test_a_system_that_really_forbids_it(tmp_path: Path) -> None:
    """Where the kernel makes no memory executable that could be written, the process lives, and falls back."""
    before = """
import ctypes
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):  # PR_SET_MDWE, since Linux 6.3
    raise SystemExit(print("unknown"))
"""
    told = run(before + FALLS_BACK, tmp_path, prepared=False)
    if told == "unknown\n":
        pytest.skip("a Linux before 6.3 cannot forbid it for one process")
    assert told == "a system that lets no program make code while it runs (Permission denied)\n"


# Which processor

V3 = ("avx", "avx2", "bmi", "bmi2", "cx16", "f16c", "fma", "lzcnt", "movbe", "popcnt", "sahf", "sse4.2")
V4 = (*V3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")


def available(
    monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], triple: str = "x86_64-pc-linux-gnu"
) -> list[str]:
    """The instruction sets that are chosen for a processor of these flags."""
    monkeypatch.setattr(binding(), "get_host_cpu_features", lambda: dict.fromkeys(flags, True))
    monkeypatch.setattr(binding(), "get_process_triple", lambda: triple)
    return [target.name for target in machine.available.__wrapped__()]


def test_flags_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """An instruction set is used where all that LLVM may take for granted with it is there, and no other."""
    assert available(monkeypatch, ()) == ["sse2"]
    assert available(monkeypatch, ("avx",)) == ["sse2"]
    assert available(monkeypatch, V3) == ["avx2", "sse2"]
    assert available(monkeypatch, V4) == ["avx512", "avx2", "sse2"]
    for missing in V3:
        assert available(monkeypatch, tuple(flag for flag in V4 if flag != missing)) == ["sse2"]
    for missing in set(V4) - set(V3):
        assert available(monkeypatch, tuple(flag for flag in V4 if flag != missing)) == ["avx2", "sse2"]
    for triple in ("aarch64-unknown-linux-gnu", "arm64-apple-darwin23.1.0"):
        assert available(monkeypatch, (), triple) == ["neon"]


def test_an_unknown_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind of processor that we make no code for is told by its name."""
    with pytest.raises(EngineError) as caught:
        available(monkeypatch, (), "riscv64-unknown-linux-gnu")
    assert str(caught.value) == (
        "engine 'native'\n  got       a processor of kind riscv64\n  expected  x86-64 or 64-bit ARM\n"
        "  fix       use engine 'reference'"
    )


@pytest.mark.parametrize("target", machine.available(), ids=lambda target: target.name)
def test_every_instruction_set_of_this_machine(target: machine.Target) -> None:
    """A network gives the same numbers on each instruction set, to what rounding allows."""
    net = Network(20, [Linear(30), Linear(5)], seed=1)
    x = np.random.default_rng(0).standard_normal((40, 20)).astype(np.float32)
    right = net.predict(x, engine="reference")
    assert np.allclose(net.predict(x, engine=NativeEngine(target=target)), right, atol=1e-5)


# What the cache may be used for


def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is compiled from now on; of each nothing is loaded, so that code for any processor may be asked for."""
    whats: list[str] = []

    def note(text: str, target: machine.Target, what: str) -> bytes:
        whats.append(f"{target.name} {what}")
        return compiler.compile_object(text, target, what)

    monkeypatch.setattr(loader, "compile_object", note)
    monkeypatch.setattr(loader, "_LOADED", {})
    monkeypatch.setattr(loader, "_link", lambda names, data, what: loader._LOADED.update(dict.fromkeys(names, 1)))
    return whats


def test_a_cache_filled_for_another_processor(cache: ObjectCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that was kept for one instruction set is found for it alone; a network goes from machine to machine."""
    whats = compiled(monkeypatch)
    targets = [x86("avx512"), x86("avx2"), x86("sse2"), x86("avx2", "x86_64-apple-darwin"), neon()]
    for number, target in enumerate(targets, 1):
        loader.address_of(Same(1), target)
        assert len(whats) == len(cache.entries()) == number
    for target in targets:
        monkeypatch.setattr(loader, "_LOADED", {})
        loader.address_of(Same(1), target)
    assert len(whats) == len(targets)


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setattr(loader, "version", lambda: "99.0.0"),
        lambda patch: patch.setattr(loader, "sources", lambda: "another version of our own"),
    ],
    ids=["LLVM", "sources"],
)
def test_a_cache_filled_by_another_version(
    cache: ObjectCache, monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """Code that another LLVM made, or another version of the generator, is not used."""
    whats = compiled(monkeypatch)
    loader.address_of(Same(2), host())
    with monkeypatch.context() as patched:
        change(patched)
        loader.address_of(Same(2), host())
    assert len(whats) == 2
    monkeypatch.setattr(loader, "_LOADED", {})
    loader.address_of(Same(2), host())
    assert len(whats) == 2


def test_code_is_compiled_once(cache: ObjectCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel is compiled for the first network that needs it, and loaded once; an equal one is the same."""
    whats = compiled(monkeypatch)
    first = loader.address_of(Same(3), host(), "conv1")
    assert loader.address_of(Same(3), host(), "conv2") == first
    assert whats == [f"{host().name} layer 'conv1', Same(number=3)"]

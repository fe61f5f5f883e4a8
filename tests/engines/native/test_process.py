"""The native engine behaves in its process: forks, other processes, the end of Python, and what it leaves unchanged."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pellucid.engines.native.machine import host

from .children import PREPARED, run


def test_a_busy_process_forks(tmp_path: Path) -> None:
    """Children forked while threads run and compile networks run the same and new ones, and get the same bits."""
    script = """
nets = [network(), network(), network(4)]
right = [net.predict(x, engine=engine).tobytes() for net in nets]
stop = False

def use(net):
    while not stop:
        net.predict(x, engine=engine)

def compile():
    for outputs in range(100, 120):
        if not stop:
            network(outputs).predict(x, engine=engine)

threads = [threading.Thread(target=use, args=(net,)) for net in nets for _ in range(2)]
threads += [threading.Thread(target=compile), threading.Thread(target=compile)]
for thread in threads:
    thread.start()
codes = []
for turn in range(6):
    time.sleep(0.003 * turn)
    child = os.fork()
    if not child:
        same = all(net.predict(x, engine=engine).tobytes() == bits for net, bits in zip(nets, right))
        same &= network().predict(x, engine=engine).tobytes() == right[0]
        os._exit(0 if same and np.isfinite(network(50 + turn).predict(x, engine=engine)).all() else 1)
    codes.append(os.waitpid(child, 0)[1])
stop = True
for thread in threads:
    thread.join()
assert [net.predict(x, engine=engine).tobytes() for net in nets] == right
print(codes)
"""
    assert run(script, tmp_path, PELLUCID_CACHE=str(tmp_path / "cache")) == f"{[0] * 6}\n"


def test_many_threads_compile(tmp_path: Path) -> None:
    """64 threads that need the same and other networks at once compile each kernel once, and all get the same bits."""
    script = """
from pellucid.engines.native import loader
compile_object, whats = loader.compile_object, []

def note(text, target, what):
    whats.append(what)
    return compile_object(text, target, what)

loader.compile_object = note
barrier, found = threading.Barrier(64), {}

def use(number):
    barrier.wait()
    found[number] = network(4 + number % 4).predict(x, engine=engine).tobytes()

threads = [threading.Thread(target=use, args=(number,)) for number in range(64)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(found), len(whats) == len(set(whats)) > 4)
print(all(found[number] == found[number % 4] for number in found), len(set(found.values())))
"""
    assert run(script, tmp_path, PELLUCID_CACHE="off") == "64 True\nTrue 4\n"


def test_children_of_every_kind(tmp_path: Path) -> None:
    """Processes that multiprocessing spawns, forks or takes from a server get the same bits as their parent."""
    script = """
import hashlib, multiprocessing

def digest(seed):
    net = network()
    trainer = engine.trainer(net, CrossEntropy(), SGD(0.1), seed=seed)
    for _ in range(3):
        trainer.step((x,), np.arange(100) % 4, np.arange(100), rate=0.1)
    trainer.sync()
    return hashlib.sha256(net.predict(x, engine=engine).tobytes()).hexdigest()

if __name__ == "__main__":
    right = [digest(seed) for seed in range(3)]
    for kind in multiprocessing.get_all_start_methods():
        with multiprocessing.get_context(kind).Pool(2) as pool:
            print(kind, pool.map(digest, range(3)) == right)
"""
    told = dict(line.split() for line in run(script, tmp_path).splitlines())
    assert set(told) >= {"spawn"}
    assert set(told.values()) == {"True"}


def test_use_while_python_ends(tmp_path: Path) -> None:
    """Functions called at exit may run networks, those that were run before and new ones, and compile them."""
    script = """
import atexit

def late():
    print(net.predict(x, engine=engine).tobytes() == right, network(7).predict(x, engine=engine).shape)

net = network()
atexit.register(late)
right = net.predict(x, engine=engine).tobytes()
atexit.register(late)
"""
    assert run(script, tmp_path, PELLUCID_CACHE="off") == "True (100, 7)\n" * 2


def test_first_use_while_python_ends(tmp_path: Path) -> None:
    """A process that comes to use the engine only at exit starts LLVM and workers then, or does without them."""
    script = """
import atexit
atexit.register(lambda: print(network().predict(x, engine=engine).shape))
"""
    assert run(script, tmp_path) == "(100, 4)\n"


@pytest.mark.parametrize("ending", ["pass", "os._exit(0)", "sys.exit()", "threading.Thread(target=sys.exit).start()"])
def test_python_ends_while_threads_work(tmp_path: Path, ending: str) -> None:
    """A process ends at once and cleanly while workers spin and while daemon threads run and train networks."""
    script = f"""
net = network()
trainer = engine.trainer(network(), CrossEntropy(), SGD(0.1), seed=0)

def use():
    while True:
        net.predict(x, engine=engine)

def train():
    while True:
        trainer.step((x,), np.arange(100) % 4, np.arange(100), rate=0.1)

net.predict(x, engine=engine)
for target in (use, train, use):
    threading.Thread(target=target, daemon=True).start()
time.sleep(0.02)
net.predict(x, engine=engine)
{ending}
"""
    assert run(script, tmp_path) == ""


STATE = """
import ctypes, locale, signal, threading
import numpy as np

def state():
    product = np.array([1e-40], np.float32) * np.float32(1)  # a denormal number
    signals = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
    with open("/proc/self/status") as file:
        masks = [line for line in file if line.startswith(("SigBlk", "SigIgn", "SigCgt"))]
    handlers = [signal.getsignal(number) for number in sorted(signals)]
    return product[0] != 0, ctypes.CDLL(None).fegetround(), locale.setlocale(locale.LC_ALL), handlers, masks

before = state()
"""

CONTROL_WORD = """
from pellucid.engines.native.loader import functions
from pellucid.engines.native.machine import host

def control_word():
    text = f'''target triple = "{host().triple}"
declare void @llvm.x86.sse.stmxcsr(ptr)
define i32 @control_word() {{
  %place = alloca i32, align 4
  call void @llvm.x86.sse.stmxcsr(ptr %place)
  %word = load i32, ptr %place, align 4
  ret i32 %word
}}'''
    word = ctypes.CFUNCTYPE(ctypes.c_uint32)(functions(("control_word",), text)[0])()
    return word & ~0x3F  # without the marks of what happened
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process's state where Linux tells it")
def test_what_it_leaves_unchanged(tmp_path: Path) -> None:
    """Importing, compiling and running change neither signal handlers, nor the locale, nor how floats are computed."""
    x86 = host().name != "neon"
    script = f"""
words = []

def use():
    net = network()
    net.predict(x, engine=engine)
    engine.trainer(net, CrossEntropy(), SGD(0.1), seed=0).step((x,), np.arange(100) % 4, np.arange(100), rate=0.1)
    words.append({"control_word()" if x86 else "0x1F80"})

use()
other = threading.Thread(target=use)
other.start()
other.join()
print(state() == before, words == [0x1F80] * 2)
"""
    whole = STATE + PREPARED + (CONTROL_WORD if x86 else "") + script
    assert run(whole, tmp_path, prepared=False) == "True True\n"


@pytest.mark.skipif(sys.platform != "linux", reason="reads the list of a process's memory where Linux keeps it")
def test_no_code_of_ours_is_in_memory_that_can_be_written(tmp_path: Path) -> None:
    """Compiling, running and training add no page that can be both written and executed.

    llvmlite alone may bring one: where Python calls back through libffi, some builds of that keep their stubs so.
    """
    script = """
import llvmlite.binding

def pages(*wanted):
    with open("/proc/self/maps") as file:
        lines = [line.split() for line in file]
    return {line[0] for line in lines if all(letter in line[1] for letter in wanted)}

before, code = pages("w", "x"), pages("x")
net = network()
net.predict(x, engine=engine)
net.predict(x[:1], engine=engine)
engine.trainer(net, CrossEntropy(), SGD(0.1), seed=0).step((x,), np.arange(100) % 4, np.arange(100), rate=0.1)
print(len(pages("x") - code) > 0, pages("w", "x") - before)
"""
    assert run(script, tmp_path, PELLUCID_CACHE="off") == "True set()\n"


def test_import_is_light(tmp_path: Path) -> None:
    """Importing the package starts neither LLVM nor a thread, and opens no cache."""
    script = """
import os, sys, threading
before = threading.active_count()
import pellucid
print([name for name in sys.modules if name.startswith("llvmlite")], threading.active_count() - before)
print(os.path.exists(os.environ["PELLUCID_CACHE"]))
"""
    assert run(script, tmp_path, prepared=False, PELLUCID_CACHE=str(tmp_path / "cache")) == "[] 0\nFalse\n"

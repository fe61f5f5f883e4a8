"""Threads: how many, when they come, what they cost when there is nothing to do, and that they can change no bit."""

from __future__ import annotations

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from pellucid import Network
from pellucid.engines.native import executable, pool, threads
from pellucid.engines.native.driver import MOST_ITEMS
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.native.loader import functions
from pellucid.engines.native.machine import host
from pellucid.errors import ParameterError
from pellucid.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from pellucid.train import SGD, CrossEntropy

from .children import run

X = np.random.default_rng(0).standard_normal((100, 2, 9, 9)).astype(np.float32)


def network(outputs: int = 4) -> Network:
    """A small network; a batch of it is several blocks of samples."""
    return Network((2, 9, 9), [Conv2d(5, 3), ReLU(), Flatten(), Linear(outputs)], seed=1)


@pytest.fixture(autouse=True)
def sharing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every program be worth sharing, however small, and no setting of the user's decide."""
    monkeypatch.setattr(executable, "SHARED_FROM", 0)
    monkeypatch.delenv("PELLUCID_THREADS", raising=False)


# How many


@pytest.mark.parametrize("asked", [1, 2, 256, np.int64(3)])
def test_threads_as_asked(asked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An argument or the environment decides, and the argument first."""
    assert NativeEngine(threads=asked).threads == asked
    monkeypatch.setenv("PELLUCID_THREADS", str(asked))
    assert NativeEngine().threads == asked
    assert NativeEngine(threads=5).threads == 5


@pytest.mark.parametrize(
    "asked", [0, -1, 257, 10**9, pytest.param(10**5000, id="endless"), True, 2.0, float("nan"), "2", "two", [2]]
)
def test_an_absurd_number_of_threads(asked: object) -> None:
    """What is no possible number of threads is refused at once, in few words, with what to use."""
    with pytest.raises(ParameterError) as caught:
        NativeEngine(threads=asked)  # pyright: ignore[reportArgumentType]
    shown = "a number of thousands of digits" if asked == 10**5000 else repr(asked)
    assert str(caught.value) == (
        f"native engine\n  got       threads={shown}\n  expected  a whole number of threads, 1 to 256\n"
        f"  fix       use {threads.cores()}, or leave it out"
    )


@pytest.mark.parametrize(
    "asked",
    ["0", "-1", "257", "2.0", "two", " 2", "٣", "²", "1e1", "0x2", pytest.param("9" * 5000, id="endless"), "\x1b[2J"],
)
def test_an_absurd_setting(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that is no number of threads is refused by name when it is used, whatever it is made of."""
    monkeypatch.setenv("PELLUCID_THREADS", asked)
    with pytest.raises(ParameterError) as caught:
        network().predict(X, engine=NativeEngine())
    shown = "'99999" if len(asked) > 60 else repr(asked)
    assert str(caught.value).startswith(f"PELLUCID_THREADS\n  got       {shown}")
    assert len(str(caught.value)) < 250
    monkeypatch.setenv("PELLUCID_THREADS", "")
    assert NativeEngine().threads == threads.cores()


def files(root: Path, contents: dict[str, str]) -> Path:
    """A system's files in a folder."""
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


V2, V1 = {"proc/self/cgroup": "0::/user/job\n"}, {"proc/self/cgroup": "2:cpuacct,cpu:/job\n0::/job\n"}


@pytest.mark.parametrize(
    ("contents", "cores"),
    [
        ({}, 256),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "250000 100000\n"}, 2.5),
        ({**V2, "sys/fs/cgroup/cpu.max": "max 100000\n"}, 256),
        ({**V2, "sys/fs/cgroup/user/job/cpu.max": "max 100000\n", "sys/fs/cgroup/user/cpu.max": "50000 100000\n"}, 0.5),
        ({**V2, "sys/fs/cgroup/user/job/cpu.max": "300000 100000", "sys/fs/cgroup/cpu.max": "100000 50000"}, 2),
        ({"proc/self/cgroup": "0::/of/the/host\n", "sys/fs/cgroup/cpu.max": "400000 100000\n"}, 4),
        ({"proc/self/cgroup": "0::/../..\n", "sys/fs/cgroup/cpu.max": "300000 100000\n"}, 3),
        ({**V2, "sys/fs/cgroup/cpu.max": "what\n"}, 256),
        ({**V2, "sys/fs/cgroup/cpu.max": "100000 0\n"}, 256),
        (
            {
                **V1,
                "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
            },
            2,
        ),
        (
            {**V1, "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"},
            256,
        ),
    ],
)
def test_control_groups_of_both_kinds(tmp_path: Path, contents: dict[str, str], cores: float) -> None:
    """The least that a process's group, or any group above it, leaves it; what cannot be read leaves all."""
    assert threads.quota(files(tmp_path, contents)) == cores


@pytest.mark.parametrize(
    ("affinity", "quota", "cores"), [(8, 256.0, 8), (8, 3.7, 3), (2, 3.7, 2), (1, 0.2, 1), (999, 256.0, 256)]
)
def test_the_cores_that_a_process_may_use(
    monkeypatch: pytest.MonkeyPatch, affinity: int, quota: float, cores: int
) -> None:
    """Affinity and control groups decide together; there is always one core."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(affinity)), raising=False)
    monkeypatch.setattr(threads, "quota", lambda: quota)
    assert threads.cores.__wrapped__() == cores


# When they come, and what they cost


def workers() -> int:
    """How many workers this process has."""
    return sum(thread.name == "pellucid" for thread in threading.enumerate())


def test_workers_come_when_they_are_first_needed() -> None:
    """An engine has no worker until a program is worth sharing; then it has one less than threads, and keeps them."""
    engine, before = NativeEngine(threads=7), workers()
    net = network()
    program = engine.program(net)
    assert workers() == before
    for _ in range(3):
        program.run((X,))
        assert workers() == before + 6


def test_a_small_program_wakes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one thread does sooner than others are woken, it does alone."""
    monkeypatch.setattr(executable, "SHARED_FROM", 10**12)
    engine, before = NativeEngine(threads=9), workers()
    network().predict(X, engine=engine)
    assert workers() == before


def test_an_idle_engine_costs_nothing(tmp_path: Path) -> None:
    """Soon after work all workers sleep: while the process does nothing, it uses no processor time."""
    script = """
from pellucid.engines.native.pool import pool
net = network()
for _ in range(20):
    net.predict(x, engine=engine)
while not all(pool(4)._asleep):
    time.sleep(0.001)
before = time.process_time()
time.sleep(0.3)
used = time.process_time() - before
again = net.predict(x, engine=engine)
print(used < 0.005 or used)
"""
    assert run(script, tmp_path) == "True\n"


def test_workers_wake_and_help() -> None:
    """Workers that fell asleep are woken by the next program; after it they sleep again."""
    engine, net = NativeEngine(threads=3), network()
    ours = pool.pool(3)
    net.predict(X, engine=engine)
    for _ in range(5):
        while not all(ours._asleep):
            time.sleep(0.0005)
        net.predict(X, engine=engine)
        assert ours._turn is None


# That they change no bit


def test_a_program_beside_another_runs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the workers help one program, another is run by its caller alone, with the same bits."""
    engine, net, ours = NativeEngine(threads=3), network(), pool.pool(3)
    right = net.predict(X, engine=engine)
    monkeypatch.setattr(ours, "_turn", object())
    monkeypatch.setattr(ours, "_wake", lambda: pytest.fail("it is another's turn"))
    assert np.array_equal(net.predict(X, engine=engine), right)


def test_many_threads_of_python() -> None:
    """Threads that run the same network and other ones at once, or train, get the bits that each would get alone."""
    engine, shared = NativeEngine(threads=3), network()
    right = {outputs: network(outputs).predict(X, engine=engine) for outputs in (4, 5, 6)}

    def trained(seed: int) -> bytes:
        net = network()
        trainer = engine.trainer(net, CrossEntropy(), SGD(0.1), seed=seed)
        for _ in range(4):
            trainer.step((X,), np.arange(100) % 4, np.arange(100), rate=0.1)
        trainer.sync()
        return net.predict(X, engine=engine).tobytes()

    def work(number: int) -> bool:
        own = network(4 + number % 3)
        same = [np.array_equal(shared.predict(X[:count], engine=engine), right[4][:count]) for count in (20, 40, 100)]
        same += [np.array_equal(own.predict(X, engine=engine), right[4 + number % 3]) for _ in range(5)]
        return all(same) and trained(0) == alone

    alone = trained(0)
    with ThreadPoolExecutor(8) as several:
        assert all(several.map(work, range(24)))


def test_a_system_without_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no thread can be started programs run alone, with the same bits; it is not tried at every call."""
    net, tried = network(), []

    def refuse(thread: threading.Thread) -> None:
        tried.append(thread)
        raise RuntimeError("can't start new thread")

    right = net.predict(X, engine=NativeEngine(threads=1))
    monkeypatch.setattr(threading.Thread, "start", refuse)
    for _ in range(3):
        assert np.array_equal(net.predict(X, engine=NativeEngine(threads=11)), right)
    assert len(tried) == 1


COUNT = """target triple = "TRIPLE"
define void @count_items(ptr %args, i64 %item) {
  %cell = load ptr, ptr %args
  %before = load i64, ptr %cell
  %after = add i64 %before, 1
  store i64 %after, ptr %cell
  ret void
}"""


@pytest.mark.parametrize("items", [1, 2, 1000, MOST_ITEMS - 1, MOST_ITEMS, (1 << 20) + 5])
@pytest.mark.parametrize("share", [False, True])
def test_every_item_is_done_once(items: int, share: bool) -> None:
    """Whether threads share a phase or not, and however many items it has, each is done once, in every run."""
    (count,) = functions(("count_items",), COUNT.replace("TRIPLE", host().triple))
    cells = np.zeros(items, np.int64)
    tables = [np.array(words, np.int64) for words in ([0, cells.ctypes.data], [count, 1, items, 1, 0, 8, 0])]
    phase = np.array([1, items, 0, 0, 0, 1, tables[1].ctypes.data] * 2, np.int64)
    program = np.array([2, phase.ctypes.data, tables[0].ctypes.data, tables[0].ctypes.data, 0], np.int64)
    for _ in range(2):
        pool.pool(3).execute(program.ctypes.data, share=share)
    assert (cells == 4).all()


# Interrupts


INTERRUPTED = """
import signal
from pellucid.engines.native import pool

class StopError(Exception):
    pass

net, other = network(), network()
right = net.predict(x, engine=engine)
trainer = engine.trainer(other, CrossEntropy(), SGD(0.1), seed=0)
came, stopped = [], 0

def step():
    trainer.step((x,), np.arange(100) % 4, np.arange(100), rate=0.0)

def interrupt(number, frame):
    came.append(number)
    raise StopError

step()
signal.signal(signal.SIGALRM, interrupt)
for turn, delay in enumerate(np.random.default_rng(0).uniform(2e-5, 2e-3, 150)):
    try:
        signal.setitimer(signal.ITIMER_REAL, delay)
        while len(came) <= turn:
            net.predict(x, engine=engine) if turn % 2 else step()
    except StopError:
        stopped += 1
signal.signal(signal.SIGALRM, signal.SIG_DFL)
ours = pool.pool(4)
assert ours._turn is None and ours._gate.acquire(timeout=1)
ours._gate.release()
step()
trainer.sync()
assert np.array_equal(other.predict(x, engine=engine), right)
found = []
thread = threading.Thread(target=lambda: found.append(net.predict(x, engine=engine)))
thread.start()
thread.join(60)
assert np.array_equal(found[0], right)
print(stopped)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no timers that interrupt")
def test_interrupts_leave_the_engine_usable(tmp_path: Path) -> None:
    """Interrupts at any moment of runs and of training steps leave both usable, with their workers and right bits.

    In a process of its own, for whatever else is there, such as what measures coverage, need not bear interrupts.
    """
    assert run(INTERRUPTED, tmp_path) == "150\n"


def test_an_interrupt_while_workers_are_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt between two steps of sharing ends the turn: the next program is shared again."""
    engine, net, ours = NativeEngine(threads=3), network(), pool.pool(3)
    right = net.predict(X, engine=engine)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(ours, "_wake", interrupt)
        with pytest.raises(KeyboardInterrupt):
            net.predict(X, engine=engine)
    woken: list[int] = []
    monkeypatch.setattr(ours, "_wake", lambda: woken.append(1))
    assert np.array_equal(net.predict(X, engine=engine), right)
    assert woken


# Memory

CYCLES = """
import gc
from pellucid.engines.native import loader
from pellucid.layers import BatchNorm2d, MaxPool2d

def cycle():
    net = Network((2, 8, 8), [Conv2d(5, 3), BatchNorm2d(), ReLU(), MaxPool2d(2), Flatten(), Linear(4)], seed=1)
    y = np.arange(40) % 4
    trainer = engine.trainer(net, CrossEntropy(), SGD(0.1), seed=0)
    trainer.step((x[:40, :, :8, :8].copy(),), y, np.arange(40), rate=0.1)
    trainer.sync()
    net.predict(x[:40, :, :8, :8], engine=engine)
    net.predict(x[0, :, :8, :8], engine=engine)

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def again(*arguments):
    raise AssertionError("compiled or loaded again")

for _ in range(WARM):
    cycle()
loader.compile_object = loader._link = again
before = resident()
for _ in range(COUNT):
    cycle()
print((resident() - before) // 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process's size where Linux tells it")
@pytest.mark.parametrize(("count", "most"), [(150, 4), pytest.param(10_000, 50, marks=pytest.mark.slow)])
def test_networks_that_come_and_go(tmp_path: Path, count: int, most: int) -> None:
    """Networks that are made, trained, run and dropped leave no memory behind, and are compiled and loaded once."""
    script = CYCLES.replace("WARM", "30").replace("COUNT", str(count))
    assert int(run(script, tmp_path, seconds=1200)) <= most


def test_a_network_that_is_dropped_is_gone() -> None:
    """An engine keeps nothing alive: a network goes with its last user, and what was made for it goes too."""
    import gc
    import weakref

    engine = NativeEngine(threads=2)
    net = Network((2, 8, 8), [Conv2d(5, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(4)])
    for images in (X[:40, :, :8, :8], X[0, :, :8, :8]):
        net.predict(images, engine=engine)
        net.trace(X[0, :, :8, :8], engine=engine)
    gone = weakref.ref(net)
    assert len(engine._kept) == 1
    del net
    gc.collect()
    assert gone() is None
    assert len(engine._kept) == 0

"""Compare peers on works: make ready, check the result, choose each peer's best setting, then measure in turn."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import engines
from pellucid.train import SGD, CrossEntropy

from .children import Child, ChildError, children
from .peers import OURS
from .ratios import Ratio, disagreement
from .rounds import interleaved
from .works import CHECKED_STEPS, MOMENTUM, RATE, Work

TRIALS = 3  # rounds to choose a setting
ROUNDS = 11
TARGET_THREADS = 2
SLICE = 0.15  # seconds that one is timed at a time; slower works run once


@dataclass
class Comparison:
    """What a work gave on so many threads.

    Args:
        work: the work.
        threads: how many threads each had.
        times: by peer, the median seconds of a run in each round.
        settings: by peer, the setting that was measured.
        tried: by peer, every setting's seconds.
        failures: by peer, why it or one of its settings is not here.
    """

    work: Work
    threads: int
    times: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    settings: dict[str, str] = field(default_factory=dict[str, str])
    tried: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    failures: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def seconds(self, peer: str) -> float:
        """Return the median over the rounds."""
        return statistics.median(self.times[peer])

    def ratio(self, peer: str) -> Ratio | None:
        """Return how many times our time the peer's is, or None where there are not two to compare."""
        if peer == OURS or peer not in self.times or OURS not in self.times:
            return None
        return Ratio.of(self.times[peer], self.times[OURS])

    def target(self, peer: str) -> float | None:
        """Return what the ratio should be: targets are set for two threads."""
        return self.work.targets.get(peer) if self.threads == TARGET_THREADS else None


def compare(works: Iterable[Work], peers: list[str], threads: int, rounds: int = ROUNDS) -> list[Comparison]:
    """Return what each work gave."""
    with children(peers, threads) as started:
        return [_measured(work, started, threads, rounds) for work in works]


def _measured(work: Work, started: dict[str, Child], threads: int, rounds: int) -> Comparison:
    found = Comparison(work, threads)
    expected = definition(work)
    for peer, child in started.items():
        found.tried[peer], found.failures[peer] = _tried(work, child, expected)
        if found.tried[peer]:
            found.settings[peer] = fastest(found.tried[peer])
    failed: dict[str, str] = {}

    def timed(peer: str) -> float:
        try:
            return started[peer].ask("time", SLICE)
        except ChildError as error:
            failed[peer] = str(error)
            return float("nan")

    times = interleaved({peer: partial(timed, peer) for peer in found.settings}, rounds)
    found.times = {peer: taken for peer, taken in times.items() if peer not in failed}
    for peer, why in failed.items():
        found.failures[peer].append(f"{found.settings[peer]}: {why}")
    for peer in found.times:
        started[peer].ask("drop")
    told = (f"{peer} {found.seconds(peer) * 1e3:.3f} ({min(taken) * 1e3:.3f})" for peer, taken in found.times.items())
    tell(f"{work.name}, {threads} threads, median (best) in ms: {', '.join(told)}")
    return found


def _tried(work: Work, child: Child, expected: NDArray[Any]) -> tuple[dict[str, float], list[str]]:
    """Return the seconds of every setting whose result is right, and what is wrong with the others.

    The fastest of a few trials counts: a busy moment must not decide which setting is measured. That one is left ready.
    """
    times: dict[str, float] = {}
    wrong: list[str] = []
    try:
        settings = child.ask("settings", work.name)
    except ChildError as error:
        return times, [str(error)]
    for setting in settings:
        try:
            why = disagreement(child.ask("make", work.name, setting), expected)
            if why is None:
                times[setting] = min(child.ask("time", SLICE) for _ in range(TRIALS if len(settings) > 1 else 1))
        except ChildError as error:
            why = str(error)
        if why is not None:
            tell(f"{work.name}: {child.name}, {setting}: {why}")
            wrong.append(f"{setting}: {why}")
    if times and fastest(times) != settings[-1]:
        child.ask("make", work.name, fastest(times))
    return times, wrong


def fastest(times: Mapping[str, float]) -> str:
    """Return the setting that took the least time."""
    return min(times, key=times.__getitem__)


def definition(work: Work) -> NDArray[Any]:
    """Return what must come out, by the layers' own definitions: outputs, or the first training steps' losses."""
    net = work.network()
    images, engine = (work.images(net),), engines.get("reference")
    if not work.training:
        return engine.program(net).run(images)[0]
    trainer = engine.trainer(net, CrossEntropy(), SGD(RATE, momentum=MOMENTUM), seed=0)
    labels, samples = work.labels(net), np.arange(work.batch)
    steps = [trainer.step(images, labels, samples, rate=RATE) for _ in range(CHECKED_STEPS)]
    return np.array([step.losses.mean(dtype=np.float64) for step in steps])


def tell(text: str) -> None:
    """Say how far the measuring is, apart from the page."""
    print(text, file=sys.stderr, flush=True)

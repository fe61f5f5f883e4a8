"""docs/benchmarks.md as data, each part with its moment: one can be renewed, and the rest stays as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .compare import Comparison
from .peers import OURS, PEERS
from .promised import Row
from .ratios import TOLERANCE
from .works import WORKS

HEAD = """# Measured

Written by `make bench`; nothing here is typed by hand. Times are of one machine, which others use too: read
them as orders of magnitude. Each part says when it was measured, and the end of the page on what.
"""

FAIR = f"""## Beside other engines

Everybody has the same weights and inputs in float32, the same cores, and a process of its own that is stopped while
others are measured. Results are compared with the layers' own definitions first: they may differ by {TOLERANCE:.0e} of
the largest number; in training it is the first steps' losses that are compared. Of each engine's settings the fastest
is measured. Then all take turns, many rounds; a time is the median over the rounds, and a ratio the median over the
rounds of *their time / our time in the same round*: above 1 we are faster. LeNet-5 is the one of `pellucid.zoo` (tanh,
average pooling); small VGG is conv 32-32-pool-64-64-pool-512-10 with ReLU. A training step is forward, loss, backward
and SGD with momentum 0.9. Engines that are not in a table cannot do the work: some only run networks, and ncnn takes
one image at a time.
"""

SHARES = """### Our share of the processor's peak

The peak of one core is measured with fused multiply-adds between registers. Operations are those of the layers'
definitions: an algorithm that needs fewer can be above 100 %.
"""

FIGURES = ("what", "promised", "measured")
DETAILS = ("what", "who", "time", "their / ours (quartiles)", "target", "fastest setting", "when")
RATES = ("what", "threads", "rate", "of the peak")
Cells = tuple[str, ...]


@dataclass
class Figures:
    """Rows of figures that are measured together.

    Args:
        rows: what, promised, measured.
        when: the moment of the run that measured them.
    """

    rows: list[Row] = field(default_factory=list[Row])
    when: str = ""


@dataclass
class Written:
    """The page.

    Args:
        promised: what users were promised.
        details: by "2 threads", a row for every engine on every work, as `DETAILS` names its cells.
        shares: our rates, as `RATES` names the cells.
        tried: by "work, threads", lines about settings.
        own: what only our engine has.
        runs: by moment, on what was measured then.
    """

    promised: Figures = field(default_factory=Figures)
    details: dict[str, list[Cells]] = field(default_factory=dict[str, list[Cells]])
    shares: list[Cells] = field(default_factory=list[Cells])
    tried: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    own: Figures = field(default_factory=Figures)
    runs: dict[str, str] = field(default_factory=dict[str, str])

    def renew(self, found: Comparison, peak: float, when: str) -> None:
        """Put a comparison where an older one of the same work on as many threads stood."""
        threads, title = counted(found.threads), found.work.title
        kept = [row for row in self.details.get(threads, []) if row[0] != title]
        self.details[threads] = sorted([*kept, *(_details(found, when))], key=_place)
        self.details = dict(sorted(self.details.items(), reverse=True))
        shares = [row for row in self.shares if row[:2] != (title, str(found.threads))]
        self.shares = sorted([*shares, *_share(found, peak)], key=lambda row: (-int(row[1]), *_place(row)))
        self.tried[f"{found.work.name}, {threads}"] = _tried(found)
        names = [f"{name}, {threads}" for threads in self.details for name in WORKS]
        self.tried = {name: self.tried[name] for name in names if name in self.tried}

    def text(self) -> str:
        """Return the page as Markdown; runs whose every figure was renewed since are not on it."""
        parts = [HEAD, *_figures(self.promised)]
        if self.details:
            parts += [FAIR, score([row for rows in self.details.values() for row in rows])]
        for threads, rows in self.details.items():
            parts += [f"### {threads.capitalize()}\n", overview(rows), table(DETAILS, rows)]
        if self.shares:
            parts += [SHARES, table(RATES, self.shares)]
        lines = [f"- {where}, {line}" for where, lines in self.tried.items() for line in lines]
        if lines:
            parts.append("### Settings that were tried\n\n" + "\n".join(lines) + "\n")
        if self.own.rows:
            parts += ["## The engine's other figures\n", *_figures(self.own)]
        parts += ["## When, and on what\n", *(f"- {when}: {self.runs[when]}" for when in self.moments())]
        return "\n".join(parts) + "\n"

    def moments(self) -> list[str]:
        """Return the moments of the runs that figures on the page are from, the last first."""
        named = {row[-1] for rows in self.details.values() for row in rows} | {self.promised.when, self.own.when}
        return sorted(named & self.runs.keys(), reverse=True)


def counted(threads: int) -> str:
    """Return a number of threads in words."""
    return "1 thread" if threads == 1 else f"{threads} threads"


def table(head: Cells, rows: Iterable[Cells]) -> str:
    """Return a table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def milliseconds(seconds: float) -> str:
    """Return a time with three digits."""
    value = seconds * 1000
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4
    return f"{value:,.{digits}f} ms"


def overview(rows: list[Cells]) -> str:
    """Return the ratios of these details at a glance, a row a work; bold where we are faster."""
    others = {entry.title: name for name, entry in PEERS.items() if name != OURS}
    seen: dict[str, dict[str, Cells]] = {}
    for row in rows:
        seen.setdefault(row[0], {})[row[1]] = row
    shown = [other for other in others if any(other in peers for peers in seen.values())]
    lines: list[Cells] = []
    for title, peers in seen.items():
        ours = peers.get(PEERS[OURS].title)
        ratios = [median(peers[other]) if other in peers else None for other in shown]
        cells = ["" if r is None else f"**{r:.2f}**" if r > 1 else f"{r:.2f}" for r in ratios]
        lines.append((title, ours[2] if ours else "failed", *cells))
    return table(("their time / ours", PEERS[OURS].title, *shown), lines)


def median(row: Cells) -> float | None:
    """Return the ratio that a row of details tells, or None where it tells none."""
    told = re.match(r"[\d.]+", row[3])
    return float(told[0]) if told else None


def score(rows: list[Cells]) -> str:
    """Return how many comparisons were won and lost, and how many targets were met."""
    judged = [ratio for row in rows if (ratio := median(row)) is not None]
    if not judged:
        return ""
    won, met = sum(ratio > 1 for ratio in judged), [row[4].endswith(": met") for row in rows if row[4]]
    said = f"Faster in {won} of {len(judged)} comparisons, slower in {len(judged) - won}"
    return f"{said}; targets met: {sum(met)} of {len(met)}.\n" if met else f"{said}.\n"


def _figures(figures: Figures) -> list[str]:
    return [f"Measured {figures.when}.\n", table(FIGURES, figures.rows)] if figures.rows else []


def _details(one: Comparison, when: str) -> list[Cells]:
    """Return every engine's time, ratio with quartiles, target and setting."""
    rows: list[Cells] = []
    for peer, entry in PEERS.items():
        if peer in one.times:
            ratio, met = _judged(one, peer)
            time, setting = milliseconds(one.seconds(peer)), one.settings[peer]
            rows.append((one.work.title, entry.title, time, ratio, met, setting, when))
        elif one.failures.get(peer):
            rows.append((one.work.title, entry.title, "failed", "", "", one.failures[peer][0].replace("|", "/"), when))
    return rows


def _judged(one: Comparison, peer: str) -> tuple[str, str]:
    ratio = one.ratio(peer)
    if ratio is None:
        return "", ""
    target = one.target(peer)
    met = "" if target is None else f">= {target:g}: {'met' if ratio.median >= target else 'missed'}"
    return f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})", met


def _share(one: Comparison, peak: float) -> list[Cells]:
    """Return how much of the processor's peak we reach."""
    if OURS not in one.times:
        return []
    rate, most = 2 * one.work.macs(one.work.build()) / one.seconds(OURS), one.threads * peak
    share = f"{rate / most:.0%} of {most / 1e9:,.0f} GFLOP/s"
    return [(one.work.title, str(one.threads), f"{rate / 1e9:,.0f} GFLOP/s", share)]


def _tried(one: Comparison) -> list[str]:
    """Return every setting that was tried with its time, and every failure."""
    lines: list[str] = []
    for peer, settings in one.tried.items():
        if len(settings) > 1:
            times = "; ".join(f"{setting}: {milliseconds(seconds)}" for setting, seconds in settings.items())
            lines.append(f"{PEERS[peer].title}: {times}")
    for peer, reasons in one.failures.items():
        lines += [f"{PEERS[peer].title}: left out: {' '.join(why.split())}" for why in reasons]
    return lines


def _place(row: Cells) -> tuple[int, int]:
    """Return where a row stands: works in their order, and their engines in theirs."""
    titles, peers = [work.title for work in WORKS.values()], [entry.title for entry in PEERS.values()]
    return (titles.index(row[0]) if row[0] in titles else len(titles), peers.index(row[1]) if row[1] in peers else 0)

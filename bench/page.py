"""The text of docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable

from .compare import Comparison
from .machine import cpu_flags, describe, versions
from .peers import OURS, PEERS
from .promised import Row
from .ratios import TOLERANCE

HEAD = """# Measured

Written by `make bench`; nothing here is typed by hand. Times are of one machine, which others use too: read
them as orders of magnitude.
"""

FAIR = f"""## Beside other engines

Everybody has the same weights and inputs in float32, the same number of cores, and a process of its own that is stopped
while others are measured. Results are compared with the layers' own definitions first: the largest difference is at
most {TOLERANCE:.0e} of the largest number, in training of the first five steps' losses. Of each peer's settings the
fastest is measured; then all take turns, many rounds, and a ratio is the median over the rounds of *their time / our
time in the same round*, with its quartiles. More than 1 is a win. LeNet-5 is the one of `pellucid.zoo` (tanh, average
pooling); small VGG is conv 32-32-pool-64-64-pool-512-10 with ReLU. A training step is forward, loss, backward and SGD
with momentum 0.9.
"""


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def milliseconds(seconds: float) -> str:
    """Return a time in milliseconds, of three digits.

    >>> milliseconds(0.0000152), milliseconds(0.0415), milliseconds(1.5)
    ('0.0152 ms', '41.5 ms', '1,500 ms')
    """
    value = seconds * 1000
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4
    return f"{value:,.{digits}f} ms"


def compared(found: Comparison) -> str:
    """Return the table of one work: a row a peer that can do it."""
    rows: list[tuple[str, ...]] = []
    for peer, entry in PEERS.items():
        if peer in found.times:
            rows.append(
                (
                    entry.title,
                    milliseconds(found.seconds(peer)),
                    *_ratio(found, peer),
                    found.settings[peer] if len(found.tried[peer]) == 1 else f"{found.settings[peer]} *",
                )
            )
        elif found.failures.get(peer):
            rows.append((entry.title, "failed", "", "", found.failures[peer][0]))
    threads = "1 thread" if found.threads == 1 else f"{found.threads} threads"
    return f"### {found.work.title}, {threads}\n\n{table(('who', 'time', 'their / ours', 'target', 'setting'), rows)}\n"


def _ratio(found: Comparison, peer: str) -> tuple[str, str]:
    """Return the ratio, and the target with whether it is met."""
    ratio = None if peer == OURS else found.ratio(peer)
    if ratio is None:
        return "", ""
    target = found.work.targets.get(peer)
    met = "" if target is None else f">= {target:g}: {'met' if ratio.median >= target else 'missed'}"
    return f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})", met


def tried(found: list[Comparison]) -> str:
    """Return every setting that was tried with its time, and every failure."""
    lines: list[str] = []
    for one in found:
        for peer, settings in one.tried.items():
            if len(settings) > 1:
                times = "; ".join(f"{setting}: {milliseconds(seconds)}" for setting, seconds in settings.items())
                lines.append(f"- {one.work.name}, {one.threads} threads, {PEERS[peer].title}: {times}")
        lines += [
            f"- {one.work.name}, {one.threads} threads, {PEERS[peer].title}: left out: {why}"
            for peer, reasons in one.failures.items()
            for why in reasons
        ]
    return "### Settings that were tried (*)\n\n" + "\n".join(lines) + "\n" if lines else ""


def page(promised: list[Row], found: list[Comparison], own: list[Row], peers: list[str]) -> str:
    """Return the page; what was not measured is not on it."""
    parts = [HEAD]
    if promised:
        parts.append(table(("what", "promised", "measured"), promised) + "\n")
    if found:
        parts += [FAIR, *map(compared, found), tried(found)]
    if own:
        parts.append("## The engine itself\n\n" + table(("what", "promised", "measured"), own) + "\n")
    named = versions(tuple(package for peer in peers for package in PEERS[peer].packages))
    parts.append(f"{describe()}, {named}.\n\nProcessor flags: {cpu_flags()}.\n")
    return "\n".join(part for part in parts if part)

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

Everybody has the same weights and inputs in float32, the same cores, and a process of its own that is stopped while
others are measured. Results are compared with the layers' own definitions first: they may differ by {TOLERANCE:.0e} of
the largest number; in training it is the first steps' losses that are compared. Of each engine's settings the fastest
is measured. Then all take turns, many rounds; a time is the median over the rounds, and a ratio the median over the
rounds of *their time / our time in the same round*: above 1 we are faster. LeNet-5 is the one of `pellucid.zoo` (tanh,
average pooling); small VGG is conv 32-32-pool-64-64-pool-512-10 with ReLU. A training step is forward, loss, backward
and SGD with momentum 0.9. Engines that are not in a table cannot do the work: some only run networks, and ncnn takes
one image at a time.
"""


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def milliseconds(seconds: float) -> str:
    """Return a time with three digits."""
    value = seconds * 1000
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4
    return f"{value:,.{digits}f} ms"


def overview(found: list[Comparison], peers: list[str]) -> str:
    """Return ratios at a glance, a row a work; bold where we are faster."""
    others = [peer for peer in peers if peer != OURS]
    rows: list[tuple[str, ...]] = []
    for one in found:
        ratios = [one.ratio(peer) for peer in others]
        cells = ["" if r is None else f"**{r.median:.2f}**" if r.median > 1 else f"{r.median:.2f}" for r in ratios]
        rows.append((one.work.title, milliseconds(one.seconds(OURS)) if OURS in one.times else "failed", *cells))
    return table(("their time / ours", PEERS[OURS].title, *(PEERS[peer].title for peer in others)), rows)


def score(found: list[Comparison]) -> str:
    """Return how many comparisons were won and lost, and how many targets were met."""
    judged = [(one, peer, ratio.median) for one in found for peer in one.times if (ratio := one.ratio(peer))]
    targets = [(target, value) for one, peer, value in judged if (target := one.target(peer)) is not None]
    won = sum(value > 1 for _, _, value in judged)
    met = sum(value >= target for target, value in targets)
    if not judged:
        return ""
    said = f"Faster in {won} of {len(judged)} comparisons, slower in {len(judged) - won}"
    return f"{said}; targets met: {met} of {len(targets)}.\n" if targets else f"{said}.\n"


def details(found: list[Comparison]) -> str:
    """Return every engine's time, ratio with quartiles, target and setting."""
    rows: list[tuple[str, ...]] = []
    for one in found:
        for peer, entry in PEERS.items():
            if peer in one.times:
                ratio, met = _judged(one, peer)
                rows.append(
                    (one.work.title, entry.title, milliseconds(one.seconds(peer)), ratio, met, one.settings[peer])
                )
            elif one.failures.get(peer):
                rows.append((one.work.title, entry.title, "failed", "", "", one.failures[peer][0]))
    return table(("what", "who", "time", "their / ours (quartiles)", "target", "fastest setting"), rows)


def _judged(one: Comparison, peer: str) -> tuple[str, str]:
    """Return the ratio, and the target with whether it is met."""
    ratio = one.ratio(peer)
    if ratio is None:
        return "", ""
    target = one.target(peer)
    met = "" if target is None else f">= {target:g}: {'met' if ratio.median >= target else 'missed'}"
    return f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})", met


def shares(found: list[Comparison], peak: float) -> str:
    """Return how much of the processor's peak we reach."""
    rows: list[tuple[str, ...]] = []
    for one in found:
        if OURS in one.times:
            rate = 2 * one.work.macs(one.work.build()) / one.seconds(OURS)
            share = rate / (one.threads * peak)
            rows.append((one.work.title, str(one.threads), f"{rate / 1e9:,.0f} GFLOP/s", f"{share:.0%}"))
    if not rows:
        return ""
    said = (
        f"The peak of one core was measured as {peak / 1e9:,.0f} GFLOP/s (fused multiply-adds between registers). "
        "Operations are those of the\nlayers' definitions: an algorithm that needs fewer can be above 100 %.\n"
    )
    return f"### Our share of the processor's peak\n\n{said}\n{table(('what', 'threads', 'rate', 'of the peak'), rows)}"


def disturbed(others: float | None) -> str:
    """Return how much else the machine did: engines whose threads wait by spinning suffer most from that."""
    return (
        ""
        if others is None
        else f"While they were measured, other processes took {others:.0%} of the processor's time.\n"
    )


def tried(found: list[Comparison]) -> str:
    """Return every setting that was tried with its time, and every failure."""
    lines: list[str] = []
    for one in found:
        where = f"{one.work.name}, {_threads(one.threads)}"
        for peer, settings in one.tried.items():
            if len(settings) > 1:
                times = "; ".join(f"{setting}: {milliseconds(seconds)}" for setting, seconds in settings.items())
                lines.append(f"- {where}, {PEERS[peer].title}: {times}")
        for peer, reasons in one.failures.items():
            lines += [f"- {where}, {PEERS[peer].title}: left out: {why}" for why in reasons]
    return "### Settings that were tried\n\n" + "\n".join(lines) + "\n" if lines else ""


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def page(
    promised: list[Row], found: list[Comparison], own: list[Row], peers: list[str], peak: float, others: float | None
) -> str:
    """Return the page; what was not measured is not on it."""
    parts = [HEAD]
    if promised:
        parts.append(table(("what", "promised", "measured"), promised))
    if found:
        parts += [FAIR, score(found), disturbed(others)]
    for count in dict.fromkeys(one.threads for one in found):
        these = [one for one in found if one.threads == count]
        parts += [f"### {_threads(count).capitalize()}\n", overview(these, peers), details(these)]
    if found:
        parts += [shares(found, peak), tried(found)]
    if own:
        parts += ["## The engine's other figures\n", table(("what", "promised", "measured"), own)]
    named = versions(tuple(package for peer in peers for package in PEERS[peer].packages))
    parts.append(f"{describe()}, {named}.\n\nProcessor flags: {cpu_flags()}.\n")
    return "\n".join(part for part in parts if part)

"""Where a measurement was taken: processor, cores, versions, date."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

WIDE = ("sse4_2", "avx", "avx2", "fma", "f16c", "avx512", "avx_vnni", "amx", "asimd", "sve", "bf16")  # of vectors


def processor() -> str:
    """Return the processor's model name as the system tells it."""
    return _told("model name") or platform.processor() or platform.machine()


def cpu_flags() -> str:
    """Return the processor's flags that say how wide it computes."""
    flags = (_told("flags") or _told("Features")).split()
    return " ".join(flag for flag in flags if flag.startswith(WIDE)) or "unknown"


def _told(what: str) -> str:
    """Return a line of what Linux tells of its first processor."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith(what):
                return line.split(":", 1)[1].strip()
    return ""


def usable_cores() -> set[int]:
    """Return the numbers of the cores that this process may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


@dataclass(frozen=True)
class Moment:
    """How many seconds the clock, all cores and our own processes have run."""

    clock: float
    everybody: float
    ourselves: float

    @classmethod
    def now(cls) -> Moment | None:
        """Return this moment, counting our processes that have ended, or None where the system does not tell."""
        stat = Path("/proc/stat")
        if not stat.exists():
            return None
        user, nice, system, _, _, interrupts, soft, stolen = map(int, stat.read_text().split()[1:9])
        busy = (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")
        return cls(time.monotonic(), busy, sum(os.times()[:4]))

    def others(self, then: Moment) -> float:
        """Return the share of the cores' time that others took from this moment until then."""
        cores = os.cpu_count() or 1
        busy = (then.everybody - self.everybody) - (then.ourselves - self.ourselves)
        return max(0.0, busy / (cores * (then.clock - self.clock)))


def versions(packages: tuple[str, ...]) -> str:
    """Return the versions of the packages that are installed."""
    installed: list[str] = []
    for name in packages:
        try:
            installed.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            installed.append(f"{name} not installed")
    return ", ".join(installed)


def moment() -> str:
    """Return now, as the page tells when something was measured."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def describe(packages: tuple[str, ...], others: float | None) -> str:
    """Return one line that says where and with what figures were measured, and what else the machine did meanwhile.

    Args:
        packages: packages whose versions matter.
        others: the share of the processor's time that other processes took while engines were compared, None where
            none were; engines whose threads wait by spinning suffer most from that.
    """
    named = versions(("numpy", "scikit-learn", "starlette", "uvicorn", *packages))
    busy = "" if others is None else f"; beside other engines, other processes took {others:.0%} of the time"
    machine = f"{processor()}, {len(usable_cores())} cores ({cpu_flags()})"
    return f"{machine}{busy}; Python {platform.python_version()}, {named}"

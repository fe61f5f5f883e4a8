"""How long a new user waits: for the import, and from the shell to a served explorer."""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar


@dataclass(frozen=True)
class Served:
    """Seconds from the shell until the page was there, and of that the training as the program tells it."""

    seconds: float
    output: str


def import_seconds(times: int = 9) -> float:
    """Return the median time of `import pellucid` in a fresh process, beyond that of an empty one."""

    def run(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    run("import pellucid")  # warm the disk
    return statistics.median(run("import pellucid") - run("pass") for _ in range(times))


def served_seconds() -> Served:
    """Start `pellucid explore --no-open`, wait until its page answers, and end it as Ctrl-C does."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "pellucid", "explore", "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.strip().startswith("http://"):
                opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
                with opener.open(line.strip(), timeout=10) as answer:
                    assert b"Pellucid" in answer.read()
                return Served(time.perf_counter() - start, "\n".join(lines))
        raise RuntimeError("the explorer ended before it was served:\n" + "\n".join(lines))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)

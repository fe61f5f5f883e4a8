"""Open the explorer as a new user would: start it, follow the address that it prints, end it with Ctrl-C.

python .ci/smoke.py COMMAND
"""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
import threading
from http.cookiejar import CookieJar
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

START = 300  # seconds to train the first network and print the address, on the slowest machine
END = 30  # seconds to end after Ctrl-C
ADDRESS = re.compile(r"http://\S+[?/=]\S+")


def main(command: str) -> None:
    """Run the explorer, fetch its page and end it; exit with what went wrong, if anything did."""
    print(command)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background passes on an ignored one
    explorer = subprocess.Popen(shlex.split(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    watchdog = threading.Timer(START, explorer.kill)
    watchdog.start()
    try:
        lines = fetch_first_page(explorer)
        explorer.send_signal(signal.SIGINT)
        rest, _ = explorer.communicate(timeout=END)
    finally:
        watchdog.cancel()
        explorer.kill()
    said = "".join([*lines, rest])
    if explorer.returncode != 0 or "Traceback" in said:
        sys.exit(f"Ctrl-C ended the explorer with exit code {explorer.returncode}, not 0; it said:\n{said}")
    print("The explorer opened, answered and ended cleanly")


def fetch_first_page(explorer: subprocess.Popen[str]) -> list[str]:
    """Wait for the explorer's address, check what is there, and return the lines that were printed so far."""
    assert explorer.stdout is not None
    lines: list[str] = []
    for line in explorer.stdout:
        lines.append(line)
        if ADDRESS.fullmatch(line.strip()):
            break
    else:
        sys.exit(
            f"the explorer ended, or was ended after {START} seconds, without its address on a line:\n{''.join(lines)}"
        )

    browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
    with browser.open(lines[-1].strip(), timeout=END) as answer:
        page = answer.read().decode()
    title = re.search(r"<title>\s*(.*?)\s*</title>", page, re.DOTALL)
    if answer.status != 200 or title is None or not title[1].startswith("Pellucid"):
        sys.exit(f"expected status 200 and the title Pellucid, got {answer.status} and:\n{page[:500]}")
    return lines


if __name__ == "__main__":
    main(sys.argv[1])

"""The explorer in a real JupyterLab: shown, run again, left behind by a kernel that was started anew, and reopened."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

pytestmark = pytest.mark.slow

PATIENCE = 120  # seconds for a notebook's server to come up
CELLS = (
    "import numpy as np\n"
    "from pellucid import Network\n"
    "from pellucid.layers import Conv2d, Flatten, Linear, ReLU\n"
    "net = Network((1, 5, 5), [Conv2d(2, 3), ReLU(), Flatten(), Linear(3)], name='first')\n"
    "net.explore(np.ones((3, 1, 5, 5), np.float32))",
    "Network((1, 5, 5), [Conv2d(2, 3), Flatten(), Linear(3)], name='second').explore()",
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """The address of a notebook with two explorers, in a JupyterLab of its own."""
    if find_spec("jupyterlab") is None:
        pytest.skip("JupyterLab is not installed: pip install jupyterlab, then run the slow tests")
    cells = [
        {"cell_type": "code", "id": f"c{n}", "source": text, "metadata": {}, "outputs": [], "execution_count": None}
        for n, text in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}
    (tmp_path / "two.ipynb").write_text(json.dumps(notebook))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--port={port}", "--no-browser", "--allow-root", "--IdentityProvider.token=t", "--ip=127.0.0.1"]
    command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={tmp_path}"]
    env = {**os.environ, "HOME": str(tmp_path)}
    server = subprocess.Popen(command, env=env, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    home = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + PATIENCE
        while not answers(f"{home}/api") and time.monotonic() < end:
            time.sleep(0.5)
        yield f"{home}/lab/tree/two.ipynb?token=t&reset"
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:  # it waits for kernels that were asked to end
            server.kill()
            server.wait()


def answers(address: str) -> bool:
    """Return whether a server is up."""
    try:
        with urlopen(address, timeout=2) as answer:
            return answer.status == 200
    except (URLError, OSError):
        return False


def explorer(page: Page, number: int) -> FrameLocator:
    """Return the page of one of the notebook's explorers, ready."""
    found = page.frame_locator("iframe[title=Pellucid]").nth(number)
    found.locator("body[data-ready]").wait_for(timeout=60_000)
    return found


def choose(page: Page, menu: str, item: str) -> None:
    """Choose from JupyterLab's menus."""
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_role("menuitem").filter(has_text=item).first.click()


def test_in_a_notebook(lab: str, page: Page) -> None:
    """Two explorers are shown and followed; a new kernel leaves what was shown, and the widget says what to do."""
    page.set_default_timeout(60_000)
    page.goto(lab)
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.get_by_text("(ipykernel) | Idle").wait_for()
    choose(page, "Run", "Run All Cells")
    first, second = explorer(page, 0), explorer(page, 1)
    assert [one.locator("#title").text_content() for one in (first, second)] == ["first", "second"]
    first.locator(".card[data-node='1'] .map").first.click()
    first.locator("#number-title .address", has_text="conv1[0,").wait_for()
    assert second.locator("#depths").is_hidden()

    page.locator(".jp-CodeCell").first.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")  # run again
    first.locator("#depths").wait_for(state="hidden")
    explorer(page, 0).locator(".card[data-node='2'] .map").first.click()
    explorer(page, 0).locator("#layer-title", has_text="relu1").wait_for()

    choose(page, "File", "Save Notebook")
    choose(page, "Kernel", "Restart Kernel…")
    page.locator(".jp-Dialog button.jp-mod-accept").click()
    page.locator(".jp-Dialog").wait_for(state="detached")
    first.locator(".card[data-node='1'] .map").first.click()
    notice = page.get_by_text("run its cell again").first
    notice.wait_for()
    assert first.locator("#title").text_content() == "first"

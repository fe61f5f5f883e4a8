"""What every test can ask for (real data, a browser), and CI's refusal of skips that would hide something."""

from __future__ import annotations

import getpass
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI", "").lower() in ("1", "true")
SKIPS_ALLOWED_IN_CI = ("needs a GPU",)  # CI has everything else that a test can ask for
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",  # containers run as root, where Chromium's sandbox cannot start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# What is compiled is kept for all processes of the tests and for their next run, apart from the user's own.
os.environ.setdefault("PELLUCID_CACHE", str(Path(tempfile.gettempdir()).resolve() / f"pellucid-{getpass.getuser()}"))

# No deadline: a slow machine is not a wrong answer. In CI the same examples every time: a red run can be repeated.
settings.register_profile("pellucid", deadline=None, derandomize=IN_CI, print_blob=True)
settings.load_profile("pellucid")


# Real data


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data and trained models, which is beside the project and not part of it."""
    folder = Path(os.environ.get("PELLUCID_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("shared data folder is absent")
    return folder


# A real browser


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium on this machine."""
    named = os.environ.get("PELLUCID_CHROMIUM")
    found = next(filter(None, map(shutil.which, [named] if named else CHROMIUM_NAMES)), None)
    if found is None:
        pytest.skip("no Chromium on this machine: install it, or name it in PELLUCID_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """A headless Chromium that all tests of this process share."""
    from playwright.sync_api import sync_playwright  # brings a process of its own: only for the tests that ask

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page, with no cookie or storage of an earlier test."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser's tests last: once it is up, its event loop stays, and `asyncio.run` works no more."""
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


# Skips in CI


class SkipWatch:
    """Turns a session red for each skip whose reason is not allowed.

    Args:
        allowed: what the reason of a skip may start with.
    """

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed
        self.refused: dict[str, str] = {}  # test -> reason

    def _see(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            if not reason.startswith(self.allowed):
                self.refused[report.nodeid] = reason

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See a test that was skipped."""
        self._see(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """See a whole file that was skipped."""
        self._see(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a session that would have passed."""
        if self.refused and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the skips."""
        if self.refused:
            terminalreporter.section("skips that CI does not allow", red=True)
            for test, reason in sorted(self.refused.items()):
                terminalreporter.line(f"{test}: {reason}")


def pytest_configure(config: pytest.Config) -> None:
    """Watch the skips in CI, in the one process that hears of all tests."""
    if IN_CI and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkipWatch(SKIPS_ALLOWED_IN_CI), "skip-watch")

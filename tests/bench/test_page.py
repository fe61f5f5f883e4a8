"""The page of measurements: what it tells, and that a part of it can be renewed while the rest stays word for word."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import bench.__main__ as command
from bench.compare import Comparison
from bench.page import Figures, Written
from bench.reading import read
from bench.works import WORKS

BEFORE, NOW = "2026-01-02 03:04 UTC", "2026-02-03 04:05 UTC"
TITLE = "| LeNet-5 28x28, forward, batch 1 |"


def compared(work: str = "lenet-1", threads: int = 2, ours: float = 0.001) -> Comparison:
    """One work with a win that meets its target, a win that misses it, a loss without a target, and a failure."""
    return Comparison(
        WORKS[work],
        threads,
        times={"pellucid": [ours], "torch": [0.016], "keras": [0.002], "openvino": [0.0005]},
        settings={"pellucid": "native", "torch": "eager", "keras": "XLA", "openvino": "latency"},
        tried={"torch": {"eager": 0.016, "compiled, NCHW": 0.02}},
        failures={"ncnn": ["default: no such | file"]},
    )


def written() -> Written:
    """A page with figures of one run: two works, on two numbers of threads."""
    page = Written(Figures([("start", "< 1 s", "0.5 s")], BEFORE), own=Figures([("trace", "-", "2 passes")], BEFORE))
    page.runs[BEFORE] = "an old machine: slow, 1 core"
    for work in ("resnet18", "lenet-1"):
        for threads in (1, 2):
            page.renew(compared(work, threads), 1e9, BEFORE)
    return page


def test_the_page_tells_wins_losses_and_failures_alike() -> None:
    """Each has its row, with the target, whether it is met, and when it was measured; ratios stand at a glance too."""
    page = Written()
    page.renew(compared(), 1e9, NOW)
    lines = page.text().splitlines()
    assert [line for line in lines if line.startswith(TITLE)] == [
        f"{TITLE} 1.00 ms | **16.00** | **2.00** | 0.50 |  |",
        f"{TITLE} Pellucid | 1.00 ms |  |  | native | {NOW} |",
        f"{TITLE} PyTorch | 16.0 ms | 16.00 (16.00 to 16.00) | >= 15: met | eager | {NOW} |",
        f"{TITLE} Keras/TensorFlow | 2.00 ms | 2.00 (2.00 to 2.00) | >= 30: missed | XLA | {NOW} |",
        f"{TITLE} OpenVINO | 0.500 ms | 0.50 (0.50 to 0.50) |  | latency | {NOW} |",
        f"{TITLE} ncnn | failed |  |  | default: no such / file | {NOW} |",
        f"{TITLE} 2 | 1 GFLOP/s | 42% of 2 GFLOP/s |",
    ]
    assert "Faster in 2 of 3 comparisons, slower in 1; targets met: 1 of 2." in lines
    assert "- lenet-1, 2 threads, PyTorch: eager: 16.0 ms; compiled, NCHW: 20.0 ms" in lines


def test_a_page_that_was_read_is_written_as_it_was() -> None:
    """Nothing of it is lost, not even bars in what an engine said, and reading it again finds the same."""
    text = written().text()
    assert read(text).text() == text
    assert read(text).promised.rows == [("start", "< 1 s", "0.5 s")]


def test_the_page_that_is_there_can_be_renewed() -> None:
    """docs/benchmarks.md is what these files would write of what it tells."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    page = read(text)
    assert page.text() == text
    assert page.runs.keys() >= {page.promised.when, page.own.when}
    assert set(page.details) == {"2 threads", "1 thread"}


def test_renewed_rows_take_the_places_of_the_old_and_tell_when() -> None:
    """Those of other works, and of other numbers of threads, stay; the score counts all that is on the page."""
    page = read(written().text())
    page.renew(compared("lenet-1", 2, ours=0.0001), 1e9, NOW)
    page.runs[NOW] = "a new machine"
    old, new = written().text().splitlines(), page.text().splitlines()
    fresh = [line for line in new if line not in old]
    assert [line for line in fresh if TITLE not in line] == [
        "Faster in 9 of 12 comparisons, slower in 3; targets met: 2 of 4.",
        f"- {NOW}: a new machine",
    ]
    assert len(new) == len(old) + 1
    assert all(line.endswith(f"{NOW} |") for line in fresh if TITLE in line and line.count("|") == 8)


def test_the_order_is_that_of_the_works_however_they_came() -> None:
    """Two threads stand before one, and LeNet-5 before ResNet-18."""
    lines = written().text().splitlines()
    assert [line for line in lines if line in ("### 2 threads", "### 1 thread")] == ["### 2 threads", "### 1 thread"]
    names = [line.split(" | ")[0] for line in lines if "| Pellucid | 1.00 ms" in line]
    assert names == [TITLE[:-2], "| ResNet-18 224x224, forward, batch 1"] * 2


def test_a_machine_is_named_as_long_as_a_figure_is_from_it() -> None:
    """When all that was measured on it was renewed, it goes."""
    page = Written(Figures([("start", "< 1 s", "0.5 s")], BEFORE), runs={BEFORE: "old", NOW: "new"})
    assert page.moments() == [BEFORE]
    page.promised = Figures([("start", "< 1 s", "0.4 s")], NOW)
    assert page.moments() == [NOW]
    assert "old" not in page.text()


def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *arguments: str) -> str:
    """Run the command on a page of its own, with measurements that only say that they were made."""
    path = tmp_path / "benchmarks.md"
    path.write_text(written().text(), encoding="utf-8")
    monkeypatch.setattr(command, "PAGE", path)
    monkeypatch.setattr(command, "peak", lambda: 1e9)
    monkeypatch.setattr(command, "promised", lambda *_: [("start", "< 1 s", "0.1 s")])
    monkeypatch.setattr(command, "own", lambda _: [("trace", "-", "1 pass")])
    monkeypatch.setattr(command, "moment", lambda: NOW)
    monkeypatch.setattr(command, "describe", lambda *_: "here")
    monkeypatch.setattr(
        command, "compare", lambda works, _, threads, __: [compared(w.name, threads, 0.0001) for w in works]
    )
    monkeypatch.setattr(sys, "argv", ["bench", *arguments])
    command.main()
    return path.read_text(encoding="utf-8")


def test_only_what_was_promised_can_be_measured_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--only promised changes that table, and nothing else."""
    page = read(started(monkeypatch, tmp_path, "--only", "promised"))
    assert page.promised == Figures([("start", "< 1 s", "0.1 s")], NOW)
    assert (page.details, page.own, page.tried) == (written().details, written().own, written().tried)
    assert page.runs == {NOW: "here", BEFORE: "an old machine: slow, 1 core"}


def test_only_some_works_can_be_measured_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--works changes their rows, and nothing else; with --print the page stays as it is."""
    page = read(started(monkeypatch, tmp_path, "--works", "lenet-1", "--threads", "2"))
    changed = [row for rows in page.details.values() for row in rows if row[-1] == NOW]
    assert {row[0] for row in changed} == {WORKS["lenet-1"].title}
    assert len(changed) == 5
    assert (page.promised, page.own) == (written().promised, written().own)
    assert started(monkeypatch, tmp_path, "--works", "lenet-1", "--print") == written().text()


def test_a_whole_run_leaves_nothing_of_the_old_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All figures are of one moment."""
    page = read(started(monkeypatch, tmp_path))
    assert set(page.runs) == {NOW}
    assert len(page.shares) == 2 * len(WORKS)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--works", "lenet-1", "--peers", "pellucid"), "whose ratios belong together: print it with --print"),
        (("--works", "lenet-1", "--only", "own"), "--works and --only own: no work is measured"),
        (("--only", "all"), "'all' is none of promised, works, own"),
    ],
)
def test_what_would_not_be_honest_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str], why: str
) -> None:
    """A row beside rows that it was not measured with, or a part that is not measured."""
    with pytest.raises(SystemExit):
        started(monkeypatch, tmp_path, *arguments)
    assert why in capsys.readouterr().err

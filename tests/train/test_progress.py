"""The bars in the terminal."""

from __future__ import annotations

import math

import pytest

from pellucid import Network
from pellucid.train import Dataset, fit
from pellucid.train.history import Epoch, Status
from pellucid.train.progress import Bars


def test_quiet_without_progress(net: Network, data: Dataset, capfd: pytest.CaptureFixture[str]) -> None:
    """A training that is not asked to show anything prints nothing."""
    fit(net, data, test=data, epochs=2)
    assert capfd.readouterr() == ("", "")


def test_a_line_an_epoch(
    net: Network, data: Dataset, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each epoch has a line with what it gave, on the error stream; 80 columns are enough."""
    monkeypatch.setenv("COLUMNS", "80")
    history = fit(net, data, test=data, epochs=2, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 2
    for line, epoch in zip(lines, history.epochs, strict=True):
        assert line.startswith(f"epoch {epoch.number}/2 ")
        assert f"loss {epoch.loss:.4f}, {epoch.accuracy:.2%} right" in line
        assert f"test loss {epoch.test_loss:.4f}, {epoch.test_accuracy:.2%} right" in line
        assert line.rstrip().endswith(" s")


def test_without_classes_and_test_data(capfd: pytest.CaptureFixture[str]) -> None:
    """Where there is no accuracy and no test, the line has the loss alone."""
    with Bars(True) as bars:
        bars.step(Status(1, 1, 1, 1, 0.5, math.nan))
        bars.epoch(Epoch(1, 0.5, math.nan, None, None, 0.25, 0.1))
    assert "loss 0.5000  0.2 s" in capfd.readouterr().err


def test_ends_when_training_fails(capfd: pytest.CaptureFixture[str]) -> None:
    """An error on the way leaves the terminal as it was."""

    def train() -> None:
        with Bars(True) as bars:
            bars.step(Status(1, 1, 1, 2, 0.5, 0.5))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train()
    assert "loss 0.5000, 50.00% right" in capfd.readouterr().err

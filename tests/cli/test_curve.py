"""The curves at the end of a training."""

from __future__ import annotations

from rich.console import Console

from pellucid.cli.curve import WIDTH, curve, marks
from pellucid.train import Epoch


def drawn(epochs) -> list[str]:
    """Return the lines of the drawing."""
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(curve(epochs))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_a_line_for_each_quantity():
    """Each quantity has its first value, its course and its last value."""
    epochs = [
        Epoch(1, 2.0, 0.1, 1.5, 0.25, 1.0, 0.1),
        Epoch(2, 1.0, 0.5, 1.5, 0.5, 1.0, 0.1),
        Epoch(3, 0.0, 0.9, 1.5, 0.75, 1.0, 0.1),
    ]
    assert drawn(epochs) == [
        "                first  epochs 1 to 3    last",
        "loss           2.0000  █▅▁            0.0000",
        "test loss      1.5000  ▁▁▁            1.5000",
        "accuracy       10.00%  ▁▅█            90.00%",
        "test accuracy  25.00%  ▁▅█            75.00%",
    ]


def test_quantities_that_were_not_measured_are_left_out():
    """Without test data, and without classes, there is only the loss."""
    lines = drawn([Epoch(1, 2.0, float("nan"), None, None, 1.0, 0.1)])
    assert [line.split()[0] for line in lines[1:]] == ["loss"]


def test_many_epochs_share_marks():
    """However many epochs, a course is one line, and each mark is the mean of as many epochs."""
    line = marks([float(value) for value in range(10 * WIDTH)])
    assert len(line) == WIDTH
    assert list(line) == sorted(line)
    assert set(line) == set("▁▂▃▄▅▆▇█")

"""The progress bar of a training in the terminal: a line an epoch, with loss and accuracy."""

from __future__ import annotations

import math
from types import TracebackType
from typing import TYPE_CHECKING

from .history import Epoch, Status

if TYPE_CHECKING:
    from rich.progress import TaskID


class Bars:
    """Draws a bar for each epoch, on the error stream: what a program prints stays apart.

    Args:
        shown: draw at all.
    """

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self._task: TaskID | None = None

    def __enter__(self) -> Bars:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._bars = Progress(
                TextColumn("epoch {task.description}"),
                BarColumn(bar_width=16),
                TextColumn("{task.fields[facts]}"),
                console=Console(stderr=True),
            )
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._bars.stop()

    def step(self, status: Status) -> None:
        """Show a step."""
        if not self._shown:
            return
        if self._task is None:
            self._task = self._bars.add_task(f"{status.epoch}/{status.epochs}", total=status.steps, facts="")
        self._bars.update(self._task, completed=status.step, facts=_facts(status.loss, status.accuracy))

    def epoch(self, epoch: Epoch) -> None:
        """Show what an epoch gave; the next step begins another bar."""
        if self._task is None:
            return
        facts = _facts(epoch.loss, epoch.accuracy)
        if epoch.test_loss is not None and epoch.test_accuracy is not None:
            facts += f"  test {_facts(epoch.test_loss, epoch.test_accuracy)}"
        self._bars.update(self._task, facts=f"{facts}  {epoch.seconds:.1f} s")
        self._task = None


def _facts(loss: float, accuracy: float) -> str:
    """Return loss and accuracy for people; the accuracy is NaN where there are no classes."""
    return f"loss {loss:.4f}" + ("" if math.isnan(accuracy) else f", {accuracy:.2%} right")

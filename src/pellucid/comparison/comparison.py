"""What comparing two networks found: facts that print as text, and that programs and the explorer read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .differences import LayerDifference


@dataclass(frozen=True)
class Trial:
    """Two networks on one input.

    Args:
        name: what the input is called: "given", or the name of a chosen one.
        about: what it is, or what it exposes.
        layers: each pair of layers, in the order in which they run.
        rules: the rules that each explain the first difference on their own, in words; empty where none does.
    """

    name: str
    about: str
    layers: tuple[LayerDifference, ...]
    rules: tuple[str, ...]

    @property
    def first(self) -> LayerDifference | None:
        """The first layer that differs by more than rounding, or None."""
        return next((layer for layer in self.layers if layer.verdict == "differs"), None)

    @property
    def verdict(self) -> str:
        """What can be said of all its layers: "same", "rounding" or "differs"."""
        found = {layer.verdict for layer in self.layers}
        return next((verdict for verdict in ("differs", "rounding") if verdict in found), "same")


@dataclass(frozen=True)
class Comparison:
    """What comparing two networks found.

    Args:
        a, b: what the two are, in a line each.
        trials: what each input showed.
    """

    a: str
    b: str
    trials: tuple[Trial, ...]

    @property
    def told(self) -> Trial:
        """The trial that says most: the first with a difference that a rule explains, then with one, then the first."""
        differing = [trial for trial in self.trials if trial.first is not None]
        return next((trial for trial in differing if trial.rules), (differing or list(self.trials))[0])

    @property
    def layers(self) -> tuple[LayerDifference, ...]:
        """Each pair of layers, on the input that says most."""
        return self.told.layers

    @property
    def first(self) -> LayerDifference | None:
        """The first layer that differs by more than rounding, or None."""
        return self.told.first

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that each explain the first difference on their own, in words; empty where none does."""
        return self.told.rules

    @property
    def same(self) -> bool:
        """Whether no layer differs by more than rounding, on any input."""
        return self.first is None

    def facts(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return {
            "same": self.same,
            "a": self.a,
            "b": self.b,
            "told": self.told.name,
            "trials": [asdict(trial) | {"verdict": trial.verdict} for trial in self.trials],
        }

    def __str__(self) -> str:
        first = self.first
        if first is None:
            exact = all(trial.verdict == "same" for trial in self.trials)
            return "the same, number by number" if exact else "the same, but for rounding"
        why = "; or ".join(self.rules) or "no rule that was tried explains it"
        return f"first difference: {first.a!r} and {first.b!r}, by {first.largest:.3g}: {why}"

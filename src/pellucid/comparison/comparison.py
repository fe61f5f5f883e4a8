"""What comparing two networks found: facts that print as text, and that programs and the explorer read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from ..explain import facts as json_facts
from .differences import LayerDifference
from .explaining import Finding

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True)
class Trial:
    """Two networks on one input.

    Args:
        name: what the input is called: "given", or the name of a chosen one.
        about: what it is, or what it exposes.
        layers: each pair of layers, in the order in which they run.
    """

    name: str
    about: str
    layers: tuple[LayerDifference, ...]

    @property
    def verdict(self) -> str:
        """What can be said of all its layers: "same", "rounding" or "differs"."""
        found = {layer.verdict for layer in self.layers}
        return next((verdict for verdict in ("differs", "rounding") if verdict in found), "same")


@dataclass(frozen=True)
class Difference:
    """A pair of layers that compute differently, given the same.

    Args:
        layer: how far apart they are, on the first input that shows it.
        trials: the names of the inputs that show it.
        engine: None where the definitions differ; else the engine that does not follow its layer's definition.
        findings: the rules that each explain it, the particular ones first; empty where none does.
    """

    layer: LayerDifference
    trials: tuple[str, ...]
    engine: str | None
    findings: tuple[Finding, ...]

    @property
    def words(self) -> str:
        """Why it differs, in words."""
        why = "; or ".join(finding.words for finding in self.findings) or "no rule that was tried explains it"
        if self.engine is None:
            return why
        return f"the engine {self.engine} does not follow the definition of {self.layer.kind}: {why}"


@dataclass(frozen=True)
class Alone:
    """A layer without a partner: it is compared with what comes behind it.

    Args:
        side: "A" or "B".
        name: its name.
        what: the layer.
        why: what stands for it on the other side.
    """

    side: str
    name: str
    what: str
    why: str


@dataclass(frozen=True)
class Stated:
    """Something in which a pair of layers differs as it is written, whether the inputs show it or not.

    Args:
        a, b: the layers' names.
        what: the parameter, or the weight.
        words: how it differs.
        shown: whether the values of these layers differ on an input.
    """

    a: str
    b: str
    what: str
    words: str
    shown: bool


@dataclass(frozen=True)
class Comparison:
    """What comparing two networks found; prints as a table.

    Args:
        a, b: what the two are, in a line each.
        trials: what each input showed.
        differences: the pairs of layers that compute differently, in the order in which they run.
        alone: the layers without a partner.
        stated: parameters and weights that differ, shown by an input or not.
    """

    a: str
    b: str
    trials: tuple[Trial, ...]
    differences: tuple[Difference, ...]
    alone: tuple[Alone, ...]
    stated: tuple[Stated, ...]

    @property
    def told(self) -> Trial:
        """The trial of the first difference; the first trial if there is none."""
        names = self.differences[0].trials[:1] if self.differences else ()
        return next((trial for trial in self.trials if trial.name in names), self.trials[0])

    @property
    def layers(self) -> tuple[LayerDifference, ...]:
        """Each pair of layers, on the input that shows the first difference."""
        return self.told.layers

    @property
    def first(self) -> LayerDifference | None:
        """The first pair of layers that computes differently, by more than rounding, or None."""
        return self.differences[0].layer if self.differences else None

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that each explain the first difference, in words; empty where none does."""
        return tuple(finding.words for finding in self.differences[0].findings) if self.differences else ()

    @property
    def same(self) -> bool:
        """Whether no layer differs by more than rounding, on any input."""
        return not self.differences

    def facts(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON and for the explorer; infinities are told as words."""
        found: dict[str, Any] = {
            "same": self.same,
            "sentence": self.sentence,
            "a": self.a,
            "b": self.b,
            "told": self.told.name,
            "trials": [asdict(trial) | {"verdict": trial.verdict} for trial in self.trials],
            "differences": [asdict(one) | {"words": one.words} for one in self.differences],
            "alone": [asdict(one) for one in self.alone],
            "stated": [asdict(one) for one in self.stated],
        }
        return _plain(found)

    @property
    def sentence(self) -> str:
        """All of it in a sentence."""
        if not self.differences:
            exact = all(trial.verdict == "same" for trial in self.trials)
            return "the same, number by number" if exact else "the same, but for rounding"
        first = self.differences[0]
        names = f"{first.layer.a!r} and {first.layer.b!r}"
        return f"first difference: {names}, by {first.layer.largest:.3g}: {first.words}"

    def __str__(self) -> str:
        from .drawing import plain

        return plain(self)

    def __rich__(self) -> RenderableType:
        from .drawing import draw

        return draw(self)


def _plain(value: Any) -> Any:
    """Return facts as JSON can hold them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("list[Any]", value)]
    return json_facts.number(value) if isinstance(value, float) else value

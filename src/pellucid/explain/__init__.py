"""Explanation: traces, one number's arithmetic, receptive fields, summaries, traps, and their drawing in a terminal."""

from . import facts
from .excitations import Excitation, Excitations, LayerExcitations, excitations
from .explanation import Explanation
from .receptive import ReceptiveField, receptive_field
from .summary import LayerSummary, Summary, summarize
from .trace import Trace, trace
from .traps import Trap, traps

__all__ = [
    "Excitation",
    "Excitations",
    "Explanation",
    "LayerExcitations",
    "LayerSummary",
    "ReceptiveField",
    "Summary",
    "Trace",
    "Trap",
    "excitations",
    "facts",
    "receptive_field",
    "summarize",
    "trace",
    "traps",
]

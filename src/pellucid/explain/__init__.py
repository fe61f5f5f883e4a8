"""Explanation: traces, one number's arithmetic, receptive fields, stages, traps, and drawings in a terminal."""

from . import attribution, facts
from .attribution import Attribution
from .excitations import Excitation, Excitations, LayerExcitations, excitations
from .explanation import Explanation
from .receptive import ReceptiveField, receptive_field
from .stages import Stage, stages
from .summary import LayerSummary, Summary, summarize
from .trace import Trace, trace
from .traps import Trap, traps

__all__ = [
    "Attribution",
    "Excitation",
    "Excitations",
    "Explanation",
    "LayerExcitations",
    "LayerSummary",
    "ReceptiveField",
    "Stage",
    "Summary",
    "Trace",
    "Trap",
    "attribution",
    "excitations",
    "facts",
    "receptive_field",
    "stages",
    "summarize",
    "trace",
    "traps",
]

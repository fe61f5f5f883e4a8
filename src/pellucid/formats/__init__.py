"""Open and save networks. `FORMATS` is the table by the suffix of a file's name, `OBJECTS` that of models in memory."""

from .loading import load_weights
from .opening import OpeningWarning
from .reading import load
from .saving import check_destination, save
from .source import DIALECTS, code
from .table import FORMATS, OBJECTS, Format, Kind
from .to_frameworks import to_keras, to_torch

__all__ = [
    "DIALECTS",
    "FORMATS",
    "OBJECTS",
    "Format",
    "Kind",
    "OpeningWarning",
    "check_destination",
    "code",
    "load",
    "load_weights",
    "save",
    "to_keras",
    "to_torch",
]

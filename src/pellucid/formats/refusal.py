"""How a file is refused: inside, an error names the place; at the door it gets the file's name and becomes legible."""

from __future__ import annotations

from pathlib import Path

from ..errors import ModelFileError, UnmappedError, WeightsError
from ..words import legible

LONGEST = 300  # characters of an error that is told, whatever a file wrote into it


def told(error: ModelFileError, path: Path) -> ModelFileError:
    """Return the error with the file's name before its place, without control characters, and not too long.

    An error about the file as a whole has no place: its `where` is empty.
    """
    if isinstance(error, UnmappedError):  # it lists nodes, legible already: as long as that takes
        return UnmappedError(
            legible(path.name, 160),
            got=error.got,
            expected=error.expected,
            fix=error.fix,
            unmapped=error.unmapped,
        )
    if isinstance(error, WeightsError):
        return WeightsError(
            legible(path.name, 160),
            got=error.got,
            expected=error.expected,
            fix=error.fix,
            missing=error.missing,
            unexpected=error.unexpected,
            shapes=error.shapes,
        )
    told = error
    whole = str(path) if len(str(path)) <= LONGEST // 2 else path.name
    for name, limit in ((whole, 160), (path.name, 160), (path.name, 80), (path.name, 60), (path.name, 40)):
        told = ModelFileError(
            legible(name, limit) + (f": {legible(error.where, limit)}" if error.where else ""),
            got=legible(error.got, limit),
            expected=legible(error.expected, limit),
            fix=legible(error.fix, limit),
        )
        if len(str(told)) <= LONGEST:
            break
    return told

"""How a file is refused: inside, an error names the place; at the door it gets the file's name and becomes legible."""

from __future__ import annotations

from pathlib import Path

from ..errors import ModelFileError

LONGEST = 300  # characters of an error that is told, whatever a file wrote into it


def told(error: ModelFileError, path: Path) -> ModelFileError:
    """Return the error with the file's name before its place, without control characters, and not too long.

    An error about the file as a whole has no place: its `where` is empty.
    """
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


def legible(text: str, limit: int) -> str:
    r"""Return `text` with what cannot be printed escaped, cut in its middle to `limit` characters.

    >>> legible("conv\x1b[31m", 40)
    'conv\\x1b[31m'
    >>> legible("0123456789", 8)
    '012...89'
    """
    escaped = printable(text[: 4 * limit])
    if len(escaped) <= limit and len(text) <= 4 * limit:
        return escaped
    end = (limit - 3) // 2
    return f"{escaped[: limit - 3 - end]}...{escaped[-end:]}"


def printable(text: str) -> str:
    r"""Return `text` with what cannot be printed escaped: a name out of a file must not steer a terminal.

    >>> printable("cat\x1b[2J")
    'cat\\x1b[2J'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)

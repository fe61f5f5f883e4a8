"""Names of classes from a file of the user's: a line each, in the order of the network's outputs."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import DataError

LARGEST = 1 << 20  # bytes of a file


def read_classes(path: str) -> list[str]:
    """Return the names; lines may begin with their own number, as in "0,tench".

    Raises:
        DataError: the file is absent, too large, no text, or empty.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
        lines = [line.strip() for line in content.decode("utf-8-sig").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise _refused(path, getattr(error, "strerror", None) or "no text") from error
    if len(content) > LARGEST or not lines:
        raise _refused(path, "nothing" if not lines else f"more than {LARGEST:,} bytes")
    numbered = [re.match(rf"{number}\s*[,:\s]\s*(.+)", line) for number, line in enumerate(lines)]
    return [found[1] for found in numbered if found] if all(numbered) else lines


def _refused(path: str, got: str) -> DataError:
    return DataError(f"classes {path!r}", got=got, expected="a name a line", fix="write one for each of the outputs")

"""Names from outside, as they may be shown: nothing in them steers a terminal, and none is endless."""

from __future__ import annotations


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

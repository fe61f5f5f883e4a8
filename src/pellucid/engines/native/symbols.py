"""What an object file wants from elsewhere: LLVM's linker would take any function of this process for it, silently."""

from __future__ import annotations

import struct

_SECTION = struct.Struct("<IIQQQQIIQQ")  # of ELF, 64 bits, little endian: name, kind, ..., place, size, link, ..., each
_SYMBOL = struct.Struct("<IBBHQQ")  # name, ..., section, value, size
_SYMBOLS, _NOWHERE = 2, 0


def undefined(data: bytes) -> list[str]:
    """Return the names that an object file of Linux and its like uses and does not define; of other files, none.

    >>> undefined(b"no object file")
    []
    """
    if not data.startswith(b"\x7fELF\x02\x01"):
        return []
    (table,) = struct.unpack_from("<Q", data, 40)
    step, count = struct.unpack_from("<HH", data, 58)
    sections: list[tuple[int, ...]] = [_SECTION.unpack_from(data, table + number * step) for number in range(count)]
    names: list[str] = []
    for _, kind, _, _, place, size, link, _, _, each in sections:
        if kind != _SYMBOLS:
            continue
        texts = sections[link][4]
        for at in range(place + each, place + size, each):  # the first symbol is none
            name, _, _, section, _, _ = _SYMBOL.unpack_from(data, at)
            if section == _NOWHERE:
                names.append(data[texts + name : data.index(b"\0", texts + name)].decode("ascii", "replace"))
    return names

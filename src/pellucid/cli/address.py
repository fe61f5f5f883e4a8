"""The address of one number, such as conv1[2,10,12]: the same in Python, terminal and browser."""

from __future__ import annotations

import re

from ..errors import ParameterError, ShapeError
from ..network import Network

ADDRESS = re.compile(r"(?P<layer>[^\[\]]+)\[(?P<index>[^\[\]]*)\]")


def locate(net: Network, address: str) -> tuple[str, tuple[int, ...]]:
    """Return the layer and the index that an address names.

    Args:
        net: the network.
        address: LAYER[CHANNEL,ROW,COLUMN] for maps, LAYER[FEATURE] for vectors; counted from 0.

    Raises:
        ParameterError: it is not an address.
        UnknownNameError: there is no such layer.
        ShapeError: no number of the layer has this place.

    >>> from pellucid.zoo import lenet5
    >>> locate(lenet5(), "conv2[0, 9, 9]")
    ('conv2', (0, 9, 9))
    """
    found = ADDRESS.fullmatch(address.strip())
    name = found["layer"].strip() if found else re.split(r"[\[\]]", address)[0].strip()
    shape = net.node(name).shape  # an unknown layer comes first: its error proposes one
    last = f"{name}[{','.join(str(size - 1) for size in shape)}]"
    parts = [part.strip() for part in found["index"].split(",")] if found else []
    if not parts or not all(re.fullmatch(r"[0-9]{1,12}", part) for part in parts):
        raise ParameterError(
            f"address {address!r}",
            got="no place in brackets" if not parts else f"the place [{','.join(parts)}]",
            expected="LAYER[CHANNEL,ROW,COLUMN] or LAYER[FEATURE], whole numbers from 0",
            fix=f"write for instance '{last}', the last number of {name}",
        )
    index = tuple(int(part) for part in parts)
    if len(index) != len(shape) or any(i >= size for i, size in zip(index, shape, strict=True)):
        raise ShapeError(
            f"address {address!r}",
            got=f"the place [{','.join(parts)}]",
            expected=f"a place in {name}, whose shape is {shape}; the last is '{last}'",
            fix="count from 0: channel, row, column for maps, one number for vectors",
        )
    return name, index

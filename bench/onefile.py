"""How large the explorer's page is as one file: the digits network with twenty digits in it."""

from __future__ import annotations

import tempfile
from pathlib import Path


def page_bytes() -> int:
    """Return the size of what `pellucid page` writes without arguments."""
    from pellucid.explorer import Session, write_page
    from pellucid.train.digits import train_digits

    net, _, train, test = train_digits()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.html"
        write_page(Session(net, data=(train, test)), path)
        return path.stat().st_size

"""The article's exercises run on every engine: what joins the table of engines joins these tests."""

from __future__ import annotations

import pytest

from pellucid.engines import ENGINES


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> str:
    """The name of an engine that runs here."""
    name = request.param
    why = ENGINES[name].unavailable()
    if why is not None:
        pytest.skip(f"engine {name!r}: {why}")
    return name

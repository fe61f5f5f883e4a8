"""What tests of the native engine can ask for."""

from __future__ import annotations

from typing import Any

import pytest

from pellucid.engines.native.executable import Executable
from pellucid.engines.native.plan import Plan


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """Every plan that is made ready during the test, whichever way the engine chose."""
    made: list[Plan] = []
    prepare = Executable.__init__

    def record(self: Executable, plan: Plan, *arguments: Any, **named: Any) -> None:
        made.append(plan)
        prepare(self, plan, *arguments, **named)

    monkeypatch.setattr(Executable, "__init__", record)
    return made

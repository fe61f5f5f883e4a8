"""The payloads work: where a page takes a name for markup, what notices them does."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pytest

from .payloads import PAYLOADS, UNPRINTABLE, hostile, noticed, watch

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_there_are_sixty_and_each_is_a_name() -> None:
    """All are different, and a network can be called by all of them at once."""
    assert len(PAYLOADS) >= 60
    assert len({*PAYLOADS, *UNPRINTABLE}) == len(PAYLOADS) + len(UNPRINTABLE)
    net = hostile([*PAYLOADS, *UNPRINTABLE])
    assert len([node for node in net.nodes if node.name in PAYLOADS]) >= 60
    assert net.predict(np.ones((1, 1, 2, 2), np.float32)).shape == (1, len(PAYLOADS) + len(UNPRINTABLE) + 1)


@pytest.mark.parametrize("policy", ["", "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"])
def test_a_page_that_takes_names_for_markup_is_noticed(page: Page, policy: str) -> None:
    """A careless page runs some of them, and one with a policy reports them: both are seen."""
    wrong = watch(page)
    page.goto("data:text/html," + quote(policy + "".join(name for name in PAYLOADS if name.startswith("<img"))))
    page.wait_for_timeout(200)  # for the picture that is not there to fail
    assert {told.split()[0] for told in noticed(page)} == {"policy" if policy else "alert"}
    assert any("evil.example" in told for told in wrong)

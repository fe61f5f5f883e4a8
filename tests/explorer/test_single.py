"""Pictures of numbers that only pass: where a flatten puts them, and what a dropout would do in training."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page

from pellucid.layers import Dropout
from pellucid.layers.base import Run

from .conftest import Explorer
from .looking import wait_for


@pytest.mark.parametrize("place", [0, 77, 127])
def test_which_pixel_goes_where_is_reckoned(digits: Explorer, digits_page: Page, place: int) -> None:
    """The words hold the rule with the numbers put in, and it comes out as the place."""
    digits.open(digits_page, f"#sample=0&number=flatten1[{place}]")
    wait_for(digits_page, f"flatten1[{place}]")
    channel, row, column = np.unravel_index(place, digits.session.net.shapes["pool2"])
    said = digits_page.locator("#line .words").text_content() or ""
    assert said.endswith(f"Channel after channel, row after row: ({channel} · 2 + {row}) · 2 + {column} = {place}.")


def test_what_falls_in_training_is_shown(digits: Explorer, digits_page: Page) -> None:
    """Which units fall in a first step, and what scaling does to this one: as the layer itself says."""
    layer = digits.session.net.layers["dropout1"]
    assert isinstance(layer, Dropout)
    factors = layer.factors((1, 128), Run(training=True, layer="dropout1"))[0]
    for place in (int(np.flatnonzero(factors)[0]), int(np.flatnonzero(factors == 0)[0])):
        digits.open(digits_page, f"#sample=0&number=dropout1[{place}]")
        wait_for(digits_page, f"dropout1[{place}]")
        shown = digits_page.locator("#parts .units i").evaluate_all("all => all.map((unit) => unit.className)")
        assert shown == ["stays" if factor else "falls" for factor in factors]
        said = digits_page.locator("#parts .words").text_content() or ""
        assert "falls with probability 0.25, and the others are multiplied by 1 / (1 − 0.25) = 1.333." in said
        assert f"{int((factors == 0).sum())} of 128 fall; this one {'stays' if factors[place] else 'falls'}: " in said

"""`pellucid page`: what it writes, what it says of it, and what it refuses."""

from __future__ import annotations

import re

import pytest

from pellucid import Network
from pellucid.layers import Conv2d, Flatten, Linear


def test_it_writes_a_page_and_says_its_size(pellucid, folder):
    """A network and an image become one file; the size is the file's."""
    result = pellucid("page", "net.safetensors", "photo.jpg", "-o", "photo.html")
    assert result.exit_code == 0, result.output
    size = (folder / "photo.html").stat().st_size
    assert result.stdout == f"saved photo.html, {size / 1e6:.2f} MB\n"
    text = (folder / "photo.html").read_text(encoding="utf-8")
    assert text.count('id="carried-run-') == 1


def test_without_an_image_a_network_of_digits_gets_twenty(pellucid, folder):
    """The test images are there, evenly apart; without a name the file is page.html."""
    assert pellucid("page", "net.safetensors").exit_code == 0
    text = (folder / "page.html").read_text(encoding="utf-8")
    assert text.count('id="carried-run-') == 20


def test_what_did_not_fit_is_said(pellucid, folder):
    """A network too large for the room is carried in part, with a note; named layers are carried without one."""
    Network((1, 60, 60), [Conv2d(90, 3), Conv2d(2, 3), Flatten(), Linear(3)], name="wide").save("wide.safetensors")
    result = pellucid("page", "wide.safetensors", "-o", "wide.html", "--most", "1")
    assert result.exit_code == 0
    assert result.stderr == (
        "note: the numbers of 3 of 4 layers did not fit, from 'conv1' on: name those that matter with --layers, "
        "or give more room with --most\n"
    )
    named = pellucid("page", "wide.safetensors", "-o", "wide.html", "--most", "1", "--layers", "conv2, linear1")
    assert (named.exit_code, named.stderr) == (0, "")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("net.safetensors", "--layers", "conv7"), "did you mean 'conv1'"),
        (("net.safetensors", "-o", "nowhere/page.html"), "nowhere"),
        (("nothing.safetensors",), "nothing.safetensors"),
        (("net.safetensors", "--most", "0"), "--most"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(pellucid, folder, args, said):
    """Layers that are not there, folders that are not there, files that are not there: exit code 2, and no page."""
    result = pellucid("page", *args)
    assert result.exit_code == 2
    assert said in re.sub(r"\x1b\[[0-9;]*m", "", result.output)
    assert not list(folder.rglob("*.html"))

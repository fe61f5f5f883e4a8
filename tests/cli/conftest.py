"""A folder to run commands in, with a trained network and pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from pellucid import Network
from pellucid.cli import app
from pellucid.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from pellucid.train import Dataset, fit
from pellucid.train.data import load


@pytest.fixture(scope="session")
def trained() -> Network:
    """A network that knows the digits a little."""
    train, _ = load("digits")
    net = Network((1, 8, 8), [Conv2d(8, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(10)], name="quick")
    fit(net, train, epochs=2)
    return net


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands keep what they compile; what `pellucid cache --clear` clears is never the cache of a developer."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: Network, compiled: Path) -> Path:
    """The folder in which a command runs: net.safetensors, photo.jpg, and photos of ten classes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PELLUCID_CACHE", str(compiled))
    trained.save("net.safetensors")
    _, test = load("digits")
    assert isinstance(test, Dataset)
    for sample in np.argsort(test.labels, kind="stable")[::9]:
        kind = tmp_path / "photos" / test.classes[test.labels[sample]]
        kind.mkdir(parents=True, exist_ok=True)
        _picture(test.images[sample]).save(kind / f"{sample}.png")
    _picture(test.images[0]).convert("RGB").resize((32, 24)).save("photo.jpg")
    return tmp_path


def _picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray((pixels[0] * 255).round().astype(np.uint8))


@pytest.fixture
def pellucid(folder: Path):
    """The command, run in the folder: arguments in, result out."""

    def run(*args: str) -> Result:
        return CliRunner().invoke(app, args)

    return run

"""Models that others trained, rebuilt from our layers, give the answers that are known of them.

Needs the folder of real data beside the project; sources and known answers stand in its READMEs.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid
from pellucid import Network
from pellucid.layers import (
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Softmax,
)


def tiny_vgg(folder: Path) -> Network:
    """CNN Explainer's network: its weights lie one after another in one file, kernels as (height, width, in, out)."""
    classes = [
        "lifeboat",
        "ladybug",
        "pizza",
        "bell_pepper",
        "school_bus",
        "koala",
        "espresso",
        "red_panda",
        "orange",
        "sport_car",
    ]
    blocks = [
        item
        for i in (1, 2)
        for item in (
            (f"conv_{i}_1", Conv2d(10, 3)),
            (f"relu_{i}_1", ReLU()),
            (f"conv_{i}_2", Conv2d(10, 3)),
            (f"relu_{i}_2", ReLU()),
            (f"max_pool_{i}", MaxPool2d(2)),
        )
    ]
    net = Network(
        (3, 64, 64),
        [
            *blocks,
            ("flatten", Flatten("HWC")),
            ("output", Linear(10)),
            ("softmax", Softmax()),
        ],
        classes=classes,
    )
    manifest = json.loads((folder / "model.json").read_text())["weightsManifest"][0]["weights"]
    numbers = np.fromfile(folder / "group1-shard1of1.bin", "<f4")
    start = 0
    for entry in manifest:
        layer, kind = entry["name"].rsplit("/", 2)[-2:]
        size = int(np.prod(entry["shape"]))
        value = numbers[start : start + size].reshape(entry["shape"])
        start += size
        order = {1: (0,), 2: (1, 0), 4: (3, 2, 0, 1)}[value.ndim]
        net.weights[f"{layer}.{'weight' if kind == 'kernel' else 'bias'}"] = value.transpose(order)
    assert start == len(numbers)
    return net


def test_tiny_vgg_sees_what_cnn_explainer_shows(shared_data: Path) -> None:
    """The ten pictures that the app shows get their class, with the probabilities that were measured elsewhere."""
    folder = shared_data / "cnn-explainer"
    net = tiny_vgg(folder)
    shown = ["boat", "bug", "pizza", "pepper", "bus", "koala", "espresso", "panda", "orange", "car"]
    known = [0.8208, 0.9842, 0.9907, 0.7857, 0.9948, 0.9530, 0.8798, 0.9570, 0.9854, 0.9655]
    pictures = np.stack([np.asarray(Image.open(folder / "img" / f"{name}_1.jpeg").convert("RGB")) for name in shown])
    found = net.predict(pictures / 255, channels_last=True)
    assert found.argmax(axis=1).tolist() == list(range(10))
    assert found.max(axis=1) == pytest.approx(known, abs=2e-3)  # JPEG decoders differ by a step of 1/255 here and there
    summary = net.summary()
    assert [summary[name].params for name in ("conv_1_1", "conv_1_2", "output")] == [280, 910, 16910]
    assert summary.macs == 5_608_780
    assert summary["max_pool_2"].receptive_field == (16, 16)
    e = net.trace(pictures[0] / 255, channels_last=True).explain("conv_2_2", (3, 10, 12))
    assert len(e.terms) == 90
    sizes = np.abs(e.terms.product).sum() + abs(e.bias or 0.0)
    assert abs(e.value - e.total) <= 2 * 2**-24 * sizes  # the sum of so many roundings, whatever their order


def cifar_test(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The first 1,000 test pictures, as the models were trained to see them, and their labels."""
    pixels = np.asarray(Image.open(folder / "cifar10_batch_50.png").convert("RGB")).reshape(-1, 32, 32, 3) / 255
    text = (folder / "cifar10_labels.js").read_text()
    labels = np.array(json.loads(text[text.index("[") : text.index("]") + 1]))[50000:]
    return (pixels - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225], labels


@pytest.mark.parametrize(
    ("name", "file", "right"),
    [
        ("resnet20", "resnet20-12fca82f.th", 915),
        pytest.param("resnet32", "resnet32-d509ac18.th", 928, marks=pytest.mark.slow),
        pytest.param("resnet44", "resnet44-014dd654.th", 933, marks=pytest.mark.slow),
        pytest.param("resnet56", "resnet56-4bfd9763.th", 926, marks=pytest.mark.slow),
    ],
)
def test_cifar_resnets_score_as_published(shared_data: Path, name: str, file: str, right: int) -> None:
    """The zoo's small ResNets with others' weights are right on as many of 1,000 pictures as these are known to be."""
    net = pellucid.load(shared_data / "pytorch-resnet-cifar10" / file, into=name)
    images, labels = cifar_test(shared_data / "cifar10")
    found = net.predict(images, channels_last=True).argmax(axis=1)
    assert int((found == labels).sum()) == right

"""Keras models made by hand: an archive and an HDF5 file of one dense layer, and every part of them open to change."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import pellucid
from pellucid.errors import ModelFileError

KERNEL = np.arange(6, dtype=np.float32).reshape(3, 2)
BIAS = np.array([0.5, -1.5], np.float32)
MEBI = 2**20
Change = Callable[[h5py.File], object]


def layer(kind: str = "Dense", name: str = "dense", **config: object) -> dict[str, Any]:
    """One layer's entry, as Keras 3 writes it."""
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, "trainable": True, **config},
        "registered_name": None,
    }


def dense(**changes: object) -> dict[str, Any]:
    """The dense layer's entry."""
    return layer(units=2, activation="linear", use_bias=True) | changes


def model(*layers: object) -> dict[str, Any]:
    """A sequence's configuration: an input of 3 numbers, and these layers; the dense layer where there are none."""
    first = layer("InputLayer", "input", batch_shape=[None, 3], dtype="float32", sparse=False, ragged=False)
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "small", "trainable": True, "layers": [first, *(layers or (dense(),))]},
        "registered_name": None,
    }


def h5(change: Change = lambda file: None, config: str | None = None, libver: str = "earliest") -> bytes:
    """An HDF5 file of the weights, as `.keras` has it inside, or with a configuration as `.h5` has it."""
    file = io.BytesIO()
    with h5py.File(file, "w", libver=libver) as made:
        if config is None:
            made["layers/dense/vars/0"], made["layers/dense/vars/1"] = KERNEL, BIAS
        else:
            made.attrs["model_config"], made.attrs["keras_version"] = config, "2.15.0"
            weights = made.create_group("model_weights")
            weights.attrs["layer_names"] = [b"dense"]
            group = weights.create_group("dense")
            group.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
            group["dense/kernel:0"], group["dense/bias:0"] = KERNEL, BIAS
        change(made)
    return file.getvalue()


def keras(config: object = None, weights: bytes | None = None) -> bytes:
    """A `.keras` file of this configuration, a value of JSON or its text, and these weights."""
    text = config if isinstance(config, bytes) else json.dumps(config or model()).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("metadata.json", json.dumps({"keras_version": "3.10.0"}))
        made.writestr("config.json", text, zipfile.ZIP_DEFLATED)
        made.writestr("model.weights.h5", weights or h5())
    return file.getvalue()


def legacy(config: object) -> bytes:
    """An `.h5` file of this configuration."""
    return h5(config=config.decode() if isinstance(config, bytes) else json.dumps(config))


def written(path: Path, content: bytes) -> Path:
    """The file, written."""
    path.write_bytes(content)
    return path


def refused(path: Path, content: bytes) -> ModelFileError:
    """The error of opening a file, which takes little memory, names it, is legible and tells no secret."""
    written(path, content)
    tracemalloc.start()
    with pytest.raises(ModelFileError) as error:
        pellucid.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * MEBI
    assert path.name in error.value.where
    assert "SECRET" not in str(error.value)
    assert all(line.isprintable() for line in str(error.value).splitlines())
    return error.value

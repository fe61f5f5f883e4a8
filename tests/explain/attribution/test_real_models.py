"""Models that others trained, asked why: what the methods promise holds on real photographs and digits.

Needs the folder of real data beside the project; sources and licences stand in its READMEs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid
from pellucid.engines import ENGINES
from pellucid.explain import Trace
from pellucid.explain.attribution import METHODS

RUNNABLE = [name for name, engine in ENGINES.items() if engine.unavailable() is None]
TABBY = 281


@pytest.fixture(scope="module")
def kitten(shared_data: Path) -> Trace:
    """SqueezeNet on a photo of a kitten, which it takes for a tabby cat; its scores stand in maps of one place."""
    folder = shared_data / "onnx-winml"
    net = pellucid.load(folder / "SqueezeNet_fp16.onnx")
    pixels = np.asarray(Image.open(folder / "kitten_224.png").convert("RGB"), np.float32)
    trace = net.trace(pixels[:, :, ::-1].transpose(2, 0, 1))
    assert int(trace[str(net.outputs[0].name)].argmax()) == TABBY
    return trace


@pytest.mark.slow
def test_what_counts_for_a_kitten_is_the_kitten(kitten: Trace) -> None:
    """Grad-CAM and occlusion look at the animal in the middle; covering what counts most costs most."""
    for method in ("grad-cam", "occlusion"):
        found = kitten.attribute(method)
        assert found.target == TABBY
        middle = found.map[28:196, 28:196]
        assert middle.mean() > 1.25 * found.map.mean()
    found = kitten.attribute("occlusion", size=56, stride=56)
    strongest, weakest = (divmod(int(at), 4) for at in (found.map[::56, ::56].argmax(), found.map[::56, ::56].argmin()))
    falls = []
    for row, column in (strongest, weakest):
        covered = kitten["data_0"].copy()
        covered[:, 56 * row : 56 * row + 56, 56 * column : 56 * column + 56] = 0
        falls.append(found.score - float(kitten.net.trace(covered)[found.source][found.index]))
    assert falls == pytest.approx([found.map.max(), found.map.min()], abs=1e-3)
    assert falls[0] > max(1.0, falls[1])


@pytest.mark.slow
def test_a_photos_pixels_add_up_to_its_score(kitten: Trace) -> None:
    """Integrated gradients miss the difference of two scores by less than a hundredth."""
    found = kitten.attribute("integrated gradients", steps=48)
    assert found.error is not None
    assert found.reference is not None
    assert abs(found.error) < 0.01 * abs(found.score - found.reference)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_engines_agree_on_a_real_digit(shared_data: Path, method: str) -> None:
    """A network from Keras, with dropout, is asked on every engine, and gives the same map.

    A little noise parts the equal numbers of the blank ground, of which any may win a pool, and take the gradient.
    """
    net = pellucid.load(shared_data / "keras-digit-recognizer" / "mnist_cnn.keras")
    _, test = pellucid.data.load(str(shared_data / "mnist"))
    image = test.images[7] + np.random.default_rng(0).uniform(0, 0.05, test.images[7].shape)
    right = None
    for engine in ["reference", *RUNNABLE]:
        found = net.trace(image, engine=engine).attribute(method)
        right = found if right is None else right
        assert found.target == right.target == test.labels[7]
        scale = float(np.abs(right.map).max())
        np.testing.assert_allclose(found.map, right.map, rtol=0, atol=1e-4 * max(scale, abs(right.score)))

"""Every method beside Captum's, on the same network in PyTorch: networks with branches, batch norms and pools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import Network
from pellucid.explain import Attribution, Trace
from pellucid.zoo import NETWORKS

reason = "Captum is not installed: it judges our attributions"
captum = pytest.importorskip("captum.attr", reason=reason)
torch = pytest.importorskip("torch", reason="PyTorch is not installed: Captum runs on it")

CLASS = 3


def lively(name: str) -> Network:
    """A network of the zoo for 10 classes whose batch norms have seen something, and which no longer says one class."""
    net, random = NETWORKS[name](classes=10), np.random.default_rng(1)
    for weight, array in net.weights.copy().items():
        if weight.endswith("running_mean"):
            net.weights[weight] = 0.1 * random.standard_normal(array.shape)
        elif weight.endswith("running_var"):
            net.weights[weight] = 0.5 + random.random(array.shape)
    return net


CASES = {name: lively(name) for name in ("resnet20", "lenet5")}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Trace, Any, Any]:
    """A trace, and the same network and image in PyTorch."""
    net = CASES[request.param]
    image = np.random.default_rng(0).standard_normal(net.inputs[0].shape).astype(np.float32)
    module = net.to_torch()
    return net.trace(image), module, torch.from_numpy(image[None]).requires_grad_()


def agree(found: Attribution, theirs: Any, shape: tuple[int, ...]) -> None:
    """Assert that two attributions are the same but for float32's rounding: that of the score, where it is larger."""
    right = theirs.detach().numpy().reshape(shape)
    scale = float(np.abs(right).max())
    assert scale > 0
    np.testing.assert_allclose(found.values, right, rtol=0, atol=2e-5 * max(scale, abs(found.score)))


def test_gradient(case: tuple[Trace, Any, Any]) -> None:
    """The gradient, signed, is Captum's saliency without absolute values."""
    trace, module, x = case
    theirs = captum.Saliency(module).attribute(x, target=CLASS, abs=False)
    agree(trace.attribute("gradient", CLASS), theirs, x.shape[1:])


def test_gradient_times_input(case: tuple[Trace, Any, Any]) -> None:
    """So is its product with the image."""
    trace, module, x = case
    agree(
        trace.attribute("gradient x input", CLASS),
        captum.InputXGradient(module).attribute(x, target=CLASS),
        x.shape[1:],
    )


def test_integrated_gradients(case: tuple[Trace, Any, Any]) -> None:
    """With as many steps and the same baseline, values and what they miss are the same."""
    trace, module, x = case
    baseline = torch.full_like(x, 0.25)
    theirs, missed = captum.IntegratedGradients(module).attribute(
        x, baseline, target=CLASS, n_steps=12, method="gausslegendre", return_convergence_delta=True
    )
    found = trace.attribute("integrated gradients", CLASS, steps=12, baseline=0.25)
    agree(found, theirs, x.shape[1:])
    assert found.error == pytest.approx(float(missed), abs=1e-4)


@pytest.mark.parametrize(("size", "stride"), [((9, 7), (7, 6)), ((16, 16), (16, 16))])
def test_occlusion(case: tuple[Trace, Any, Any], size: tuple[int, int], stride: tuple[int, int]) -> None:
    """Patches cut off at the edges, and pixels in several patches, count the same; Captum has one map a channel."""
    trace, module, x = case
    channels = x.shape[1]
    theirs = captum.Occlusion(module).attribute(
        x, (channels, *size), strides=(channels, *stride), target=CLASS, baselines=0.25, perturbations_per_eval=16
    )
    found = trace.attribute("occlusion", CLASS, size=size, stride=stride, baseline=0.25)
    agree(found, theirs[0, 0], x.shape[2:])


def test_grad_cam(case: tuple[Trace, Any, Any]) -> None:
    """The layer's own map is the same, before it is resized."""
    trace, module, x = case
    found = trace.attribute("grad-cam", CLASS)
    layer = module.get_submodule(found.layer)
    theirs = captum.LayerGradCam(module, layer).attribute(x, target=CLASS, relu_attributions=True)
    agree(found, theirs, found.values.shape)

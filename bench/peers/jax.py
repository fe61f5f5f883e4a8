"""JAX: one jitted function of weights and images, maps (H, W, C)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pellucid import Network
from pellucid.wiring import name_of

from ..foreign import foreign
from ..graph import Step, channels_last, margin, steps
from ..ready import Ready
from ..works import MOMENTUM, RATE, Work

Weights = Mapping[str, Mapping[str, Any]]


class Jax:
    """JAX on XLA's CPU backend; it has as many threads as the process has cores."""

    def __init__(self, threads: int) -> None:
        os.environ["JAX_PLATFORMS"] = "cpu"

    def settings(self, work: Work) -> tuple[str, ...]:
        """Return the one way."""
        return ("jit",)

    def make(self, work: Work, setting: str) -> Ready:
        """Jit the forward pass, or a training step that takes and gives weights and velocities."""
        jax, jnp = foreign("jax"), foreign("jax.numpy")

        net = work.network()
        weights: Any = jax.tree.map(jnp.asarray, channels_last(net))
        images = jnp.asarray(work.images(net).transpose(0, 2, 3, 1))
        if not work.training:
            jitted = jax.jit(lambda w, x: forward(net, w, x))
            return Ready(lambda: jitted(weights, images).block_until_ready(), lambda: jitted(weights, images))
        labels = jnp.asarray(work.labels(net))

        def loss(w: Any, x: Any, y: Any) -> Any:
            scores = jax.nn.log_softmax(forward(net, w, x))
            return -jnp.take_along_axis(scores, y[:, None], axis=1).mean()

        def step(w: Any, velocity: Any, x: Any, y: Any) -> Any:
            lost, grads = jax.value_and_grad(loss)(w, x, y)
            velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g, velocity, grads)
            return lost, jax.tree.map(lambda p, v: p - RATE * v, w, velocity), velocity

        jitted_step = jax.jit(step, donate_argnums=(0, 1))
        state = [weights, jax.tree.map(jnp.zeros_like, weights)]

        def run() -> Any:
            lost, *state[:] = jitted_step(*state, images, labels)
            return jax.block_until_ready((lost, state))[0]

        return Ready.training(run)


def forward(net: Network, weights: Weights, images: Any) -> Any:
    """Return the outputs for images (N, H, W, C)."""
    values = {name_of(net.inputs[0]): images}
    for step in steps(net):
        values[step.name] = _apply(step, weights[step.name], *(values[name] for name in step.reads))
    return values[name_of(net.outputs[0])]


def _apply(step: Step, w: Mapping[str, Any], x: Any, *others: Any) -> Any:
    jax, lax = foreign("jax"), foreign("jax.lax")

    layer = step.layer
    match step.kind:
        case "Conv2d":
            y = lax.conv_general_dilated(
                x,
                w["weight"],
                layer.stride,
                [(side, side) for side in margin(layer)],
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
            )
            return y + w["bias"] if layer.bias else y
        case "Linear":
            return x @ w["weight"] + w["bias"]
        case "BatchNorm2d":
            scale = w["weight"] * lax.rsqrt(w["running_var"] + layer.eps)
            return x * scale + (w["bias"] - w["running_mean"] * scale)
        case "MaxPool2d":
            return _windows(layer, x, -float("inf"), lax.max)
        case "AvgPool2d":
            rows, columns = layer.kernel_size
            return _windows(layer, x, 0.0, lax.add) / (rows * columns)
        case "GlobalAvgPool2d":
            return x.mean((1, 2))
        case "ReLU":
            return jax.nn.relu(x)
        case "Tanh":
            return jax.numpy.tanh(x)
        case "Flatten":
            return x.reshape(len(x), -1)
        case "Add":
            return x + others[0]
        case "Identity":
            return x
        case _:
            raise NotImplementedError(step.kind)


def _windows(layer: Any, x: Any, start: float, reduce: Any) -> Any:
    lax = foreign("jax.lax")

    padding = [(0, 0), *((side, side) for side in margin(layer)), (0, 0)]
    stride = layer.stride or layer.kernel_size
    return lax.reduce_window(x, start, reduce, (1, *layer.kernel_size, 1), (1, *stride, 1), padding)


PEER = Jax

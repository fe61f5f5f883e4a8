"""Losses and optimizers in TensorFlow, by our formulas, so that states fit every engine. Unknown ones run in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..base import LossRule, OptimizerRule
from .framework import tf
from .made import Tensor, inward, outward


def losses(loss: LossRule, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return each sample's loss, (N,), for outputs as Keras has them and targets as we have them."""
    if loss.kind == "CrossEntropy" and not loss.config()["probabilities"]:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs)
    if loss.kind == "CrossEntropy":
        chosen = tf.gather(outputs, targets, axis=1, batch_dims=1)
        return -tf.math.log(tf.maximum(chosen, np.finfo(np.float32).tiny))
    if loss.kind == "MeanSquaredError":
        numbers = targets.dtype.is_integer and len(targets.shape) == 1 and len(outputs.shape) == 2
        wanted = tf.one_hot(targets, outputs.shape[1]) if numbers else tf.cast(targets, tf.float32)
        turned = tf.transpose(wanted, (0, 2, 3, 1)) if not numbers and len(wanted.shape) == 4 else wanted
        return tf.reduce_mean(tf.reshape((outputs - turned) ** 2, (tf.shape(outputs)[0], -1)), axis=1)
    return _defined(loss, outputs, targets)


def _defined(loss: LossRule, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the losses of a definition in NumPy, through which gradients flow by its own rule."""

    @tf.custom_gradient
    def through(y: Tensor) -> Any:
        def values(y: Any, t: Any) -> Any:
            return np.asarray(loss.values(inward(y), np.asarray(t)), np.float32)

        def slopes(y: Any, t: Any) -> Any:
            return outward(np.asarray(loss.gradient(inward(y), np.asarray(t)), np.float32))

        def back(grad: Tensor) -> Tensor:  # the mean's gradient in each loss is 1 / N, which `gradient` has in it
            found = tf.numpy_function(slopes, [y, targets], tf.float32)
            return tf.reshape(found, tf.shape(y)) * tf.cast(tf.shape(y)[0], tf.float32) * grad[0]

        found = tf.numpy_function(values, [y, targets], tf.float32)
        return tf.reshape(found, (tf.shape(y)[0],)), back

    return through(outputs)


def known(optimizer: OptimizerRule) -> bool:
    """Return whether the optimizer's formula is here."""
    return optimizer.kind in ("SGD", "Adam", "AdamW")


def update(
    optimizer: OptimizerRule, weight: Tensor, grad: Tensor, slots: Mapping[str, Tensor], numbers: Mapping[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return a weight and its slots after one step of Adam or AdamW; `numbers` are those that change."""
    said = optimizer.config()
    if optimizer.kind == "AdamW":
        weight = weight * numbers["kept"]
    elif said["weight_decay"]:
        grad = grad + said["weight_decay"] * weight
    first, second = said["betas"]
    mean = slots["mean"] + (1 - first) * (grad - slots["mean"])
    square = second * slots["square"] + (1 - second) * grad * grad
    deviation = tf.sqrt(square) / numbers["second"] + said["eps"]
    return weight - numbers["first"] * (mean / deviation), {"mean": mean, "square": square}


def applied(
    optimizer: OptimizerRule, variable: Any, slots: Mapping[str, Any], grad: Tensor, numbers: Mapping[str, Tensor]
) -> bool:
    """Move a variable in one pass by TensorFlow's own update, where it has one by our formula."""
    if optimizer.kind != "SGD":
        return False
    said, rate = optimizer.config(), numbers["rate"]
    grad = grad + said["weight_decay"] * variable if said["weight_decay"] else grad
    if said["momentum"]:
        tf.raw_ops.ResourceApplyMomentum(
            var=variable.handle,
            accum=slots["velocity"].handle,
            lr=rate,
            grad=grad,
            momentum=said["momentum"],
            use_nesterov=said["nesterov"],
        )
    else:
        tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=rate, delta=grad)
    return True


def numbers_of(optimizer: OptimizerRule, step: int, rate: float) -> dict[str, Any]:
    """Return the numbers of one step, computed in double precision as the definition's are."""
    said, numbers = optimizer.config(), {"rate": rate}
    if optimizer.kind != "SGD":
        first, second = said["betas"]
        numbers["first"] = rate / (1 - first ** (step + 1))
        numbers["second"] = (1 - second ** (step + 1)) ** 0.5
        numbers["kept"] = 1 - rate * said["weight_decay"]
    return {name: tf.constant(value, tf.float32) for name, value in numbers.items()}

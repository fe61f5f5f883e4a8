"""Keras on TensorFlow: compiled functions with and without XLA, and Keras's own train_on_batch."""

from __future__ import annotations

from typing import Any

from pellucid import Network
from pellucid.wiring import name_of

from ..foreign import foreign
from ..graph import Step, channels_last, margin, steps
from ..ready import Ready
from ..works import MOMENTUM, RATE, Work


class Keras:
    """Keras on TensorFlow's CPU kernels, oneDNN's among them."""

    def __init__(self, threads: int) -> None:
        tf = foreign("tensorflow")
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)

    def settings(self, work: Work) -> tuple[str, ...]:
        """Return what is compiled by whom."""
        functions = ("tf.function", "tf.function, XLA")
        return (*functions, "train_on_batch") if work.training else functions

    def make(self, work: Work, setting: str) -> Ready:
        """Build the model and its compiled function."""
        keras, tf = foreign("keras"), foreign("tensorflow")
        net = work.network()
        network = model(net)
        images = tf.constant(work.images(net).transpose(0, 2, 3, 1))
        xla = "XLA" in setting
        if not work.training:
            function = tf.function(lambda x: network(x, training=False), jit_compile=xla)
            forward = function.get_concrete_function(images)  # spares looking for the right one at every call
            return Ready(lambda: forward(images), lambda: forward(images).numpy())
        labels = tf.constant(work.labels(net))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        optimizer = keras.optimizers.SGD(RATE, momentum=MOMENTUM)
        if setting == "train_on_batch":
            network.compile(optimizer, loss)
            network_any: Any = network  # train_on_batch is told the running mean of the losses: reset it to compare

            def losses() -> Any:
                network_any.reset_metrics()
                return network_any.train_on_batch(images, labels)

            checked = Ready.training(losses)
            return Ready(lambda: network_any.train_on_batch(images, labels), checked.result)
        optimizer.build(network.trainable_variables)

        def step(x: Any, y: Any) -> Any:
            with tf.GradientTape() as tape:
                lost = loss(y, network(x, training=True))
            optimizer.apply(tape.gradient(lost, network.trainable_variables))
            return lost

        compiled = tf.function(step, jit_compile=xla)
        return Ready.training(lambda: compiled(images, labels))


def model(net: Network) -> Any:
    """Return the network as Keras's own model on maps (H, W, C), with the same weights."""
    keras = foreign("keras")
    channels, height, width = net.inputs[0].shape
    image = keras.Input((height, width, channels))
    values: dict[str, Any] = {name_of(net.inputs[0]): image}
    made = {step.name: _layers(step) for step in steps(net)}
    for step in steps(net):
        read = [values[name] for name in step.reads]
        x: Any = read if step.kind == "Add" else read[0]
        for layer in made[step.name]:
            x = layer(x)
        values[step.name] = x
    weights = channels_last(net)
    for name, layers in made.items():
        if layers and weights[name]:
            order = ("weight", "bias", "running_mean", "running_var")
            layers[-1].set_weights([weights[name][own] for own in order if own in weights[name]])
    return keras.Model(image, values[name_of(net.outputs[0])])


def _layers(step: Step) -> list[Any]:
    """Return Keras's layers for one of ours: padding is a layer before."""
    layers = foreign("keras.layers")
    layer = step.layer
    match step.kind:
        case "Conv2d":
            same = layer.stride == (1, 1) and margin(layer) == tuple(k // 2 for k in layer.kernel_size)
            before = [] if same or margin(layer) == (0, 0) else [layers.ZeroPadding2D(margin(layer))]
            padding = "same" if same else "valid"
            conv = layers.Conv2D(layer.out_channels, layer.kernel_size, layer.stride, padding, use_bias=layer.bias)
            return [*before, conv]
        case "Linear":
            return [layers.Dense(layer.out_features)]
        case "BatchNorm2d":
            return [layers.BatchNormalization(epsilon=layer.eps, momentum=1 - layer.momentum)]
        case "MaxPool2d":  # zeros as padding: in these networks what comes is never negative
            before = [] if margin(layer) == (0, 0) else [layers.ZeroPadding2D(margin(layer))]
            return [*before, layers.MaxPooling2D(layer.kernel_size, layer.stride)]
        case "AvgPool2d":
            return [layers.AveragePooling2D(layer.kernel_size, layer.stride)]
        case "GlobalAvgPool2d":
            return [layers.GlobalAveragePooling2D()]
        case "ReLU":
            return [layers.ReLU()]
        case "Tanh":
            return [layers.Activation("tanh")]
        case "Flatten":
            return [layers.Flatten()]
        case "Add":
            return [layers.Add()]
        case "Identity":
            return []
        case _:
            raise NotImplementedError(step.kind)


PEER = Keras

"""What Keras has no word for, as a program that uses it would define it: copied into programs from here."""

# pyright: basic

import keras
from keras import layers


@keras.saving.register_keras_serializable("pellucid")
class Scale(layers.Layer):
    """x * weight + bias, which vary along `axes`; the batch is axis 0."""

    def __init__(self, axes=(), scale=True, shift=True, **kwargs):
        super().__init__(**kwargs)
        self.axes, self.scale, self.shift = tuple(axes), scale, shift

    def build(self, shape):
        view = [size if axis in self.axes else 1 for axis, size in enumerate(shape)][1:]
        self.weight = self.add_weight(shape=view, initializer="ones", name="weight") if self.scale else None
        self.bias = self.add_weight(shape=view, initializer="zeros", name="bias") if self.shift else None

    def call(self, x):
        x = x if self.weight is None else x * self.weight
        return x if self.bias is None else x + self.bias

    def get_config(self):
        return {**super().get_config(), "axes": self.axes, "scale": self.scale, "shift": self.shift}

"""The dropout layer: in training numbers fall by chance, and those that stay are scaled by 1 / (1 - rate).

Run it:  python examples/article/dropout.py
It prints, among the rest:

    asked    [-1.19  1.13  0.89  0.81  0.37  0.56 -0.48 -0.3  -0.39  0.69]
    trained  [-2.38  0.    0.    1.62  0.    0.   -0.96 -0.6  -0.    1.39]
    stayed   [0, 3, 6, 7, 9]
    factor   2.0
    an average factor of 1.0
"""

import numpy as np

from pellucid import Network
from pellucid.layers import Dropout
from pellucid.layers.base import Run

given = np.array(
    [
        [-1.1899604, 1.1257381, 0.8904383, 0.812129, 0.36669895],
        [0.56058276, -0.48239076, -0.29940066, -0.39049834, 0.69480914],
    ],
    dtype=np.float32,
).reshape(1, 10)
layer = Dropout(0.5)

# A network that is asked drops nothing.
net = Network(10, [layer])
np.set_printoptions(precision=2, suppress=True)
print("asked   ", net.predict(given)[0])

# In training it does. Which numbers fall is a function of seed, step, layer and sample, so that a run can be repeated;
# sample 254 of seed 0 happens to fall as the article's Keras run did.
run = Run(training=True, seed=0, layer="dropout1", samples=np.array([254]))
factors = layer.factors((1, 10), run)[0]
print("trained ", layer.forward(given, w={}, run=run)[0])
print("stayed  ", np.flatnonzero(factors).tolist())
print("factor  ", factors.max())

# One number taken apart, the way training sees it.
number = layer.explain((3,), given, w={}, run=run)
print()
print(f"number 3: {number.formula} = {number.terms.value[0]:.6f} * {number.numbers['factor']} = {number.total:.6f}")

# The scale makes up for what fell: over many samples a number keeps its average.
many = layer.factors((10000, 10), Run(training=True, seed=0, layer="dropout1"))
print(f"an average factor of {many.mean():.1f}")

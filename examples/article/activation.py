"""The activation function: every unit by itself; ReLU keeps what is positive, Tanh squashes to -1..1.

Run it:  python examples/article/activation.py
It prints, among the rest:

    in    (-0.72591144 -0.35904017) (0.89689165 -1.9028585) (-0.4273774 0.08491676)
    ReLU  (0.0 0.0) (0.89689165 0.0) (0.0 0.08491676)
    18 units, 18 numbers read
    y = max(x, 0)
"""

import numpy as np

from pellucid import Network
from pellucid.layers import Conv2d, ReLU, Tanh

# The article's row of three places, two maps each, as Keras prints them: the channels last.
row = np.array([[[-0.72591144, -0.35904017], [0.89689165, -1.9028585], [-0.4273774, 0.08491676]]], dtype=np.float32)


print("in   ", *(f"({a!s} {b!s})" for a, b in row[0]))
for name, layer in [("ReLU", ReLU()), ("Tanh", Tanh())]:
    maps = Network((2, 1, 3), [layer]).predict(row, channels_last=True)[0]  # (maps, rows, columns)
    print(name, "", *(f"({a!s} {b!s})" for a, b in maps[:, 0].T))

# Behind a convolution with two maps of 3x3: a unit of the activation reads one unit of the convolution, its own.
net = Network((3, 5, 5), [Conv2d(2, 3), ReLU()])
trace = net.trace(np.random.default_rng(0).standard_normal((3, 5, 5)))
read = [trace.explain("relu1", place).terms.index[0].tolist() for place in np.ndindex(2, 3, 3)]
print()
print(f"{trace['relu1'].size} units, {len({tuple(place) for place in read})} numbers read")
print(trace.explain("relu1", (0, 1, 2)))

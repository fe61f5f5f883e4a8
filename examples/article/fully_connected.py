"""The fully connected layer, and the two ways from maps to the vector that it reads: flatten, or global pooling.

Run it:  python examples/article/fully_connected.py
It prints, among the rest:

    maps                    (1, 8, 7, 7)
    flatten                 (1, 392)
    global average pooling  (1, 8)
    a pool of the map's size gives the same 8 numbers: True
    passes unchanged from conv1[2,1,4]
    392 products and a bias
"""

import numpy as np

from pellucid import Network
from pellucid.layers import AvgPool2d, Conv2d, Flatten, GlobalAvgPool2d, Linear

image = np.random.default_rng(0).random((1, 3, 9, 9), dtype=np.float32)  # (batch, channels, height, width)

flattened = Network((3, 9, 9), [Conv2d(8, 3), Flatten(), Linear(10)])
pooled = Network((3, 9, 9), [Conv2d(8, 3), GlobalAvgPool2d()])
by_size = Network((3, 9, 9), [Conv2d(8, 3), AvgPool2d(7), Flatten()])  # PyTorch's way: a window as large as the map

trace = flattened.trace(image)
print("maps                   ", (1, *trace["conv1"].shape))
print("flatten                ", (1, *trace["flatten1"].shape))
print("global average pooling ", pooled.predict(image).shape)
same = np.allclose(pooled.predict(image), by_size.predict(image), rtol=1e-5)
print("a pool of the map's size gives the same 8 numbers:", same)

# Number 109 of the vector is 109 = 2 * 49 + 1 * 7 + 4: map 2, row 1, column 4.
print()
print(trace.explain("flatten1", (109,)))

# One unit of the fully connected layer weighs all of them; the ten that count most are listed.
unit = trace.explain("linear1", (4,))
print()
print(unit)
print(len(unit.terms), "products and a bias")

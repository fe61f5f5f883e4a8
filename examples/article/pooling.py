"""The pooling layer: window 2 and stride 2 over a 4x4 image, by the maximum and by the average.

Run it:  python examples/article/pooling.py
It prints, among the rest:

    maximum  [[5.0, 8.0], [12.0, 15.0]]
    average  [[3.0, 6.25], [9.5, 13.0]]
    the largest is at input[0,2,0]  = 12
    sum 38.0000 / 4 places  = 9.5
"""

import numpy as np

from pellucid import Network
from pellucid.layers import AvgPool2d, MaxPool2d

image = np.array(
    [
        [1, 2, 8, 7],
        [4, 5, 6, 4],
        [12, 11, 15, 14],
        [8, 7, 13, 10],
    ]
)[None]  # (channels, height, width)

maximum = Network((1, 4, 4), [MaxPool2d(2, stride=2)])
average = Network((1, 4, 4), [AvgPool2d(2, stride=2)])
print("maximum ", maximum.predict(image)[0, 0].tolist())
print("average ", average.predict(image)[0, 0].tolist())

# The window at the lower left, taken apart: a maximum has a winner, an average a divisor.
print()
print(maximum.trace(image).explain("pool1", (0, 1, 0)))
print()
print(average.trace(image).explain("pool1", (0, 1, 0)))

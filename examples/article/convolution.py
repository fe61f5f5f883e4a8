"""The convolutional layer: 5 kernels of 3x3 slide over an image of 28x28 with 3 channels.

Run it:  python examples/article/convolution.py
It prints, among the rest:

    PyTorch's shape  (1, 5, 26, 26)
    Keras's shape    (1, 26, 26, 5)
    27 products and a bias
    3 right and 2 down: maps of 13 rows and 9 columns
    (3, 2) copied as it stands: maps of 9 rows and 13 columns
"""

import numpy as np

from pellucid import Network, Pair
from pellucid.layers import Conv2d

image = np.random.default_rng(0).random((1, 3, 28, 28), dtype=np.float32)  # (batch, channels, height, width)
net = Network((3, 28, 28), [Conv2d(5, 3, stride=1, padding=0)])

maps = net.predict(image)
print("PyTorch's shape ", maps.shape)
print("Keras's shape   ", np.moveaxis(maps, 1, -1).shape)  # the channels last, the same numbers

# One number of map 2, at row 10 and column 12: where did it come from?
number = net.trace(image).explain("conv1", (2, 10, 12))
print()
print(number)
print(len(number.terms), "products and a bias")

# The article writes pairs as (right, down). PyTorch, Keras and Pellucid read a plain pair as (height, width).
print()
named = Conv2d(5, 3, stride=Pair(right=3, down=2))
_, rows, columns = named.output_shape((3, 28, 28))
print(f"3 right and 2 down: maps of {rows} rows and {columns} columns")
copied = Conv2d(5, 3, stride=(3, 2))
_, rows, columns = copied.output_shape((3, 28, 28))
print(f"(3, 2) copied as it stands: maps of {rows} rows and {columns} columns")

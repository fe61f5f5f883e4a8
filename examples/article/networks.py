"""Whole networks: LeNet-5 made of these blocks, and one of its scores followed back to the pixels.

Run it:  python examples/article/networks.py
It prints, among the rest:

    61,706 parameters, 416,520 MACs an image
    score 7 reads 84 numbers of tanh4
    the first of tanh4 reads 1 number of linear2
    it depends on all 28 rows and 28 columns of the image
    one number of pool1 depends on rows 6 to 11 and columns 8 to 13
"""

import numpy as np

from pellucid.zoo import lenet5

net = lenet5()
print(net.summary())

# From the end to the beginning: each number is a rule over numbers before it.
image = np.random.default_rng(0).random((1, 28, 28), dtype=np.float32)
trace = net.trace(image)
score = trace.explain("linear3", (7,))
print()
print(score)
print()
print(f"score {score.index[0]} reads {len(score.terms)} numbers of {score.inputs[0]}")
unit = trace.explain("tanh4", score.terms.index[0])
print(f"the first of tanh4 reads {len(unit.terms)} number of {unit.inputs[0]}")

# And straight to the pixels: the receptive field.
field = trace.receptive_field("linear3", (7,))
print(f"it depends on all {len(field.rows)} rows and {len(field.columns)} columns of the image")
field = trace.receptive_field("pool1", (2, 4, 5))
rows, columns = field.rows, field.columns
print(f"one number of pool1 depends on rows {rows[0]} to {rows[-1]} and columns {columns[0]} to {columns[-1]}")

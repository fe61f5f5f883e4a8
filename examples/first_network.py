"""The first minute: train a small network on real handwritten digits, and ask it why.

Run it:  python examples/first_network.py
It prints, among the rest:

    <Dataset 'digits': 1437 images (1, 8, 8), 10 classes>
    test accuracy above 94 %: True
    products and a bias
    the largest of them is the place relu2[
    exact
"""

import numpy as np

import pellucid
from pellucid import Network
from pellucid.layers import Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from pellucid.train import SGD

train, test = pellucid.data.load("digits")
print(train)

net = Network(
    (1, 8, 8),
    [
        *(Conv2d(8, 3, padding=1), ReLU(), MaxPool2d(2)),
        *(Conv2d(16, 3, padding=1), ReLU(), MaxPool2d(2)),
        *(Flatten(), Dropout(0.25), Linear(10)),
    ],
)
net.fit(train, test=test, epochs=12, batch_size=32, optimizer=SGD(0.05, momentum=0.9))
evaluation = net.evaluate(test)
print(f"test accuracy above 94 %: {evaluation.accuracy > 0.94}")

# Why does it say so? The score of its answer, taken apart.
sample = 17
trace = net.trace(test.images[sample])
answer = int(trace["linear1"].argmax())
score = trace.explain("linear1", (answer,))
print(f"\nimage {sample} shows a {test.classes[test.labels[sample]]}, and the network says {test.classes[answer]}")
print(f"its score is {len(score.terms)} products and a bias, {score.total:.3f} in all")

# The product that counted most, followed back through dropout, flatten and pool to a place of a feature map.
place = tuple(score.terms.index[np.argmax(score.terms.product)])
for name in ("dropout1", "flatten1", "pool2"):
    number = trace.explain(name, place)
    place = tuple(int(i) for i in number.terms.index[number.terms.used][0])
print(f"the largest of them is the place relu2[{','.join(map(str, place))}]")
field = trace.receptive_field("relu2", place)
print(f"which sees rows {field.rows.start} to {field.rows.stop - 1}, columns {field.columns.start} to", end=" ")
print(f"{field.columns.stop - 1} of the image: {field.status}")

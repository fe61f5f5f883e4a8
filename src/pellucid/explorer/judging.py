"""How well a version of the network does on the test data: its confusions, and its worst mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engines import Engine
from ..errors import DataError
from ..train import Dataset, evaluate
from .versions import Version

MOST = 2000  # test images that are looked at, evenly spread over all: more would not answer at once
MISTAKES = 12


def judged(version: Version, test: Dataset | None, engine: Engine) -> dict[str, Any]:
    """Return accuracy, loss, confusion matrix and the worst mistakes on the test data, as plain values.

    The worst mistake is the one that the network is surest of. Its number is that of the image in the test data.

    Args:
        version: what is judged.
        test: the test data, or None.
        engine: what runs the network.

    Raises:
        DataError: there is no test data, or it does not fit the network.
    """
    if test is None:
        raise DataError(
            "training",
            got="no data",
            expected="images with their classes",
            fix="start with them: pellucid explore MODEL --data DATA, or net.explore(data=(train, test))",
        )
    chosen = np.unique(np.linspace(0, len(test) - 1, min(MOST, len(test))).astype(np.int64))
    some = test if len(chosen) == len(test) else Dataset(test.images[chosen], test.labels[chosen], test.classes)
    found = evaluate(version.net, some, engine=engine)
    sure = found.probabilities.max(axis=1)
    wrong = np.flatnonzero(found.predicted != some.labels)
    worst = wrong[np.argsort(-np.nan_to_num(sure[wrong]), kind="stable")][:MISTAKES]
    return {
        "version": version.number,
        "of": len(some),
        "in_all": len(test),
        "accuracy": found.accuracy,
        "loss": found.loss if np.isfinite(found.loss) else None,
        "classes": list(test.classes),
        "confusion": found.confusion.tolist(),
        "mistakes": [
            {
                "number": int(chosen[at]),
                "label": int(some.labels[at]),
                "predicted": int(found.predicted[at]),
                "sure": float(np.nan_to_num(sure[at])),
            }
            for at in worst
        ],
    }

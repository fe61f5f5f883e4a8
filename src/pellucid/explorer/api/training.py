"""Training while the page looks on, and how well the network does: what is told of it, and what is done."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import unknown_name
from ..answering import Answer, Door, Protection, Query, told
from ..judging import judged
from ..session import Session
from ..training import OPTIMIZERS, SCHEDULES, Settings
from .checks import bad, json_of, whole

MOST_EPOCHS = 1000
SLOWEST = 5.0  # seconds between epochs
MOST_IMAGES = 64  # of the test data, sent at once


def doors(session: Session) -> list[Door]:
    """Return what trains the network of `session`, and what is told of it."""
    training = _Training(session)
    return [
        Door("/api/training", "GET", training.told, Protection.TOKEN),
        Door("/api/train", "POST", training.train, Protection.TOKEN),
        Door("/api/judged", "GET", training.judged, Protection.TOKEN),
        Door("/api/images", "GET", training.images, Protection.TOKEN),
    ]


class _Training:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._judged: dict[str, Any] = {"version": None}  # of the last version that was asked about

    def told(self, query: Query) -> Answer:
        """Answer where the training is, and with the points of its curves from number `since` on."""
        since = whole("since", query.params.get("since", "0"))
        studio = self._session.studio
        training, version = studio.training, studio.version
        common: dict[str, Any] = {"version": version.number, "structure": version.structure}
        if studio.data is None:
            return told({**common, "state": "no data", "training": 0, "from": 0, "points": []})
        train, test = studio.data
        common |= {"data": train.name, "train": len(train), "test": len(test)}
        common |= {"optimizers": list(OPTIMIZERS), "schedules": list(SCHEDULES)}
        if training is None:
            return told({**common, "state": "ready", "training": 0, "from": 0, "points": []})
        failed = training.problem
        state = training.state  # before the points: what is over has no more of them
        points = training.points[since:]
        return told(
            {
                **common,
                "state": state,
                "training": training.number,
                "epochs": training.settings.epochs,
                "from": since,
                "points": points,
                "problem": None if failed is None else f"got {failed.got}; expected {failed.expected}. {failed.fix}.",
            }
        )

    def train(self, query: Query) -> Answer:
        """Begin, stop or continue."""
        wanted = json_of(query)
        studio = self._session.studio
        deeds = {"start": lambda: studio.train(_settings(wanted)), "stop": studio.stop, "continue": studio.go_on}
        do = str(wanted.get("do"))
        if do not in deeds:
            raise unknown_name("deed", do, deeds)
        deeds[do]()
        return self.told(Query({}))

    def judged(self, query: Query) -> Answer:
        """Answer how well the version that is shown does on the test data."""
        studio = self._session.studio
        version = studio.version
        if self._judged["version"] != version.number:
            self._judged = judged(version, studio.data[1] if studio.data else None, studio.engine)
        first = self._session.first_test
        return told({**self._judged, "first": first})

    def images(self, query: Query) -> Answer:
        """Answer with images of those to choose from, as float32, one after another."""
        numbers = [whole("numbers", text) for text in query.params.get("numbers", "").split(",")]
        if len(numbers) > MOST_IMAGES:
            raise bad("numbers", f"{len(numbers)} images", f"at most {MOST_IMAGES}", "ask for fewer")
        images = [self._session.image(number)[0] for number in numbers]
        return Answer(np.ascontiguousarray(np.stack(images), "<f4").tobytes(), "application/octet-stream")


def _settings(wanted: dict[str, Any]) -> Settings:
    """Return how to train, from JSON; what is left out is as usual."""
    usual = Settings()
    optimizer, schedule = (str(wanted.get(name, getattr(usual, name))) for name in ("optimizer", "schedule"))
    if optimizer not in OPTIMIZERS:
        raise unknown_name("optimizer", optimizer, OPTIMIZERS)
    if schedule not in SCHEDULES:
        raise unknown_name("schedule", schedule, SCHEDULES)
    anew = wanted.get("anew", False)
    if not isinstance(anew, bool):
        raise bad("anew", repr(anew), "true or false", "give one of them")
    return Settings(
        epochs=_within("epochs", wanted.get("epochs", usual.epochs), MOST_EPOCHS),
        batch_size=_within("batch_size", wanted.get("batch_size", usual.batch_size), 1 << 16),
        rate=_number("rate", wanted.get("rate", usual.rate), 1e6),
        optimizer=optimizer,
        schedule=schedule,
        seed=whole("seed", wanted.get("seed", usual.seed)),
        anew=anew,
        pace=_number("pace", wanted.get("pace", usual.pace), SLOWEST),
    )


def _within(what: str, value: object, most: int) -> int:
    number = whole(what, value)
    if not 1 <= number <= most:
        raise bad(what, number, f"1 to {most}", "give a number in that range")
    return number


def _number(what: str, value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
        raise bad(what, repr(value), f"a number from 0 to {most:g}", "give one in that range")
    return float(value)

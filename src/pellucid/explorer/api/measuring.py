"""How long each layer takes, measured when it is asked for."""

from __future__ import annotations

from ..answering import Answer, Door, Protection, Query, told
from ..session import Session
from ..timing import ROUNDS, layer_seconds


def doors(session: Session) -> list[Door]:
    """Return what measures the network of `session`."""
    return [Door("/api/times", "GET", _Measuring(session).times, Protection.TOKEN)]


class _Measuring:
    def __init__(self, session: Session) -> None:
        self._session = session

    def times(self, query: Query) -> Answer:
        made = self._session.run(query.params.get("run", ""))
        seconds = layer_seconds(made.trace, self._session.engine)
        return told(
            {
                "milliseconds": {name: 1000 * value for name, value in seconds.items()},
                "how": f"Each layer alone, engine {self._session.engine.name}, the median of up to {ROUNDS} runs on "
                "this image. The whole network takes less where the engine runs layers in one step.",
            }
        )

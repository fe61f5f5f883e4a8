"""What the page can ask for: every topic's doors, joined. What stands in no topic's file is not answered."""

from __future__ import annotations

from ..answering import Door
from ..session import Session
from . import bringing, changing, code, compare, excites, measuring, reading, training, why

TOPICS = (reading, code, compare, changing, training, bringing, measuring, why, excites)


def doors(session: Session) -> list[Door]:
    """Return everything that can be asked about `session`."""
    return [door for topic in TOPICS for door in topic.doors(session)]

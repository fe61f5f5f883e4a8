"""What the page can ask for: every topic's doors, joined. What stands in no topic's file is not answered."""

from __future__ import annotations

from ..answering import Door
from ..session import Session
from . import bringing, changing, code, measuring, reading, training

TOPICS = (reading, code, changing, training, bringing, measuring)
from . import bringing, changing, code, compare, reading, training


def doors(session: Session) -> list[Door]:
    """Return everything that can be asked about `session`."""
    return [door for topic in TOPICS for door in topic.doors(session)]
    return [
        *reading.doors(session),
        *code.doors(session),
        *compare.doors(session),
        *changing.doors(session),
        *training.doors(session),
        *bringing.doors(session),
    ]

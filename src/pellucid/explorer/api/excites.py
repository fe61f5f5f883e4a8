"""What excites a channel: the images where its values are largest, cut out, and the way to each of them."""

from __future__ import annotations

from typing import Any

from ...atlas import cutout
from ...errors import ShapeError
from ...explain import Excitation, facts
from .. import facts as session_facts
from ..answering import Answer, Door, Protection, Query, told
from ..exciting import Exciting
from ..session import Session
from .checks import json_of, whole


def doors(session: Session) -> list[Door]:
    """Return what can be asked about what excites the network of `session`."""
    excites = _Excites(session)
    return [
        Door("/api/excites", "GET", excites.channel, Protection.TOKEN),
        Door("/api/excites/run", "POST", excites.run, Protection.TOKEN),
    ]


class _Excites:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._exciting = Exciting(session)

    def channel(self, query: Query) -> Answer:
        """Answer with the images that excite one channel of a layer most."""
        over = query.params.get("over", "samples")
        searched = self._exciting.layer(over, whole("layer", query.params.get("layer")))
        channel = whole("channel", query.params.get("channel"))
        channels = searched.layer.channels
        if channel >= len(channels):
            raise ShapeError(
                f"layer {searched.layer.layer!r}",
                got=f"channel {channel}",
                expected=f"0 to {len(channels) - 1}",
                fix="ask for a channel that is there",
            )
        inputs = [str(node.name) for node in searched.version.net.inputs]
        source = inputs.index(searched.layer.source)
        return told(
            {
                "layer": searched.layer.layer,
                "channel": channel,
                "over": over,
                "groups": self._exciting.groups,
                "images": searched.images,
                "found": [self._one(over, source, one) for one in channels[channel]],
            }
        )

    def run(self, query: Query) -> Answer:
        """Run the network on an image of the training data."""
        number = whole("training", json_of(query).get("training"))
        made = self._session.bring("training", self._exciting.image("training", number))
        return told(session_facts.run(self._session, made))

    def _one(self, over: str, source: int, one: Excitation) -> dict[str, Any]:
        """Return an image with its receptive field, the whole of it and the part, as pictures."""
        image = self._exciting.image(over, one.image)[source]
        height, width = ([1, 1, *image.shape])[-2:]
        label = self._exciting.label(over, one.image)
        classes = self._session.classes
        return {
            **facts.excitation(one),
            "class": None if label is None else classes[label] if label < len(classes) else str(label),
            "size": [height, width],
            "whole": cutout(image, range(height), range(width)),
            "part": cutout(image, one.rows, one.columns),
        }

"""What the page asks for: each request becomes checked numbers, a call of the session, and JSON or raw float32."""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..errors import DataError, ShapeError, UnknownNameError
from . import facts
from .assets import Asset
from .drawing import Bitmap
from .routes import Door, Protection
from .session import Session

LARGEST_MAPS = 8 << 20  # numbers sent in one answer: 32 MiB
LARGEST_DRAWING = 512  # rows and columns


def doors(session: Session, assets: dict[str, Asset]) -> list[Door]:
    """Return everything that the explorer of `session` answers."""
    api = _Api(session, assets)
    return [
        Door("/", "GET", api.page, Protection.TOKEN),
        Door("/static/{name:path}", "GET", api.asset, Protection.TOKEN),
        Door("/api/network", "GET", api.network, Protection.TOKEN),
        Door("/api/run", "POST", api.run, Protection.TOKEN),
        Door("/api/maps", "GET", api.maps, Protection.TOKEN),
        Door("/api/explain", "GET", api.explain, Protection.TOKEN),
        Door("/api/field", "GET", api.field, Protection.TOKEN),
    ]


class _Api:
    def __init__(self, session: Session, assets: dict[str, Asset]) -> None:
        self._session = session
        self._assets = assets
        self._network = json.dumps(facts.network(session)).encode()

    async def page(self, request: Request) -> Response:
        return _file(self._assets["index.html"])

    async def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._assets:
            raise UnknownNameError(
                "explorer", got="a file that is not there", expected="a file of the page", fix="reload"
            )
        return _file(self._assets[name])

    async def network(self, request: Request) -> Response:
        return Response(self._network, media_type="application/json")

    async def run(self, request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(self._run, request.headers.get("content-type", ""), body)

    def _run(self, media_type: str, body: bytes) -> Response:
        wanted = _json(media_type, body)
        if isinstance(wanted.get("drawing"), dict):
            made = self._session.run_drawing(_bitmap(wanted["drawing"]))
        else:
            made = self._session.run_sample(_whole("sample", wanted.get("sample")))
        return JSONResponse(facts.run(self._session, made))

    def maps(self, request: Request) -> Response:
        """Answer with channels of layers, one after another; each part is written layer:first:count."""
        made = self._session.run(request.query_params.get("run", ""))
        parts: list[bytes] = []
        total = 0
        for part in request.query_params.get("parts", "").split(","):
            numbers = [_whole("part", text) for text in part.split(":")]
            if len(numbers) != 3:
                raise _bad("parts", part, "layer:first channel:channels", "write for instance 1:0:16")
            node = self._session.node(numbers[0])
            first, count = numbers[1:]
            if not 0 <= first < first + count <= node.shape[0]:
                raise ShapeError(
                    f"layer {node.name!r}",
                    got=f"channels {first} to {first + count - 1}",
                    expected=f"0 to {node.shape[0] - 1}",
                    fix="ask for channels that are there",
                )
            total += count * math.prod(node.shape[1:])
            if total > LARGEST_MAPS:
                raise _bad("parts", f"{total} numbers", f"at most {LARGEST_MAPS} at once", "ask for fewer channels")
            values = made.trace[str(node.name)][first : first + count]
            parts.append(np.ascontiguousarray(values, "<f4").tobytes())
        return Response(b"".join(parts), media_type="application/octet-stream")

    def explain(self, request: Request) -> Response:
        made = self._session.run(request.query_params.get("run", ""))
        name, index = self._place(request)
        return JSONResponse(facts.number(self._session, made, name, index))

    def field(self, request: Request) -> Response:
        made = self._session.run(request.query_params.get("run", ""))
        name, index = self._place(request)
        return JSONResponse(facts.field(self._session, made, name, index))

    def _place(self, request: Request) -> tuple[str, tuple[int, ...]]:
        node = self._session.node(_whole("layer", request.query_params.get("layer")))
        index = tuple(_whole("index", text) for text in request.query_params.get("index", "").split(","))
        return str(node.name), index


def _file(asset: Asset) -> Response:
    return Response(asset.content, headers={"content-type": asset.media_type})


def _bad(what: str, got: object, expected: str, fix: str) -> DataError:
    shown = str(got)
    return DataError(
        f"explorer, {what}", got=shown if len(shown) <= 60 else shown[:57] + "...", expected=expected, fix=fix
    )


def _whole(what: str, value: object) -> int:
    """Return a whole number of at most nine digits from a query or from JSON."""
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not text.isascii() or not text.isdigit():
        raise _bad(what, repr(value), "a whole number, 0 or more", "give one")
    if len(text) > 9:
        raise _bad(what, text, "a whole number of at most nine digits", "give a smaller one")
    return int(text)


def _json(media_type: str, body: bytes) -> dict[str, Any]:
    if media_type.split(";")[0].strip().lower() != "application/json":
        raise _bad("content type", media_type or "none", "application/json", "send JSON, and say so")
    try:
        wanted = json.loads(body)
    except (ValueError, RecursionError):
        raise _bad("body", f"{len(body)} bytes", "a JSON object", "send JSON") from None
    if not isinstance(wanted, dict):
        raise _bad("body", type(wanted).__name__, 'an object, {"sample": 0} or {"drawing": ...}', "send an object")
    return wanted  # pyright: ignore[reportUnknownVariableType]


def _bitmap(drawing: dict[str, Any]) -> Bitmap:
    """Return a drawing as (height, width) of 0 to 1, from bytes in base64, row by row."""
    width, height = (_whole(side, drawing.get(side)) for side in ("width", "height"))
    try:
        ink = base64.b64decode(str(drawing.get("pixels", "")), validate=True)
    except binascii.Error:
        ink = b""
    if not 1 <= min(width, height) <= max(width, height) <= LARGEST_DRAWING or len(ink) != width * height:
        raise _bad(
            "drawing",
            f"{width} x {height} with {len(ink)} pixels",
            f"a byte in base64 for each of at most {LARGEST_DRAWING} x {LARGEST_DRAWING} pixels",
            "draw on the page's own pad",
        )
    return np.frombuffer(ink, np.uint8).reshape(height, width).astype(np.float32) / np.float32(255)

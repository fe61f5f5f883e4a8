"""The doors of the explorer as an application that a server can run. What declares no protection is not served."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..errors import ExplorerError, PellucidError
from .answering import Answer, Door, Protection, Query, refusal, refused


def application(doors: Sequence[Door]) -> Starlette:
    """Return the application that answers exactly these doors.

    Raises:
        ExplorerError: a door does not declare its protection, or a method that we do not have.
    """
    for door in doors:
        if not isinstance(door.protection, Protection):
            raise ExplorerError(
                f"route {door.method} {door.path}",
                got="no declared protection",
                expected="one of " + ", ".join(str(one) for one in Protection),
                fix="declare it in the table of routes",
            )
        if door.method not in ("GET", "POST"):
            raise ExplorerError(
                f"route {door.method} {door.path}",
                got=f"method {door.method}",
                expected="GET, which changes nothing, or POST",
                fix="use one of these",
            )
    app = Starlette(
        routes=[Route(door.path, _endpoint(door), methods=[door.method]) for door in doors],
        exception_handlers={PellucidError: _refused, MemoryError: _refused, HTTPException: _not_here},
    )
    app.router.redirect_slashes = False  # an answer repeats nothing of the address
    return app


def _endpoint(door: Door) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        params = {**request.query_params, **request.path_params}
        query = Query(params, request.headers.get("content-type", ""), await request.body())
        # What runs long is left behind when the explorer ends: Ctrl-C waits for nobody's answer.
        return _response(200, await anyio.to_thread.run_sync(door.handler, query, abandon_on_cancel=True))

    return endpoint


def _response(status: int, answer: Answer) -> Response:
    return Response(answer.content, status, {"content-type": answer.media_type})


def _refused(request: Request, error: Exception) -> Response:
    return _response(*refusal(error))


def _not_here(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _response(
        *refused(error.status_code, "explorer", "a request that is not known", "an address of this page", "reload it")
    )

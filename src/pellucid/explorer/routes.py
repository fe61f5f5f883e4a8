"""The table of everything that the explorer answers. What is not declared here, protection included, is not served."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..errors import ExplorerError, PellucidError, UnknownNameError

Handler = Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]


class Protection(Enum):
    """What a request must have to be answered."""

    TOKEN = "token"  # the cookie that the printed address gives


@dataclass(frozen=True)
class Door:
    """One thing that is answered.

    Args:
        path: its path, with parameters in braces.
        method: "GET", which changes nothing, or "POST".
        handler: what answers.
        protection: what a request must have.
    """

    path: str
    method: str
    handler: Handler
    protection: Protection | None = None


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
        routes=[Route(door.path, door.handler, methods=[door.method]) for door in doors],
        exception_handlers={PellucidError: _refused, HTTPException: _not_here, MemoryError: _too_large},
    )
    app.router.redirect_slashes = False  # an answer repeats nothing of the address
    return app


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, PellucidError)
    status = 404 if isinstance(error, UnknownNameError) else 400
    return _told(status, error.where, error.got, error.expected, error.fix)


def _not_here(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _told(error.status_code, "explorer", "a request that is not known", "an address of this page", "reload it")


def _too_large(request: Request, error: Exception) -> Response:
    got = str(error) or "no memory left"
    return _told(507, "explorer", got, "a run that fits the memory", "explore a smaller network, or close programs")


def _told(status: int, where: str, got: str, expected: str, fix: str) -> Response:
    said = {"where": where, "got": got, "expected": expected, "fix": fix}
    return JSONResponse({"error": said}, status_code=status)

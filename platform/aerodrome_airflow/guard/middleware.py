"""ASGI middleware before the API server's routes; it acts on `/execution` alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aerodrome_airflow.guard import paths, routes
from aerodrome_airflow.guard.callers import Callers
from aerodrome_airflow.guard.rules import Call, owned

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)
_VERSION = "airflow-api-version"


class Refused(Exception):
    """The request ends here, with *status* and a reason."""

    def __init__(self, reason: str, status: int = 403) -> None:
        super().__init__(reason)
        self.status = status


class ExecutionGuard:
    """Lets a task reach things of its own tenant, and refuses each route that it does not know."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._callers = Callers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a refusal."""
        if scope["type"] not in {"http", "websocket"} or not paths.is_execution(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._guarded(scope, receive, send)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        from fastapi import HTTPException
        from starlette.responses import JSONResponse

        try:
            receive = await self._checked(scope, receive)
        except Refused as refused:
            detail: Any = _detail(str(refused), refused.status)
            # %r keeps control characters of a path out of the log.
            log.warning("refused %s %.200r: %s", scope["method"], scope["path"], refused)
            await JSONResponse({"detail": detail}, refused.status)(scope, receive, send)
        except HTTPException as problem:
            await JSONResponse({"detail": problem.detail}, problem.status_code)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        """Return where to read the body from; Refused or HTTPException where the request must not pass."""
        from starlette.requests import Request

        route, in_path = _route(scope)
        request = Request(scope)
        execution = _execution(scope)
        _check_headers(request)
        if route.key in routes.OPEN:
            return receive
        caller = await self._callers.find(request, execution)
        if reason := routes.too_late(caller, route.key):
            raise Refused(reason)
        if route.key in routes.LOOKUPS and owned(caller.tenant, next(iter(in_path.values()))):
            raise Refused("not stored here", 404)
        if reason := route.rule(Call(caller, in_path, request.query_params)):
            raise Refused(reason)
        if route.key not in (routes.REPORT, routes.START):
            return receive
        return await self._report(caller, route, receive)

    async def _report(self, caller: Any, route: routes.Route, receive: Receive) -> Receive:
        from aerodrome_airflow.guard.bodies import refusal, start_refusal

        body = await _body(receive)
        judge = refusal if route.key == routes.REPORT else start_refusal
        if reason := judge(caller, body):
            raise Refused(reason)
        return _again(body, receive)


def _route(scope: Scope) -> tuple[routes.Route, Mapping[str, str]]:
    path = paths.plain(scope)
    found = routes.find(scope["method"], path) if path else None
    if found is None:
        raise Refused("the route is not known here")
    return found


def _execution(scope: Scope) -> Any:
    """Return Airflow's own application below `/execution`."""
    from starlette.routing import Mount

    for route in scope["app"].routes:
        if isinstance(route, Mount) and route.path == paths.PREFIX:
            return route.app
    raise Refused("there is no execution API here")


def _check_headers(request: Request) -> None:
    """Refuse headers that are there twice, and versions of the API that Airflow does not have."""
    if len(request.headers.getlist("authorization")) > 1:
        raise Refused("it has several tokens")
    given = request.headers.getlist(_VERSION)
    if len(given) > 1 or (given and given[0] not in _versions()):
        raise Refused("the version of the API is not known here")


def _versions() -> frozenset[str]:
    from airflow.api_fastapi.execution_api.versions import bundle

    return frozenset(str(version.value) for version in bundle.versions)


async def _body(receive: Receive) -> bytes:
    """Return the whole body; Refused with 413 where it is longer than any report."""
    from aerodrome_airflow.guard.bodies import LARGEST

    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Refused("the connection was closed", 400)
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > LARGEST:
            raise Refused("the report is too long", 413)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a source that gives *body* once and then what *receive* gives."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def source() -> Message:
        return left.pop() if left else await receive()

    return source


def _detail(reason: str, status: int) -> dict[str, str]:
    return {"reason": "not_found" if status == 404 else "access_denied", "message": reason}

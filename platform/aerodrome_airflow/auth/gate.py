"""Before the API server's routes: members of tenants pass on known routes, and their requests see their rows only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from jwt import InvalidTokenError
from starlette.requests import Request
from starlette.routing import Match, Mount

from aerodrome_airflow.auth import routes, rows
from aerodrome_airflow.auth.people import NOBODY, Person, person, tenant_of, tenant_of_pool
from aerodrome_airflow.auth.routes import Decision

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_BEARER = HTTPBearer(auto_error=False)
_OWNERS: Mapping[str, Callable[[str | None], str | None]] = {
    "dag_id": tenant_of,
    "connection_id": tenant_of,
    "variable_key": tenant_of,
    "pool_name": tenant_of_pool,
}
# In Airflow's paths: the DAGs, runs or tasks that the person may see.
WILDCARD = "~"


class TenantGate:
    """ASGI middleware of the API server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403, or let the request pass, confined to the tenants of its person."""
        if scope["type"] == "websocket":
            # Airflow has none; one of a plugin would be a route that nobody has decided about.
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        route, child = _matched(scope, scope["app"].routes)
        if isinstance(route, Mount) and _is_open(route, {**scope, **child}):
            await self.app(scope, receive, send)
            return
        who = await _person(Request(scope))
        if not who.confined:
            await self.app(scope, receive, send)
        elif who.rights and (reason := _refusal(who, scope["method"], route, child.get("path_params", {}))):
            await JSONResponse({"detail": reason}, 403)(scope, receive, send)
        else:
            # Without a valid token there is no right at all, and Airflow itself asks for a login.
            with rows.confined(who.tenants):
                await self.app(scope, receive, send)


def _matched(scope: Scope, found: Iterable[Any]) -> tuple[Any, Mapping[str, Any]]:
    """Return which of the routes *found* Airflow's own router will take, and what that one adds to *scope*."""
    for route in found:
        match, child = route.matches(scope)
        if match is Match.FULL:
            return route, child
    return None, {}


def _is_open(mount: Mount, scope: Scope) -> bool:
    """Return whether members of tenants may ask the mounted application for what it will take in *scope*."""
    return routes.decide_below(mount.path, lambda: _template(mount, scope)) is Decision.OPEN


def _template(mount: Mount, scope: Scope) -> str:
    route, _ = _matched(scope, mount.routes)
    return str(getattr(route, "path", ""))


async def _person(request: Request) -> Person:
    """Return whose request it is, by the credential that Airflow itself takes; NOBODY where it is not valid."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN

    bearer = await _BEARER(request)
    token = bearer.credentials if bearer else request.cookies.get(COOKIE_NAME_JWT_TOKEN)
    if not token:
        return NOBODY
    try:
        return person(await get_auth_manager().get_user_from_token(token))  # type: ignore[arg-type]
    except InvalidTokenError:
        return NOBODY


def _refusal(who: Person, method: str, route: Any, parameters: Mapping[str, Any]) -> str:
    """Return why a member of a tenant may not go on, or an empty text."""
    if route is None:
        # Airflow answers 404, 405 or a redirect: nothing of anybody.
        return ""
    decision = routes.decide(method, str(getattr(route, "path", "")))
    if decision is Decision.CLOSED:
        return "not open to members of tenants"
    if decision in {Decision.DAG, Decision.NAMED} and not _owns(who, parameters):
        return "not of your tenant"
    return ""


def _owns(who: Person, parameters: Mapping[str, Any]) -> bool:
    named = [(owner, parameters[name]) for name, owner in _OWNERS.items() if name in parameters]
    return bool(named) and all(value == WILDCARD or who.may_see(owner(value)) for owner, value in named)

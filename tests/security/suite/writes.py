"""Requests of every route that changes something, made from the server's own description of them (schemathesis)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import schemathesis
import served
from hypothesis import HealthCheck, Phase, given, settings
from suite.place import VICTIM, Api, Place

EXAMPLES = 2
PATIENCE = 5
_METHODS = ("post", "put", "patch", "delete")
# They end the session or open one.
_LEFT_OUT = ("/auth/login", "/auth/logout")


@dataclass(frozen=True)
class Request:
    """One generated request; its path has the API's own words for ids."""

    method: str
    path: str
    query: dict[str, Any]
    body: Any


def requests(place: Place) -> Iterator[Request]:
    """Yield requests for each route that is described, the same in every run."""
    server = place.served.defended
    document = server.ask("boss", "GET", "/openapi.json").raise_for_status().json()
    described = schemathesis.openapi.from_dict(document).get_all_operations()
    for operation in sorted((found.ok() for found in described), key=_may_take_forever):
        if operation.method in _METHODS and not operation.path.endswith(_LEFT_OUT):
            yield from _examples(operation)


def _may_take_forever(operation: Any) -> bool:
    """Return whether Airflow may be at one request for minutes, in which it answers no other: they come last."""
    return "/backfills" in operation.path


def _examples(operation: Any) -> Iterator[Request]:
    made: list[Request] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def draw(case: Any) -> None:
        body = case.body if isinstance(case.body, dict | list | str | int | bool | None) else None
        made.append(Request(case.method, operation.path, dict(case.query or {}), body))

    draw()
    yield from made


def sent(place: Place, request: Request) -> int:
    """Return the status of the answer to *request* about the victim's things, in path and body."""
    things = place.served.things[VICTIM]
    names = {
        "dag_id": things["dag_id"],
        "dag_run_id": things["run_id"],
        "run_id": things["run_id"],
        "task_id": things["task_id"],
        "asset_id": things["asset"],
        "connection_id": f"{VICTIM}.db",
        "key": f"{VICTIM}.limit",
        "pool": VICTIM,
        "name": VICTIM,
    }
    body = {} if request.body is None else {"json": _about(request.body, names)}
    path = place.served.path(request.path, VICTIM)
    query = {name: names.get(name, value) for name, value in request.query.items()}
    try:
        return int(place.api.ask(request.method, path, params=query, timeout=PATIENCE, **body).status_code)
    except (httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError):
        # A generated backfill over thousands of years: Airflow is still at it, or ended the request.
        return 0


def _about(value: Any, names: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: names[key] if key in names else _about(each, names) for key, each in value.items()}
    return [_about(each, names) for each in value] if isinstance(value, list) else value


# What the platform writes down of every request, and what a login leaves.
_NOT_THEIRS = ("log", "session", "ab_user", "revoked_token")


def state_of_the_victim(place: Place) -> dict[str, str]:
    """Return a digest of each table's rows in which the victim is named."""
    tables = [
        name for (name,) in place.served.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ]
    rows = "string_agg(t::text, '|' ORDER BY t::text)"
    digest = f"SELECT coalesce(md5({rows}), '') FROM \"{{}}\" t WHERE t::text LIKE '%{{}}%'"
    return {
        name: str(place.served.query(digest.format(name, VICTIM))[0][0])
        for name in tables
        if name not in _NOT_THEIRS
    }


@contextlib.contextmanager
def plain_airflow_of_its_own(place: Place) -> Iterator[Place]:
    """Airflow as it ships, on a database that may be spoilt."""
    with served.running(place.find("postgres")) as spare:
        find = place.find
        weakened = replace(place, find=lambda name: spare if name == "served_place" else find(name))
        yield replace(weakened, open_api=Api(spare.undefended, "shared"))

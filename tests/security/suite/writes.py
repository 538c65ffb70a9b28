"""Requests of every route that changes something, made from the server's own description of them (schemathesis)."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import httpx
import schemathesis
from aerodrome_airflow.auth.routes import Decision, decisions
from hypothesis import HealthCheck, Phase, given, settings
from suite.place import ATTACKER, VICTIM, Api, Place
from suite.routes import with_other_ids

EXAMPLES = 2
PATIENCE = 5
_METHODS = ("post", "put", "patch", "delete")
# They end the session or open one.
_LEFT_OUT = ("/auth/login", "/auth/logout")
_DONE = frozenset({200, 201, 202, 204})
# Airflow's word for any DAG or run.
_ANY = "~"


@dataclass(frozen=True)
class Request:
    """One generated request; its path has the API's own words for ids."""

    method: str
    path: str
    query: dict[str, Any]
    body: Any


# What generated bodies do not hit upon.
_MORE = (
    Request("POST", "/api/v2/dags/{dag_id}/clearPartitions", {}, {"partition_key": "x", "dry_run": False}),
    Request(
        "PATCH",
        "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails",
        {},
        {"chosen_options": ["yes"]},
    ),
)


def requests(place: Place) -> Iterator[Request]:
    """Yield requests for each route that is described, the same in every run; what may take forever comes last."""
    yield from _MORE
    yield from _described(place.served.defended.ask("boss", "GET", "/openapi.json").raise_for_status().text)


@cache
def _described(document: str) -> tuple[Request, ...]:
    """Return requests for each route of *document*, which all servers describe themselves by: drawing takes long."""
    described = schemathesis.openapi.from_dict(json.loads(document)).get_all_operations()
    operations = sorted((found.ok() for found in described), key=_may_take_forever)
    wanted = (each for each in operations if each.method in _METHODS and not each.path.endswith(_LEFT_OUT))
    return tuple(request for operation in wanted for request in _examples(operation))


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
    yield from (replace(each, path=_with_constants(operation)) for each in made)


def _with_constants(operation: Any) -> str:
    """Return the path with `~` where nothing else is taken."""
    path = str(operation.path)
    for parameter in operation.path_parameters:
        if parameter.definition.get("schema", {}).get("const") == _ANY:
            path = path.replace(f"{{{parameter.name}}}", _ANY)
    return path


def sent(place: Place, request: Request, whose: str = VICTIM) -> int:
    """Return the status of the answer to *request* about things of the tenant *whose*, in path and body."""
    things = place.served.things[whose]
    names = {
        "dag_id": things["dag_id"],
        "dag_run_id": things["run_id"],
        "run_id": things["run_id"],
        "task_id": things["task_id"],
        "asset_id": things["asset"],
        "connection_id": f"{whose}.db",
        "key": f"{whose}.limit",
        "pool": whose,
        "name": whose,
    }
    body = {} if request.body is None else {"json": _about(request.body, names)}
    path = place.served.path(with_other_ids(request.path), whose)
    # Only here: in a body it stands for one of several.
    names["map_index"] = -1
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


@dataclass(frozen=True)
class Written:
    """How a person's requests about the own things ended: the routes that did what they are for, and all others."""

    done: frozenset[str]
    others: Mapping[str, set[int]]


def written(place: Place) -> Written:
    """Return what becomes of the same requests about the own things, on a database that may be spoilt."""
    spare = replace(place, find=lambda name: place.find("spare_place"))
    spare = replace(spare, open_api=Api(spare.served.defended))
    ended: dict[str, set[int]] = {}
    for request in sorted(filter(_is_open, requests(spare)), key=_takes_away):
        if request.method == "DELETE":
            _end_runs(spare)
        ended.setdefault(_route(request), set()).add(sent(spare, request, ATTACKER))
    done = frozenset(route for route, found in ended.items() if found & _DONE)
    return Written(done, {route: found for route, found in ended.items() if route not in done})


def _end_runs(place: Place) -> None:
    """End all runs: Airflow deletes no other."""
    place.served.query("UPDATE dag_run SET state = 'success' RETURNING id")


def _route(request: Request) -> str:
    return f"{request.method} {request.path}"


def _is_open(request: Request) -> bool:
    """Return whether members of tenants may come as far as Airflow itself."""
    wanted = request.path.replace(_ANY, "{}")
    shape = lambda path: re.sub(r"{[^}]*}", "{}", path)  # noqa: E731
    found = [
        decision
        for (method, path), decision in decisions().items()
        if method == request.method and shape(path) == shape(wanted)
    ]
    assert len(found) == 1, f"{len(found)} decisions about {_route(request)}"
    return found[0] is not Decision.CLOSED


def _takes_away(request: Request) -> tuple[bool, int]:
    """Return what puts deletions last, and of these the largest thing."""
    return request.method == "DELETE", -request.path.count("/")


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
    spare = place.find("spare_place")
    find = place.find
    weakened = replace(place, find=lambda name: spare if name == "served_place" else find(name))
    yield replace(weakened, open_api=Api(spare.undefended, "shared"))

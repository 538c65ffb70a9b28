"""Every route of the execution API, with the rule for who may use it; another route is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from aerodrome_airflow.guard import rules
from aerodrome_airflow.guard.rules import Caller, Rule

# Answered without a token, to whatever watches the server.
OPEN = frozenset({("GET", "/health"), ("GET", "/health/ping")})
# A task's own route whose body names assets, a trigger, a tenant.
REPORT = ("PATCH", "/task-instances/{task_instance_id}/state")
# And one whose body names the host that the task runs on.
START = ("PATCH", "/task-instances/{task_instance_id}/run")
# Of a task that has ended, Airflow itself answers these: it changes nothing, and the worker hears that it has to end.
AFTER_THE_END = frozenset({REPORT, START, ("PUT", "/task-instances/{task_instance_id}/heartbeat")})
# These change the task itself, from whose last change on the time to clean up is counted; nothing needs them for that.
BEFORE_THE_END = frozenset(
    {
        ("PATCH", "/task-instances/{task_instance_id}/rendered-map-index"),
        ("PATCH", "/task-instances/{task_instance_id}/skip-downstream"),
    }
)
# Answered as Airflow answers for what is not stored, because a task then tells which connection is missing.
LOOKUPS = frozenset({("GET", "/connections/{connection_id}"), ("GET", "/variables/{variable_key:path}")})

_XCOM = "/xcoms/{dag_id}/{run_id}/{task_id}/{key:path}"
_TABLE: tuple[tuple[Rule, str], ...] = (
    (
        rules.own_task,
        """
        PATCH /task-instances/{task_instance_id}/run
        PATCH /task-instances/{task_instance_id}/state
        PATCH /task-instances/{task_instance_id}/skip-downstream
        PUT /task-instances/{task_instance_id}/heartbeat
        PUT /task-instances/{task_instance_id}/rtif
        PATCH /task-instances/{task_instance_id}/rendered-map-index
        GET /task-instances/{task_instance_id}/previous-successful-dagrun
        GET /task-instances/{task_instance_id}/validate-inlets-and-outlets
        GET /task-reschedules/{task_instance_id}/start_date
        POST /hitlDetails/{task_instance_id}
        PATCH /hitlDetails/{task_instance_id}
        GET /hitlDetails/{task_instance_id}
        DELETE /store/ti/{task_instance_id}
        GET /store/ti/{task_instance_id}/{key:path}
        PUT /store/ti/{task_instance_id}/{key:path}
        DELETE /store/ti/{task_instance_id}/{key:path}
        """,
    ),
    (
        rules.dag_in_path,
        f"""
        GET /dags/{{dag_id}}
        GET /dag-runs/{{dag_id}}/previous
        GET /dag-runs/{{dag_id}}/{{run_id}}
        POST /dag-runs/{{dag_id}}/{{run_id}}
        POST /dag-runs/{{dag_id}}/{{run_id}}/clear
        GET /dag-runs/{{dag_id}}/{{run_id}}/state
        GET /task-instances/previous/{{dag_id}}/{{task_id}}
        GET {_XCOM}/item/{{offset}}
        GET {_XCOM}/slice
        HEAD {_XCOM}
        GET {_XCOM}
        POST {_XCOM}
        DELETE {_XCOM}
        """,
    ),
    (
        rules.dag_in_query,
        """
        GET /dag-runs/count
        GET /dag-runs/previous
        GET /task-instances/breadcrumbs
        GET /task-instances/count
        GET /task-instances/states
        """,
    ),
    (
        rules.asset_in_query,
        """
        GET /assets/by-name
        GET /assets/by-uri
        GET /asset-events/by-asset
        GET /store/asset/by-name/value
        PUT /store/asset/by-name/value
        DELETE /store/asset/by-name/value
        DELETE /store/asset/by-name/clear
        GET /store/asset/by-uri/value
        PUT /store/asset/by-uri/value
        DELETE /store/asset/by-uri/value
        DELETE /store/asset/by-uri/clear
        """,
    ),
    (
        rules.stored_elsewhere,
        """
        GET /connections/{connection_id}
        GET /variables/keys
        GET /variables/{variable_key:path}
        PUT /variables/{variable_key:path}
        DELETE /variables/{variable_key:path}
        """,
    ),
    (
        rules.never,
        """
        GET /asset-events/by-asset-alias
        GET /assets/by-alias
        GET /connection-tests/{connection_test_id}/connection
        PATCH /connection-tests/{connection_test_id}
        GET /changelog
        GET /docs
        GET /docs/oauth2-redirect
        GET /openapi.json
        GET /redoc
        """,
    ),
)


@dataclass(frozen=True)
class Route:
    """A method and a path template below `/execution`, with its rule."""

    method: str
    template: str
    rule: Rule
    pattern: re.Pattern[str]

    @property
    def key(self) -> tuple[str, str]:
        """Method and template."""
        return self.method, self.template


def too_late(caller: Caller, route: tuple[str, str]) -> str:
    """Return why *caller* may not ask *route* any more, or an empty text."""
    if caller.phase == "running" or route in AFTER_THE_END:
        return ""
    if caller.phase == "cleaning up" and route not in BEFORE_THE_END:
        return ""
    return "its task has ended"


@lru_cache(maxsize=1)
def table() -> tuple[Route, ...]:
    """Return all routes, in the order in which they are tried."""
    open_ = tuple(Route(method, path, rules.never, _pattern(path)) for method, path in sorted(OPEN))
    return (*open_, *_listed())


def _listed() -> Iterator[Route]:
    for rule, text in _TABLE:
        for line in text.split("\n"):
            if line.strip():
                method, template = line.split()
                yield Route(method, template, rule, _pattern(template))


def _pattern(template: str) -> re.Pattern[str]:
    """Return the expression for *template*, which takes what Airflow's own router takes."""
    text = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+)", template)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", text))


@lru_cache(maxsize=1)
def _by_start() -> dict[tuple[str, str], tuple[Route, ...]]:
    grouped: dict[tuple[str, str], tuple[Route, ...]] = {}
    for route in table():
        start = (route.method, route.template.split("/")[1])
        grouped[start] = (*grouped.get(start, ()), route)
    return grouped


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route that *path* below `/execution` takes, and what stands in it; None where none does.

    Airflow may prefer another of several routes that fit, by the version of the API that is asked for: those
    differ in nothing that a rule looks at.
    """
    for route in _by_start().get((method, path.split("/")[1]), ()):
        if found := route.pattern.fullmatch(path):
            return route, found.groupdict()
    return None

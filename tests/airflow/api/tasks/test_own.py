"""What a task needs still works through the guard, and costs next to nothing."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

import pytest

OWN = {
    "xcom": ("GET", "/xcoms/alpha.daily/run_alpha/load/secret", None),
    "new xcom": ("POST", "/xcoms/alpha.daily/run_alpha/load/own", {"rows": 3}),
    "a large xcom": ("POST", "/xcoms/alpha.daily/run_alpha/load/large", "x" * 6_000_000),
    "gone xcom": ("DELETE", "/xcoms/alpha.daily/run_alpha/load/own", None),
    "dag": ("GET", "/dags/alpha.daily", None),
    "run": ("GET", "/dag-runs/alpha.daily/run_alpha", None),
    "number of runs": ("GET", "/dag-runs/count?dag_id=alpha.report", None),
    "last run": (
        "GET",
        "/dag-runs/previous?dag_id=alpha.daily&logical_date=2026-01-02T00:00:00%2B00:00",
        None,
    ),
    "asset": ("GET", "/assets/by-name?name=alpha.table", None),
    "events": ("GET", "/asset-events/by-asset?name=alpha.table&uri=alpha.table", None),
    "started run": ("POST", "/dag-runs/alpha.daily/manual__2026-01-01T00:00:00+00:00", {}),
    "heartbeat": ("PUT", "/task-instances/{task}/heartbeat", {"hostname": "alpha", "pid": 1}),
    "rendered fields": ("PUT", "/task-instances/{task}/rtif", {"sql": "select 1"}),
    "inlets": ("GET", "/task-instances/{task}/validate-inlets-and-outlets", None),
    "kept value": ("PUT", "/store/ti/{task}/place", {"value": 1}),
    "first start": ("GET", "/task-reschedules/{task}/start_date", None),
}


@pytest.mark.parametrize("what", OWN)
def test_a_task_reaches_its_tenants_things(place: Any, what: str) -> None:
    """Each of these is answered with the guard as it is without it."""
    method, path, body = OWN[what]
    alpha = place.things["alpha"]
    request = {} if body is None else {"json": body}
    answer = place.defended.task(alpha["token"], method, path.format(task=alpha["task"]), **request)
    assert answer.is_success, answer.text


def test_a_missing_connection_is_told_as_airflow_tells_it(place: Any) -> None:
    """An own connection or variable is not stored here; the task's error then names it. Another's is refused."""
    token = place.things["alpha"]["token"]
    for kind in ("connections", "variables"):
        answer = place.defended.task(token, "GET", f"/{kind}/alpha.db")
        assert answer.status_code == 404 and answer.json()["detail"]["reason"] == "not_found"
        for name in ("beta.db", "aws_default", "alpha", "Alpha.db", "alpha.x.y"):
            assert place.defended.task(token, "GET", f"/{kind}/{name}").status_code == 403


def test_whether_the_server_lives_is_told_to_everybody(place: Any) -> None:
    """Health needs no token."""
    assert place.defended.client.get(f"{place.defended.url}/execution/health").status_code == 200


def test_other_addresses_are_not_the_guards_business(place: Any) -> None:
    """The web interface and the public API are answered as before."""
    for path in ("/", "/api/v2/version", "/executions", "/dags/execution", "/execution-log"):
        assert place.defended.client.get(place.defended.url + path).status_code == 200


def test_the_guard_costs_less_than_a_millisecond(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The median of a request's time in the guard, with token and with the task already known."""
    assert asyncio.run(_median(place)) < 0.001


async def _median(place: Any) -> float:
    from uuid import UUID

    import svcs
    from aerodrome_airflow.guard.middleware import ExecutionGuard
    from airflow.api_fastapi.auth.tokens import JWTValidator
    from fastapi import FastAPI
    from jwt import decode

    token = place.things["alpha"]["token"]
    issued = decode(token, options={"verify_signature": False})
    validator = JWTValidator(
        secret_key=place.secret,
        audience=issued["aud"],
        issuer=issued.get("iss"),
        algorithm=["HS512"],
        required_claims={"exp"},
    )
    execution, app = FastAPI(), FastAPI()
    execution.state.svcs_registry = svcs.Registry()
    execution.state.svcs_registry.register_value(JWTValidator, validator)
    app.mount("/execution", execution)
    times: list[float] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        times.append(time.perf_counter())

    guard = ExecutionGuard(inner)
    guard._callers._tenants[UUID(issued["sub"])] = "alpha"
    path = "/execution/xcoms/alpha.daily/run_alpha/load/secret"
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"airflow-api-version", b"2026-06-30")]
    taken = []
    for _ in range(300):
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
            "app": app,
        }
        start = time.perf_counter()
        await guard(scope, None, None)  # type: ignore[arg-type]
        taken.append(times[-1] - start)
    assert len(times) == 300
    return statistics.median(taken)

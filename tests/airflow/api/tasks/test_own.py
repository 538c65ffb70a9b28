"""What a task needs still works through the guard."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from guarded_requests import CountingApp, execution_app, request_scope

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


def test_a_task_that_is_known_costs_no_query(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its second request on a task is judged without the database."""

    def away() -> None:
        raise ConnectionError("the database was asked")

    monkeypatch.setattr("airflow.utils.session.create_session_async", away)
    assert asyncio.run(_passed(place, "alpha")) == 1
    with pytest.raises(ConnectionError, match="was asked"):
        asyncio.run(_passed(place, None))


async def _passed(place: Any, tenant: str | None) -> int:
    """Send a request through a guard that knows the *tenant* of its task; return how many it lets through."""
    from aerodrome_airflow.guard.middleware import ExecutionGuard
    from aerodrome_airflow.guard.rules import Caller
    from jwt import decode

    token, inner = place.things["alpha"]["token"], CountingApp()
    issued = decode(token, options={"verify_signature": False})
    guard = ExecutionGuard(inner)
    if tenant:
        task = UUID(issued["sub"])
        # What forgets nothing: the first request imports a good part of Airflow.
        guard._callers._running = {task: Caller(task, tenant)}  # type: ignore[assignment]
    await guard(request_scope(execution_app(issued, place.secret), token), None, None)  # type: ignore[arg-type]
    return inner.calls

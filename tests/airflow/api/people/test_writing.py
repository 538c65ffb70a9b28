"""What a member of one tenant tries to change of another's: it works without the defences and not with them."""

from __future__ import annotations

from typing import Any

import pytest

DELETE_VARIABLE = {"actions": [{"action": "delete", "entities": ["beta.spare"]}]}
MOVE_CONNECTION = {"connection_id": "beta.spare", "conn_type": "http", "host": "elsewhere"}
POOL = {"pool": "beta.spare", "slots": 0, "include_deferred": False}
ATTACKS = {
    "event": ("POST", "/api/v2/assets/events", {"asset_id": "{asset_id}", "extra": {}}),
    "kept value": ("PUT", "/api/v2/assets/{asset_id}/state-store/spare", {"value": "other"}),
    "gone kept value": ("DELETE", "/api/v2/assets/{asset_id}/state-store/spare", None),
    "pool": ("PATCH", "/api/v2/pools/beta.spare", POOL),
    "new variable": ("POST", "/api/v2/variables", {"key": "beta.new", "value": "other"}),
    "variable": ("PATCH", "/api/v2/variables/beta.spare", {"key": "beta.spare", "value": "other"}),
    "variables": ("PATCH", "/api/v2/variables", DELETE_VARIABLE),
    "connection": ("PATCH", "/api/v2/connections/beta.spare", MOVE_CONNECTION),
    "gone connection": ("DELETE", "/api/v2/connections/beta.spare", None),
    "gone pool": ("DELETE", "/api/v2/pools/beta.spare", None),
}


def _try(place: Any, server: Any, attack: str, user: str = "alpha") -> int:
    method, template, body = ATTACKS[attack]
    number = place.things["beta"]["asset"]
    if body and "asset_id" in body:
        body = body | {"asset_id": number}
    request = {"json": body} if body else {}
    return int(server.ask(user, method, place.path(template, "beta"), **request).status_code)


@pytest.mark.parametrize("attack", ATTACKS)
def test_another_tenants_thing_is_not_changed(place: Any, attack: str) -> None:
    """The request is refused with the defences, and done without them."""
    assert _try(place, place.defended, attack) == 403
    assert _try(place, place.undefended, attack) in {200, 201, 204}


BACKFILL = {"dag_id": "beta.daily", "from_date": "2026-01-01", "to_date": "2026-01-02"}


@pytest.mark.parametrize(
    ("method", "template", "body", "refusals"),
    [
        ("POST", "/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None}, [403, 403]),
        ("PATCH", "/api/v2/dags/{dag_id}", {"is_paused": True}, [403, 403]),
        ("DELETE", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", None, [403, 403]),
        ("POST", "/api/v2/dags/{dag_id}/clearTaskInstances", {"dry_run": False}, [403, 403]),
        ("POST", "/api/v2/backfills", BACKFILL, [403, 403]),
        # Known by numbers and tokens, of which nobody is told whether they are there.
        ("PUT", "/api/v2/backfills/{backfill_id}/cancel", None, [404, 404]),
        ("PUT", "/api/v2/parseDagFile/{file_token}", None, [404, 403]),
    ],
)
def test_another_tenants_dag_is_not_touched(
    place: Any, method: str, template: str, body: Any, refusals: list[int]
) -> None:
    """Runs, pauses, clears and backfills of another tenant's DAG are refused by both."""
    request = {"json": body} if body else {}
    servers = (place.defended, place.undefended)
    answers = [server.ask("alpha", method, place.path(template, "beta"), **request) for server in servers]
    assert [answer.status_code for answer in answers] == refusals


def test_a_bulk_request_changes_no_task_of_others(place: Any) -> None:
    """A task that the body names is refused, whatever the path says."""
    entity = {"dag_id": "beta.daily", "dag_run_id": "run_beta", "task_id": "more", "new_state": "failed"}
    body = {"actions": [{"action": "update", "entities": [entity]}]}
    for whose in ("~", "alpha"):
        path = place.path("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances", whose)
        answer = place.defended.ask("alpha", "PATCH", path, json=body).json()
        assert [error["status_code"] for error in answer["update"]["errors"]] == [403]
    state = place.query("SELECT state FROM task_instance WHERE dag_id = 'beta.daily' AND task_id = 'more'")
    assert state == [(None,)]


def test_own_things_are_changed(place: Any) -> None:
    """A tenant's admin starts, annotates and deletes a run of the own DAG."""
    runs = "/api/v2/dags/alpha.report/dagRuns"
    made = place.defended.ask("alpha", "POST", runs, json={"logical_date": None, "dag_run_id": "own"})
    assert made.status_code == 200
    assert place.defended.ask("alpha", "PATCH", f"{runs}/own", json={"note": "x"}).json()["note"] == "x"
    assert place.defended.ask("alpha", "DELETE", f"{runs}/own").status_code == 204


def test_a_role_in_one_tenant_gives_no_rights_in_another(place: Any) -> None:
    """Who views alpha and administers beta sees both and changes beta only."""
    seen = place.defended.ask("both", "GET", "/api/v2/dags").text
    assert "alpha.daily" in seen and "beta.daily" in seen
    xcom = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}"
    change = {"json": {"value": "other"}}
    assert place.defended.ask("both", "PATCH", place.path(xcom, "alpha"), **change).status_code == 403
    assert place.defended.ask("both", "PATCH", place.path(xcom, "beta"), **change).status_code == 200


def test_an_auditor_who_administers_a_tenant_changes_that_tenant_only(place: Any) -> None:
    """Seeing all tenants and changing one are two roles, and stay two."""
    kept = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/new"
    for tenant, status in (("alpha", 204), ("beta", 403)):
        assert place.defended.ask("mixed", "GET", place.path("/api/v2/dags/{dag_id}", tenant)).is_success
        answer = place.defended.ask("mixed", "PUT", place.path(kept, tenant), json={"value": 1})
        assert answer.status_code == status


def test_a_viewer_changes_nothing(place: Any) -> None:
    """A viewer reads the own tenant's things and is refused every change of them."""
    assert place.defended.ask("reader", "GET", place.path("/api/v2/dags/{dag_id}", "alpha")).is_success
    runs = place.path("/api/v2/dags/{dag_id}/dagRuns", "alpha")
    assert place.defended.ask("reader", "POST", runs, json={"logical_date": None}).status_code == 403
    assert place.defended.ask("reader", "DELETE", f"{runs}/run_alpha").status_code == 403

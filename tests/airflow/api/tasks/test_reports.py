"""What a task reports about itself may name things of its own tenant only."""

from __future__ import annotations

from typing import Any

import pytest

END = "2026-01-02T00:00:00Z"
ALPHA, BETA = ({"name": f"{tenant}.table", "uri": f"{tenant}.table"} for tenant in ("alpha", "beta"))
TRIGGER = "common_plugins.triggers.tenant_file.TenantFileTrigger"


def _success(outlets: Any = (), events: Any = ()) -> dict[str, Any]:
    return {"state": "success", "end_date": END, "task_outlets": list(outlets), "outlet_events": list(events)}


def _waiting(classpath: str, **arguments: Any) -> dict[str, Any]:
    return {"state": "deferred", "classpath": classpath, "trigger_kwargs": arguments, "next_method": "done"}


REFUSED = {
    "asset": _success([BETA | {"type": "Asset"}]),
    "asset by name": _success([{"name": "beta.table", "type": "AssetNameRef"}]),
    "asset by address": _success([{"uri": "beta.table", "type": "AssetUriRef"}]),
    "own name, other address": _success([ALPHA | {"uri": "beta.table", "type": "Asset"}]),
    "alias": _success([{"name": "alias_of_beta", "type": "AssetAlias"}]),
    "event": _success([], [{"dest_asset_key": BETA, "extra": {}}]),
    "event of an alias": _success([], [{"source_alias_name": "x", "dest_asset_key": ALPHA, "extra": {}}]),
    "event of nothing": _success([], [{"extra": {}}]),
    "no list": {"state": "success", "end_date": END, "task_outlets": BETA},
    "any class": _waiting("os.system", command="id"),
    "a library's trigger": _waiting(
        "airflow.providers.standard.triggers.file.FileTrigger", filepath="/etc/passwd"
    ),
    "another tenant's file": _waiting(TRIGGER, tenant="beta", filepath="x", poke_interval=1),
    "another tenant's file, wrapped": _waiting(TRIGGER, __var={"tenant": "beta"}, __type="dict"),
    "arguments as text": {**_waiting(TRIGGER), "trigger_kwargs": "gAAAA"},
}


def _report(place: Any, server: Any, body: Any, **request: Any) -> Any:
    alpha = place.things["alpha"]
    content = {"json": body} if body is not None else request
    return server.task(alpha["token"], "PATCH", f"/task-instances/{alpha['task']}/state", **content)


def _restart(place: Any) -> None:
    place.query(
        "UPDATE task_instance SET state = 'running', trigger_id = NULL WHERE dag_id = 'alpha.daily' RETURNING 1"
    )


@pytest.mark.parametrize("what", REFUSED)
def test_a_report_that_names_others_is_refused(place: Any, what: str) -> None:
    """The guard answers 403 before Airflow reads the report."""
    assert _report(place, place.defended, REFUSED[what]).status_code == 403


@pytest.mark.parametrize("what", ["asset", "asset by name", "any class", "another tenant's file"])
def test_airflow_alone_takes_such_a_report(place: Any, what: str) -> None:
    """Without the guard the same report is accepted."""
    _restart(place)
    assert _report(place, place.undefended, REFUSED[what]).status_code == 204
    _restart(place)


def test_the_other_tenants_dag_is_started_by_such_a_report(place: Any) -> None:
    """What the guard refuses does reach the other tenant: its asset has an event of a foreign task."""
    _restart(place)
    statement = (
        "SELECT count(*) FROM asset_event e JOIN asset a ON a.id = e.asset_id"
        " WHERE a.name = 'beta.table' AND e.source_dag_id = 'alpha.daily'"
    )
    before = place.query(statement)[0][0]
    _report(place, place.undefended, REFUSED["asset"])
    assert place.query(statement)[0][0] == before + 1
    _restart(place)


def test_an_honest_report_passes(place: Any) -> None:
    """A task ends with an event of its own asset, or waits for its own file."""
    event = {"dest_asset_key": ALPHA, "extra": {"rows": 3}}
    for body in (
        _success([ALPHA | {"type": "Asset"}], [event]),
        _waiting(TRIGGER, tenant="alpha", filepath="x", poke_interval=1),
        {"state": "up_for_retry", "end_date": END},
    ):
        _restart(place)
        assert _report(place, place.defended, body).status_code == 204
    _restart(place)


def test_a_report_of_another_task_is_refused(place: Any) -> None:
    """A task reports about itself, not about a task of its own tenant or of another."""
    alpha, beta = place.things["alpha"], place.things["beta"]
    for task in (beta["task"], "00000000-0000-0000-0000-000000000000", beta["task"].upper()):
        path = f"/task-instances/{task}/state"
        assert place.defended.task(alpha["token"], "PATCH", path, json=_success()).status_code == 403


def test_a_report_without_end_is_refused(place: Any) -> None:
    """The guard reads no more than a report can hold, whatever the length that was announced."""

    def endless() -> Any:
        for _ in range(100):
            yield b" " * 65536

    answer = _report(place, place.defended, None, content=endless())
    assert answer.status_code == 413


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'"text"', b"[" * 100_000])
def test_a_report_that_cannot_be_read_is_refused(place: Any, content: bytes) -> None:
    """What the guard cannot read, Airflow does not get."""
    assert _report(place, place.defended, None, content=content).status_code == 403

"""What differs between a host and what it should be, and whether changing it interrupts anybody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aerodrome.hosts.credentials import BROKER, BUNDLE, LOGS, STORE
from aerodrome.targets.host_operations import looked
from aerodrome.targets.host_state import (
    Found,
    WantedHost,
    batches,
    change_of,
    keeps_login,
    lacks_tenants,
    must_drain,
    only_drained,
    parts_of,
)

PARTS = {"node_base": "1", "airflow_worker": "2", "tenants": "3", "tenant_runtime": "4"}
TASK = {"name": "routes.daily.load", "seconds": 90}
HOST = WantedHost(
    "hadoop1", "environments/lab/inventory/hosts.yml:4:5", "onprem", ("onprem",), {}, {}, (), PARTS
)
STAMP = {"digest": HOST.digest, "parts": PARTS, "applied": "2026-11-22T07:00:00Z"}
AS_IT_SHOULD_BE = Found(STAMP, True, (), False, True, ("aerodrome-worker@onprem.service",), (TASK,))


def found(**other: Any) -> Found:
    """Return a host that is as it should be but for *other*."""
    return replace(AS_IT_SHOULD_BE, **other)


def stamped(**parts: str) -> Found:
    """Return a host that was set up when *parts* were different."""
    return found(stamp={**STAMP, "digest": "x", "parts": {**PARTS, **parts}}, same=False)


def test_a_host_that_is_as_it_should_be_is_no_change() -> None:
    """Whatever runs there."""
    assert change_of(HOST, AS_IT_SHOULD_BE) is None


def test_a_host_without_a_stamp_is_set_up() -> None:
    """Nothing runs there that could be interrupted."""
    change = change_of(HOST, found(stamp={}, same=False, busy=(), tasks=()))
    assert change and (change.action, change.name, change.risk) == ("create", "hadoop1", "none")
    assert "onprem" in change.why


@pytest.mark.parametrize(
    ("part", "drains"),
    [("airflow_worker", True), ("node_base", True), ("tenants", False), ("tenant_runtime", False)],
)
def test_the_plan_names_the_part_that_changed(part: str, drains: bool) -> None:
    """And whether the worker is drained for it: a tenant that comes or goes interrupts nobody."""
    change = change_of(HOST, stamped(**{part: "before"}))
    assert change and change.why == f"changed since 2026-11-22T07:00:00Z: {part}"
    assert change.risk == ("restarts" if drains else "none")


def test_what_somebody_changed_on_the_host_is_told() -> None:
    """The first three by name."""
    drift = tuple(f"/etc/aerodrome/{name} has another content" for name in "abcde")
    change = change_of(HOST, found(drift=drift, same=False))
    assert change and change.risk == "restarts"
    assert "/etc/aerodrome/a has another content" in change.why and change.why.endswith("and 2 more")


def test_a_drained_host_is_taken_back() -> None:
    """Nothing else differs."""
    change = change_of(HOST, found(drained=True, busy=(), tasks=()))
    assert change and change.why == "it is drained: its workers start again" and change.risk == "none"


def test_a_drained_host_that_differs_in_nothing_else_is_only_started_again() -> None:
    """One that still ends its tasks is waited for before, and one that differs is set up."""
    idle = found(drained=True, busy=(), tasks=())
    assert only_drained(HOST, idle) and not must_drain(HOST, idle)
    assert not only_drained(HOST, found(drained=True)) and must_drain(HOST, found(drained=True))
    assert not only_drained(HOST, replace(idle, same=False)) and not only_drained(HOST, AS_IT_SHOULD_BE)
    assert not only_drained(replace(HOST, refused={STORE: "it is gone"}), idle)


def test_a_host_whose_worker_does_not_run_is_not_drained() -> None:
    """There is nothing to wait for."""
    assert not must_drain(HOST, replace(stamped(airflow_worker="before"), busy=()))


@pytest.mark.parametrize(
    ("login", "drains"), [(BROKER, True), (STORE, False), (BUNDLE, False), (LOGS, False)]
)
def test_another_login_is_a_change_and_only_workers_are_drained_for_theirs(login: str, drains: bool) -> None:
    """The agent and git read theirs anew; a host keeps its login to the store until it gets another one."""
    host = replace(HOST, parts={**PARTS, login: "new"})
    before = stamped(**{login: "old"})
    change = change_of(host, before)
    assert change and change.why == f"changed since 2026-11-22T07:00:00Z: {login}"
    assert change.risk == ("restarts" if drains else "none")
    assert keeps_login(host, before) is (login != STORE)


def test_a_login_that_is_refused_is_told_though_the_host_is_as_it_should_be() -> None:
    """Who is let in again by the broker takes no task before it is set up; a dead login to the store is replaced."""
    for login, drains in ((BROKER, "restarts"), (STORE, "none")):
        host = replace(HOST, refused={login: "it knows no such user"})
        change = change_of(host, AS_IT_SHOULD_BE)
        assert change and change.why == f"{login} refused: it knows no such user" and change.risk == drains
    assert not keeps_login(host, AS_IT_SHOULD_BE) and keeps_login(HOST, AS_IT_SHOULD_BE)
    assert not keeps_login(HOST, found(has_login=False))


def test_a_host_that_has_no_login_gets_one() -> None:
    """Where it should have one; its worker goes on."""
    host = replace(HOST, parts={**PARTS, STORE: "1"})
    without = found(stamp={**STAMP, "parts": host.parts}, has_login=False)
    change = change_of(host, without)
    assert change and change.why == f"{STORE}: the host has none" and change.risk == "none"
    assert not only_drained(host, replace(without, drained=True, busy=()))


def test_a_tenant_that_leaves_is_waited_for_and_one_that_comes_is_not() -> None:
    """Its launcher ends, and with it whatever it runs."""
    before = stamped(**{"tenant routes": "1"})
    assert must_drain(HOST, before) and not must_drain(
        replace(HOST, parts={**PARTS, "tenant x": "1"}), stamped()
    )
    assert not must_drain(replace(HOST, parts={**PARTS, "tenant routes": "2"}), before)


def test_a_host_lacks_what_tenants_run_in_where_these_parts_differ() -> None:
    """Whatever else is to be done to it."""
    assert lacks_tenants(HOST, stamped(tenant_runtime="0")) and lacks_tenants(
        HOST, stamped(**{"tenant x": "1"})
    )
    assert not lacks_tenants(HOST, stamped(node_base="0"))


ROLES = {
    "airflow_worker": {"airflow_worker_queues": [1], "airflow_worker_agent_config": {"tenants": ["a"]}},
    "node_base": {"node_base_open_files": 1},
}
DIGESTS = {"airflow_worker": "w", "node_base": "n"}


def test_an_edited_role_is_a_new_desired_state(tmp_path: Path) -> None:
    """Its tests are not."""
    for role in ROLES:
        (tmp_path / "roles" / role / "molecule").mkdir(parents=True)
    before = parts_of(ROLES, DIGESTS, tmp_path)
    (tmp_path / "roles/node_base/molecule/verify.yml").touch()
    assert parts_of(ROLES, DIGESTS, tmp_path) == before
    (tmp_path / "roles/node_base/tasks.yml").touch()
    after = parts_of(ROLES, DIGESTS, tmp_path)
    assert {part for part in after if after[part] != before[part]} == {"node_base"}


def test_a_new_tenant_leaves_the_workers_part_as_it_is(tmp_path: Path) -> None:
    """Its launcher is started by its socket; the worker learns nothing."""
    before = parts_of(ROLES, DIGESTS, tmp_path)
    config = {"airflow_worker_agent_config": {"tenants": ["a", "b"]}}
    more = {**ROLES["airflow_worker"], **config, "airflow_worker_launcher_configs": {"b": {}}}
    after = parts_of({**ROLES, "airflow_worker": more}, {**DIGESTS, "airflow_worker": "other"}, tmp_path)
    assert {part for part in after if after[part] != before.get(part)} == {"tenants", "tenant b"}


def test_batches_hold_every_host_once() -> None:
    """In their order."""
    assert batches(["a", "b", "c"], 2) == [("a", "b"), ("c",)] and batches([], 2) == []


@pytest.mark.parametrize(
    ("other", "state"),
    [
        ({}, "works"),
        ({"drained": True}, "draining"),
        ({"drained": True, "busy": ()}, "drained"),
        ({"busy": ()}, "stopped"),
        ({"same": False}, "differs"),
        ({"stamp": {}}, "new"),
    ],
)
def test_a_table_says_in_one_word_how_a_host_is(other: dict[str, Any], state: str) -> None:
    """And names what runs there."""
    row = looked(HOST, found(**other), "")
    assert (row.state, row.running, row.note) == (state, 1, "1 task still runs: routes.daily.load (1m30s)")


def test_a_host_that_did_not_answer_is_away() -> None:
    """With the reason."""
    assert looked(HOST, None, "it does not answer").note == "it does not answer"

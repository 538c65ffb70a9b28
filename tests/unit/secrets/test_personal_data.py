"""What is checked before a deploy and what the store allows say the same of every connection and queue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from aerodrome import names
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.policy.facts import DagFacts, TaskFacts
from aerodrome.policy.from_manifest import limits_of
from aerodrome.policy.rules.access import connections
from aerodrome.secrets import usable
from example import PLACE, environment, tenant
from hypothesis import given
from hypothesis import strategies as st

ENVIRONMENT = environment()
QUEUES = ("default", "pii")


TASK = TaskFacts("load", "sql.query", "", "", "default", "mix", 1, 0, None, "mix")
DAG = DagFacts("mix.daily", "mix", (), (), "manual", (), (), 1, 1, (), (), (TASK,))


def allowed(model: TenantManifest, queue: str, connection: str) -> bool:
    """Return whether a manifest may name *connection* in a task on *queue*."""
    limits = limits_of(LoadedTenant("mix", "tenants/mix", model, (), ()), ENVIRONMENT)
    task = replace(TASK, queue=queue, connections=(names.connection_id("mix", connection),))
    return not list(connections(replace(DAG, tasks=(task,)), limits))


def readable(model: TenantManifest, queue: str, connection: str) -> bool:
    """Return whether the workers of *queue* may read *connection*."""
    zone = ENVIRONMENT.queues[queue].zone
    return names.connection_path(PLACE, "mix", connection) in usable.paths(ENVIRONMENT, "mix", model, zone)


def test_what_all_share_may_be_named_where_it_is_listed() -> None:
    """On every queue, as the store's policy of every zone says; no other name of theirs."""
    shared = environment(global_connections=["mail"])
    limits = limits_of(LoadedTenant("mix", "tenants/mix", tenant(queues=["default", "pii"]), (), ()), shared)
    for queue in QUEUES:
        found = {
            name: list(
                connections(replace(DAG, tasks=(replace(TASK, queue=queue, connections=(name,)),)), limits)
            )
            for name in ("global.mail", "global.db")
        }
        assert found["global.mail"] == [] and "lists for all tenants" in found["global.db"][0].message


LIMITED = st.lists(st.sampled_from(QUEUES), unique=True)
OWN = st.sampled_from([["default"], ["pii"], ["pii", "default"]])


@given(own=OWN, limited=st.none() | LIMITED)
def test_what_a_manifest_may_name_is_what_its_workers_may_read(
    own: list[str], limited: list[str] | None
) -> None:
    """On each queue of the tenant, whatever its connection is limited to."""
    within: Iterable[str] | None = None if limited is None else [queue for queue in limited if queue in own]
    model = tenant(queues=own, connections={"db": {"type": "postgres", "queues": within}})
    for queue in own:
        assert allowed(model, queue, "db") == readable(model, queue, "db")


@pytest.mark.parametrize(("queue", "may"), [("pii", True), ("default", False)])
def test_a_connection_for_personal_data_stays_on_its_queue(queue: str, may: bool) -> None:
    """Before the deploy and in the store."""
    model = tenant(queues=QUEUES, connections={"people": {"type": "postgres", "queues": ["pii"]}})
    assert allowed(model, queue, "people") == readable(model, queue, "people") == may

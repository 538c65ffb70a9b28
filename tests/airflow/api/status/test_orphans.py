"""DAGs whose tenant is gone, told and deleted by a real API server."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import pytest
from aerodrome.clients.airflow import Airflow
from aerodrome.errors import AerodromeError
from aerodrome.targets import orphans

COPY = (
    "INSERT INTO dag SELECT (jsonb_populate_record(d, jsonb_build_object('dag_id', '{}', 'is_stale', {}))).*"
    " FROM dag d WHERE dag_id = 'alpha.daily' RETURNING 1"
)
TAG = "INSERT INTO dag_tag (dag_id, name) VALUES ('{}', 'tenant:{}') RETURNING 1"
MORE = (("gone.old", "true"), ("foreign.dag", "true"), ("going.now", "false"))


@pytest.fixture
def airflow(place: Any) -> Iterator[Airflow]:
    """The administrator's access, where DAGs of two more tenants are, and one without a tag."""
    for dag_id, stale in MORE:
        place.query(COPY.format(dag_id, stale))
        if dag_id != "foreign.dag":
            place.query(TAG.format(dag_id, dag_id.partition(".")[0]))
    yield Airflow(place.undefended.url, "boss", "password")
    names = ", ".join(f"'{dag_id}'" for dag_id, _ in MORE)
    for table in ("dag_tag", "dag"):
        place.query(f"DELETE FROM {table} WHERE dag_id IN ({names}) RETURNING 1")


@pytest.mark.parametrize(
    "here", [(), ("alpha",), ("beta",), ("alpha", "beta"), ("alpha", "beta", "gone", "going")]
)
def test_dags_of_no_tenant_are_found_and_no_others(airflow: Any, here: Collection[str]) -> None:
    """By one request, also those that Airflow does not show any more; what bears no tenant's tag is somebody else's."""
    asked: list[str] = []
    airflow._client.event_hooks["request"].append(lambda request: asked.append(request.url.path))
    found = {each.owner for each in orphans.in_airflow(airflow, here)}
    assert len(asked) == 1 and found == {"alpha", "beta", "gone", "going"} - set(here)


def test_what_airflow_knows_of_a_gone_tenant_is_deleted(airflow: Any) -> None:
    """Nothing else is."""
    before = {row["dag_id"] for row in airflow.dags(exclude_stale="false")}
    said: list[str] = []
    orphans.delete_dags(airflow, "gone", said.append)
    assert said == ["deleted Airflow's history of gone.old"]
    assert {row["dag_id"] for row in airflow.dags(exclude_stale="false")} == before - {"gone.old"}


def test_a_dag_that_is_still_published_is_not_deleted(airflow: Any) -> None:
    """It would come back; the error says what to do."""
    with pytest.raises(
        AerodromeError, match=r"still has going\.now: nothing was deleted\n    are they published"
    ):
        orphans.delete_dags(airflow, "going", lambda _: None, patience=0)
    assert "going.now" in {row["dag_id"] for row in airflow.dags()}

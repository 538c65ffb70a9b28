"""What Airflow is told: who asks, and what a lookup that ends without a value means."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aerodrome_airflow.secrets import TenantSecretsBackend, scrub, whose
from airflow.sdk._shared.secrets_masker import _secrets_masker
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied
from aws_place import NAMES_ROLE, ROLE, Front, agent_of, put_connection
from secrets_place import Agent, Door
from structlog.contextvars import bound_contextvars


@contextmanager
def task_of(dag_id: str) -> Iterator[None]:
    """What Airflow notes before it loads a task of *dag_id*."""
    with bound_contextvars(ti_id="1", dag_id=dag_id):
        yield


@pytest.fixture(autouse=True)
def own_masker() -> Iterator[None]:
    """Airflow's masker as it was before."""
    masker, before = _secrets_masker(), dict(vars(_secrets_masker()))
    yield
    vars(masker).clear()
    vars(masker).update(before)


@pytest.fixture
def backend(agent: Agent) -> TenantSecretsBackend:
    """What a worker asks."""
    return TenantSecretsBackend(str(agent.socket))


def test_a_connection_arrives_as_airflow_writes_it(backend: TenantSecretsBackend) -> None:
    """Its fields, and no others."""
    with task_of("alpha.daily"):
        found = json.loads(str(backend.get_conn_value("alpha.db")))
    assert found == {"conn_type": "postgres", "host": "db.example.org", "login": "me",
                     "password": "alpha-db-password", "extra": {}}  # fmt: skip


def test_nobody_reads_nothing(backend: TenantSecretsBackend, door: Door) -> None:
    """The DAG processor, the API server, a supervisor: no task of theirs is running."""
    for key in ("alpha.db", "global.mail"):
        with pytest.raises(AirflowSecretsBackendAccessDenied, match="only a running task of a tenant"):
            backend.get_conn_value(key)
    assert door.calls == 0


@pytest.mark.parametrize("dag_id", ["global.daily", "daily", "Alpha.daily", "alpha.daily.more", ""])
def test_a_dag_of_no_tenant_reads_nothing(backend: TenantSecretsBackend, dag_id: str) -> None:
    """Nor does one that is called like what all share."""
    with task_of(dag_id), pytest.raises(AirflowSecretsBackendAccessDenied):
        backend.get_conn_value("global.mail")


def test_a_process_of_one_dag_reads_as_that_dag(
    backend: TenantSecretsBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run without a scheduler; should another DAG's task run there, neither reads anything."""
    monkeypatch.setattr(whose, "_ONLY", [])
    whose.this_process_runs("alpha.daily")
    assert backend.get_variable("alpha.threshold") == "alpha-threshold-17"
    with task_of("beta.daily"), pytest.raises(AirflowSecretsBackendAccessDenied, match="several DAGs"):
        backend.get_conn_value("beta.db")


def test_keys_of_a_role_are_hidden_in_every_form(front: Front, folder: Path) -> None:
    """As they are, in base64 and in a URL; the id of the key is no secret."""
    put_connection(front.target, "alpha", "landing", NAMES_ROLE)
    with agent_of(folder, front, {"connection_roles": {"alpha": [ROLE]}}) as agent, task_of("alpha.daily"):
        found = json.loads(str(TenantSecretsBackend(str(agent.socket)).get_conn_value("alpha.landing")))
    redact = _secrets_masker().redact
    for secret in (found["password"], found["extra"]["aws_session_token"]):
        for form in (secret, base64.b64encode(secret.encode()).decode(), quote(secret, safe="")):
            assert redact(f"x {form} x") == "x *** x"
    assert redact(found["login"]) == found["login"] and "role_arn" not in found["extra"]


def test_what_is_read_is_hidden_from_then_on(backend: TenantSecretsBackend) -> None:
    """Also in a result, at any depth, with a word of warning."""
    with task_of("alpha.daily"):
        backend.get_conn_value("alpha.db")
    assert _secrets_masker().redact("x alpha-db-password x") == "x *** x"
    deep: dict[str, Any] = {"a": [{"b": [{"alpha-db-password": ("alpha-db-password", 1)}]}]}
    assert scrub.redacted(deep) == {"a": [{"b": [{"***": ("***", 1)}]}]}


def test_a_result_without_a_secret_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is copied or told for a text that holds none."""
    text = "a result"
    assert scrub.redacted([text])[0] is text and not caplog.records


def test_an_old_value_is_told_in_the_tasks_log(
    agent: Agent, backend: TenantSecretsBackend, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    """One line for each lookup, with the age."""
    with task_of("alpha.daily"), caplog.at_level(logging.WARNING):
        backend.get_conn_value("alpha.db")
        door.target, agent.time.now = 1, agent.time.now + 100
        assert backend.get_conn_value("alpha.db")
    told = [record.getMessage() for record in caplog.records if "backend" in record.name]
    assert told == ["The secrets store does not answer: connection 'alpha.db' is as it was 100 s ago"]


def test_a_store_that_is_away_ends_the_lookup(
    agent: Agent, backend: TenantSecretsBackend, door: Door
) -> None:
    """By an error, not by a look into Airflow's own database."""
    door.target = 1
    with task_of("alpha.daily"):
        for read in (backend.get_conn_value, backend.get_variable):
            with pytest.raises(AirflowSecretsBackendAccessDenied, match=r"'alpha.db' cannot be read now"):
                read("alpha.db")


def test_a_key_of_the_environment_is_airflows_own(
    backend: TenantSecretsBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the platform gave the process; any other single word is refused."""
    monkeypatch.setenv("AIRFLOW_CONN_GIT_DEFAULT", "git://")
    assert backend.get_conn_value("git_default") is None
    for read in (backend.get_conn_value, backend.get_variable):
        with (
            task_of("alpha.daily"),
            pytest.raises(AirflowSecretsBackendAccessDenied, match=r"<tenant>\.<name>"),
        ):
            read("other_default")


def test_a_long_key_file_is_no_burden() -> None:
    """Sixty lines in all their forms are twice the work of thirty, not four times."""
    thirty, sixty = (forms_of_a_key(lines) for lines in (30, 60))
    assert len(thirty) > 60 and len(sixty) < 2.2 * len(thirty)
    assert sum(map(len, sixty)) < 2.2 * sum(map(len, thirty))


def forms_of_a_key(lines: int) -> tuple[str, ...]:
    """Return the forms of a key file of so many *lines*."""
    body = "\n".join(f"{number:04}" * 16 for number in range(lines))
    return scrub.forms(f"-----BEGIN KEY-----\n{body}\n")

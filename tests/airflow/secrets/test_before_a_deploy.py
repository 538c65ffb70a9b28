"""A run without a scheduler asks for what its manifests name now, and the store knows only what was deployed."""

from __future__ import annotations

import asyncio

import pytest
from aerodrome_airflow.run_once_secrets import RunSecretsBackend
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied
from secrets_place import Agent, Bao
from structlog.contextvars import bound_contextvars

NAMED = ("connection alpha.db", "connection alpha.fresh", "connection global.fresh", "variable alpha.fresh")
DEPLOY = "make deploy ENV=prod-eu"


def told(backend: RunSecretsBackend, kind: str, key: str) -> str:
    """Return why a task of tenant alpha does not get *key*; nothing where it does."""
    ask = backend.get_conn_value if kind == "connection" else backend.get_variable
    with bound_contextvars(ti_id="1", dag_id="alpha.daily"):
        try:
            ask(key)
        except AirflowSecretsBackendAccessDenied as problem:
            return str(problem)
    return ""


@pytest.fixture
def backend(agent: Agent) -> RunSecretsBackend:
    """What a run asks."""
    return RunSecretsBackend(str(agent.socket), NAMED, DEPLOY)


@pytest.mark.parametrize("entry", NAMED[1:])
def test_what_was_named_after_the_last_deploy_is_told(backend: RunSecretsBackend, entry: str) -> None:
    """With the command that lets the run read it."""
    kind, key = entry.split()
    assert told(backend, kind, key) == f"{kind} '{key}' was named after the last deploy: {DEPLOY} first"


@pytest.mark.parametrize("key", ["alpha.people", "alpha.nosuch", "global.other"])
def test_what_the_manifests_do_not_allow_is_refused_as_ever(backend: RunSecretsBackend, key: str) -> None:
    """A deploy would change nothing about it."""
    assert "may not be read on this queue" in told(backend, "connection", key)


def test_what_is_deployed_is_read(backend: RunSecretsBackend) -> None:
    """Nothing is told of it."""
    assert told(backend, "connection", "alpha.db") == ""


def test_a_store_that_is_away_is_not_taken_for_a_missing_deploy(
    backend: RunSecretsBackend, agent: Agent, bao: Bao
) -> None:
    """Nor is a secret of another tenant, nor an agent that somebody else runs."""
    assert "deploy" not in told(backend, "connection", "beta.fresh")
    agent.socket.unlink()
    backend._agent._patience = 0.0
    assert "does not answer" in told(backend, "connection", "alpha.fresh")


def test_a_trigger_is_told_the_same(backend: RunSecretsBackend) -> None:
    """It asks another way."""
    with (
        bound_contextvars(ti_id="1", dag_id="alpha.daily"),
        pytest.raises(AirflowSecretsBackendAccessDenied, match="was named after the last deploy"),
    ):
        asyncio.run(backend.aget_connection("alpha.fresh"))

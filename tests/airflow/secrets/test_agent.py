"""What an agent reads for whom, how often it asks the store, and how soon a new value arrives."""

from __future__ import annotations

import threading
from pathlib import Path

from aerodrome_airflow.secrets.protocol import Answer
from secrets_place import Agent, Bao, Door, agent_in_thread, settings


def test_a_tenant_reads_its_own(agent: Agent) -> None:
    """A connection as it is stored, and a variable."""
    answer = agent.ask("db")
    assert answer.value is not None and answer.value["host"] == "db.example.org"
    assert agent.password() == "alpha-db-password"
    assert agent.ask("threshold", kind="variable").value == {"value": "alpha-threshold-17"}


def test_two_tenants_of_a_zone_read_each_its_own(agent: Agent) -> None:
    """The name is the same; the token that reads it is not."""
    assert [agent.password("db", tenant) for tenant in ("alpha", "beta")] == [
        "alpha-db-password",
        "beta-db-password",
    ]


def test_what_the_zone_may_not_use_is_refused_by_the_store(agent: Agent) -> None:
    """A connection of personal data, one that tenant.yaml does not name, a tenant of no queue here."""
    assert [agent.ask("people").outcome, agent.ask("unnamed").outcome] == ["refused", "refused"]
    assert "may not be read on this queue" in agent.ask("people").reason
    assert agent.ask("db", "gamma").outcome == "refused"


def test_personal_data_is_read_in_its_own_zone(door: Door, folder: Path) -> None:
    """By the agent of the zone, with the zone's login."""
    with agent_in_thread(settings(folder, door.port, zone="pii")) as agent:
        assert agent.password("people") == "alpha-people-password"
        assert agent.ask("db", "beta").outcome == "refused"


def test_what_all_share_is_read_by_name(agent: Agent) -> None:
    """Of the shared ones those that environment.yaml lists."""
    found = agent.ask("mail", shared=True)
    assert found.value is not None and found.value["password"] == "mail-password"
    assert agent.ask("other", shared=True).outcome == "refused"


def test_what_is_not_stored_is_missing(agent: Agent) -> None:
    """Named in tenant.yaml, not yet written by anybody."""
    assert agent.ask("empty").outcome == "missing"


def test_a_second_secret_costs_one_call(agent: Agent, door: Door) -> None:
    """A login, a token and a value; then a value each; then nothing while they are fresh."""
    calls = []
    for name in ("db", "db1", "db2", "db", "db1"):
        agent.ask(name)
        calls.append(door.calls)
    assert calls == [3, 4, 5, 5, 5]


def test_many_tasks_make_one_call(agent: Agent, door: Door) -> None:
    """Thirty that ask for the same at the same time."""
    agent.ask("db")
    found: list[Answer] = []
    threads = [threading.Thread(target=lambda: found.append(agent.ask("db1"))) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.outcome for answer in found} == {"value"} and len(found) == 30
    assert door.calls == 4


def test_a_new_password_arrives_within_a_minute(agent: Agent, bao: Bao, door: Door) -> None:
    """Without a restart, by one call."""
    assert agent.password() == "alpha-db-password"
    bao.store_password("alpha", "rotated-password")
    agent.time.now += 59
    assert agent.password() == "alpha-db-password"
    agent.time.now += 1
    assert agent.password() == "rotated-password" and door.calls == 4


def test_what_was_missing_or_refused_is_looked_for_again(agent: Agent, bao: Bao) -> None:
    """After seconds: somebody mends it and does not want to wait."""
    assert agent.password("db9") == "missing"
    bao.store_password("alpha", "written-now", "db9")
    assert agent.password("db9") == "missing"
    agent.time.now += 5
    assert agent.password("db9") == "written-now"


def test_a_token_is_renewed_before_its_end(agent: Agent, door: Door) -> None:
    """Five minutes of life: a new one is minted, without a new login."""
    agent.ask("db")
    agent.time.now += 280
    assert agent.password("db1") == "alpha-db1-password"
    assert door.calls == 5


def test_tokens_that_the_store_has_forgotten_are_replaced(agent: Agent, bao: Bao) -> None:
    """The zone's own token was revoked, and the tenants' tokens are at their end by the store's clock."""
    agent.ask("db")
    vault = bao.vault._client()
    vault.sys.revoke_prefix("auth/approle/login")
    agent.time.now += 290
    assert agent.password("db1") == "alpha-db1-password"


def test_a_login_that_is_withdrawn_is_told(bao: Bao, door: Door, folder: Path) -> None:
    """The agent's own credential: nothing that a tenant could mend."""
    with agent_in_thread(settings(folder, door.port, secret_id="another")) as agent:
        answer = agent.ask("db")
    assert answer.outcome == "unavailable" and "does not accept the login of zone 'default'" in answer.reason


def test_an_agent_of_one_tenant_serves_no_other(door: Door, folder: Path) -> None:
    """That of a single run."""
    with agent_in_thread(settings(folder, door.port, tenants=["beta"])) as agent:
        assert (agent.password(), agent.password("db", "beta")) == ("refused", "beta-db-password")


def test_a_value_that_is_too_long_harms_nobody_else(agent: Agent, bao: Bao) -> None:
    """Its own reader is told; the store counts as well."""
    # Two bytes of the store's for each of ours.
    bao.store_password("alpha", "\x01" * 200_000, "db3")
    assert "more than 1,048,576 bytes" in agent.ask("db3").reason
    assert agent.password() == "alpha-db-password"


def test_the_zones_login_reads_no_secret(bao: Bao) -> None:
    """Nor anything else: it mints tokens of its tenants."""
    from aerodrome.clients.vault import Vault
    from aerodrome.errors import AerodromeError
    from secrets_place import SECRET_ID

    client = bao.vault._client()
    found = client.auth.approle.login("aerodrome-prod-eu.default", SECRET_ID, use_token=False)
    own = Vault(bao.vault.url, found["auth"]["client_token"])
    try:
        reached = own.read("aerodrome", "prod-eu/tenants/alpha/connections/db")
    except AerodromeError:
        reached = None
    assert reached is None

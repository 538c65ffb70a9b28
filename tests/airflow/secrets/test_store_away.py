"""The store is killed, silent or overloaded: what tasks get, and how often the store is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome_airflow.secrets.breaker import ATTEMPT_SECONDS
from secrets_place import Agent, Bao, Door, agent_in_thread, settings


@pytest.fixture
def own_bao(tmp_path: Path) -> Iterator[Bao]:
    """A store that the test may kill."""
    made = Bao(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.kill()


@pytest.fixture
def own_door(own_bao: Bao) -> Iterator[Door]:
    """What counts the calls to it."""
    made = Door(own_bao.port)
    yield made
    made.close()


@pytest.fixture
def own_agent(own_door: Door, folder: Path) -> Iterator[Agent]:
    """An agent of it."""
    with agent_in_thread(settings(folder, own_door.port)) as made:
        yield made


def test_five_minutes_without_a_store(own_agent: Agent, own_bao: Bao, own_door: Door) -> None:
    """What was read still is, what was not is an error, the store is asked once a second; then all is well."""
    assert own_agent.password() == "alpha-db-password"
    own_bao.kill()
    before, found = own_door.calls, set()
    own_agent.time.now += 60
    for _ in range(300 * 2):
        found.add((own_agent.password(), own_agent.password("db1")))
        own_agent.time.now += 0.5
    assert found == {("alpha-db-password", "unavailable")}
    assert 100 < own_door.calls - before <= 300
    own_bao.start()
    own_agent.time.now += 1
    assert [own_agent.password("db1"), own_agent.ask("db").age] == ["alpha-db1-password", 0]


def test_an_old_value_says_how_old_it_is(own_agent: Agent, own_bao: Bao) -> None:
    """The task's log tells its owner; after fifteen minutes it is not used any more."""
    own_agent.ask("db")
    own_bao.kill()
    own_agent.time.now += 899
    assert own_agent.ask("db").age == 899
    own_agent.time.now += 1
    answer = own_agent.ask("db")
    assert answer.outcome == "unavailable" and "connection 'alpha.db' cannot be read now" in answer.reason


def test_an_error_names_the_store_and_no_secret(own_agent: Agent, own_bao: Bao, own_door: Door) -> None:
    """What somebody on call needs."""
    own_bao.kill()
    reason = own_agent.ask("db1").reason
    assert f"the secrets store at http://127.0.0.1:{own_door.port} does not answer" in reason
    assert "secret-id" not in reason


def test_a_silent_store_holds_nobody_up_for_long(own_agent: Agent, own_door: Door) -> None:
    """One call waits for its three seconds, and who has an older value for none: a second one is not made."""
    own_agent.ask("db")
    own_door.hangs = True
    own_agent.time.now += 100
    answer = own_agent.ask("db1")
    # The other limits are longer, and say something else.
    assert answer.outcome == "unavailable" and f"no answer within {ATTEMPT_SECONDS:g} s" in answer.reason
    assert own_agent.password() == "alpha-db-password" and own_door.calls == 4


def test_a_withdrawn_login_ends_the_use_of_what_it_read(own_agent: Agent, own_bao: Bao) -> None:
    """The store is there and says no: nothing older is used."""
    own_agent.ask("db")
    client = own_bao.vault._client()
    client.auth.approle.delete_role("aerodrome-prod-eu.default")
    client.sys.revoke_prefix("auth/approle/login")
    own_agent.time.now += 300
    answer = own_agent.ask("db")
    assert answer.outcome == "unavailable" and "does not accept the login" in answer.reason


def test_a_tenant_that_lost_a_connection_loses_it_in_a_minute(own_agent: Agent, own_bao: Bao) -> None:
    """The store's refusal counts more than what is kept."""
    own_agent.ask("db")
    own_bao.vault.put_policy("aerodrome-prod-eu.default.alpha", 'path "sys/none" { capabilities = ["deny"] }')
    own_agent.time.now += 60
    assert own_agent.password() == "refused"


def test_an_outage_is_told_once(own_agent: Agent, own_bao: Bao, caplog: pytest.LogCaptureFixture) -> None:
    """One line at its begin and one at its end, in the agent's log."""
    own_agent.ask("db")
    own_bao.kill()
    for _ in range(20):
        own_agent.time.now += 60
        own_agent.ask("db1")
    own_bao.start()
    own_agent.time.now += 60
    own_agent.ask("db1")
    told = [
        record.getMessage()
        for record in caplog.records
        if record.name == "secrets" and "answer" in record.message
    ]
    assert len(told) == 2 and "does not answer" in told[0] and "answers again" in told[1]

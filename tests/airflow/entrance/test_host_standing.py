"""How a host's logins stand, who may let it in again, and when its rights become others."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis
from aerodrome import names
from aerodrome.errors import UserError
from aerodrome.hosts.credentials import BROKER, BUNDLE, STORE, Standing
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.processes.readiness import broker_access
from aerodrome.local.release import host_logins, services
from aerodrome.local.stores import openbao, secrets_store
from entrance_place import NAME, Entrance

ROLE, USER = names.host_role(NAME, "h1"), names.host_user("h1")


def standing(entrance: Entrance) -> Standing:
    """Return how the logins of h1 stand."""
    return entrance.access.standing(["h1"])["h1"]


def deploy(entrance: Entrance) -> None:
    """Do what a deploy does about rights of hosts."""
    services.read_again(entrance.platform)
    secrets_store.rules(entrance.platform).apply((), lambda _: None)
    host_logins.apply(entrance.platform, lambda _: None)


def takes(client: redis.Redis, queue: str) -> bool:
    """Return whether the broker lets this worker take from *queue*."""
    try:
        client.llen(queue)
    except redis.exceptions.NoPermissionError:
        return False
    return True


def test_a_host_that_may_come_in_is_refused_by_nobody(entrance: Entrance) -> None:
    """To look again says the same, and a look makes nothing."""
    assert set(standing(entrance).refused) == {BROKER, STORE, BUNDLE}
    assert entrance.platform.credentials.find(secret.redis_host("h1")) is None
    entrance.let_in("h1", new_login=True)
    assert standing(entrance) == standing(entrance) and not standing(entrance).refused


def test_only_the_login_that_became_another_is_marked_anew(entrance: Entrance) -> None:
    """What tells them apart holds nothing of them, and is another one with another key."""
    entrance.let_in("h1", new_login=True)
    before = standing(entrance).marks
    given = entrance.let_in("h1", new_login=True)
    after = standing(entrance).marks
    assert {login for login in after if after[login] != before[login]} == {STORE}
    entrance.platform.credentials.forget(secret.redis_host("h1"))
    entrance.let_in("h1")
    assert {login for login in after if standing(entrance).marks[login] != after[login]} == {BROKER}
    assert not any(given.bundle_password[:8] in mark for mark in after.values())
    entrance.platform.credentials.forget(secret.HOST_MARKS)
    assert not set(standing(entrance).marks.values()) & set(after.values())


def test_a_login_that_the_store_forgot_or_that_ended_is_refused(entrance: Entrance) -> None:
    """Also where an id of it is still listed."""
    entrance.let_in("h1", new_login=True)
    vault = openbao.vault(entrance.platform)
    vault.put_role("auth/approle/role", ROLE, {"secret_id_ttl": 1})
    vault.wrapped_secret_id(ROLE, 60)
    assert wait_until(lambda: STORE in standing(entrance).refused, 20)
    assert standing(entrance).refused == {
        STORE: f"{ROLE} of the secrets store knows no secret id that has not ended"
    }
    vault.delete_role("auth/approle/role", ROLE)
    assert standing(entrance).refused == {STORE: f"the secrets store has no {ROLE}"}
    entrance.let_in("h1", new_login=True)
    assert not standing(entrance).refused


def test_a_user_that_the_broker_lost_is_told_and_restored_with_what_it_had(entrance: Entrance) -> None:
    """Without another password: its worker comes back by itself."""
    client = entrance.broker(entrance.let_in("h1", new_login=True).broker_url)
    broker_access(entrance.platform).delete_user(USER)
    assert standing(entrance).refused == {BROKER: f"the broker's user {USER} is gone or is another one"}
    assert entrance.access.restore(["h1"]) == (f"the broker knows {USER} again as it was",)
    assert client.ping() and not standing(entrance).refused and entrance.access.restore(["h1"]) == ()


def test_other_queues_in_the_inventory_change_no_right_until_the_host_is_let_in_anew(
    entrance: Entrance,
) -> None:
    """Its worker ends the tasks of the old queue with the rights to do so, and gets those of the new one afterwards."""
    client = entrance.broker(entrance.let_in("h1").broker_url)
    with entrance.with_queues(h1=["heavy"]) as changed:
        deploy(changed)
        assert takes(client, "onprem") and not takes(client, "heavy")
        assert host_logins.differences(changed.platform) == ()
        changed.let_in("h1")
        assert takes(client, "heavy") and not takes(client, "onprem")
        deploy(changed)
        assert takes(client, "heavy") and not takes(client, "onprem")


def test_a_host_that_could_not_be_set_up_has_its_earlier_rights_too(entrance: Entrance) -> None:
    """Its workers go on with what they had, or with what is new; one that was shut out is again."""
    client = entrance.broker(entrance.let_in("h1").broker_url)
    with entrance.with_queues(h1=["heavy"]) as changed:
        access = changed.access
        access.credentials(["h1"])
        access.step_back(["h1"])
        assert takes(client, "onprem") and takes(client, "heavy")
        assert host_logins.differences(changed.platform) == ()
        changed.let_in("h1")
        assert takes(client, "heavy") and not takes(client, "onprem")
        access.shut(["h1"])
        access.credentials(["h1"])
        access.step_back(["h1"])
        assert USER not in broker_access(entrance.platform).users()


def test_a_host_of_another_zone_gets_nothing_before_it_is_removed(entrance: Entrance) -> None:
    """Neither by a deploy nor by `make workers`, whatever the machine says of itself."""
    token = entrance.logged_in("h1")
    client = entrance.broker(entrance.let_in("h1").broker_url)
    with entrance.with_queues(h1=["pii"]) as changed:
        deploy(changed)
        assert (
            entrance.store(
                f"auth/token/create/{names.tenant_policy(NAME, 'pii', 'beta')}", {"ttl": "5m"}, token
            )[0]
            == 403
        )
        assert not takes(client, "pii") and takes(client, "onprem")
        assert standing(changed).other_zone == (
            "it was let in for the zone 'onprem', and the inventory says 'pii' now"
        )
        with pytest.raises(UserError, match="h1: it was let in for the zone 'onprem'") as told:
            changed.let_in("h1")
        assert told.value.remedy == f"make remove ENV={NAME} LIMIT=h1, then make workers"
        changed.access.revoke("h1")
        assert not standing(changed).other_zone
        client = entrance.broker(changed.let_in("h1").broker_url)
        assert takes(client, "pii") and not takes(client, "onprem")


def test_a_host_that_is_shut_comes_to_the_broker_only_when_it_is_set_up(entrance: Entrance) -> None:
    """No deploy lets it in before; its password stays."""
    client = entrance.broker(entrance.let_in("h1", new_login=True).broker_url)
    entrance.access.shut(["h1"])
    deploy(entrance)
    assert USER not in broker_access(entrance.platform).users()
    with pytest.raises(redis.exceptions.AuthenticationError):
        client.ping()
    assert standing(entrance).refused == {BROKER: "shut until the host has what its tasks run in"}
    assert entrance.access.restore(["h1"]) == ()
    entrance.let_in("h1")
    assert client.ping() and not standing(entrance).refused


def test_whoever_was_removed_meanwhile_is_not_let_in_by_who_began_before(entrance: Entrance) -> None:
    """By a command that begins afterwards it is, if the inventory names it still."""
    entrance.let_in("h1")
    running = entrance.access
    running.standing(["h1", "h2"])
    entrance.access.revoke("h1")
    with pytest.raises(UserError, match=r"^h1: removed by another command meanwhile, and not let in again"):
        running.credentials(["h1", "h2"])
    assert entrance.platform.credentials.hosts() == ()
    assert running.credentials(["h2"]) and entrance.let_in("h1")


def test_a_look_lets_nobody_in(entrance: Entrance) -> None:
    """`CHECK=1` changes nothing."""
    entrance.access.credentials(["h1"], ["h1"], only_look=True)
    assert (
        entrance.platform.credentials.hosts() == ()
        and ROLE not in openbao.vault(entrance.platform).policies()
    )
    entrance.let_in("h1")
    with entrance.with_queues(h1=["heavy"]) as changed:
        changed.access.credentials(["h1"], only_look=True)
        assert host_logins.differences(replace(changed.platform, looked_at=True)) == ()

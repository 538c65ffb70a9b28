"""Hosts come in to a cluster: given one by one what they need, compared with it, and shut out at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import hvac
import pytest
import redis
import redis_server
from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError, UserError
from aerodrome.hosts.credentials import BROKER, STORE
from aerodrome.secrets.live import LiveLayout
from hosts_of_cluster_place import ADMIN, ROLE, USER, Place, broker_at, host


def test_a_host_is_given_what_its_workers_need(place: Place, vault: Vault) -> None:
    """A user of the broker for its queues, a login that opens once, and the login to the DAGs."""
    given = place.access.credentials(["h1"], ["h1"])["h1"]
    worker = place.worker(given.broker_url)
    assert worker.lpush("onprem", "message") == 1 and worker.brpop("onprem", 1)
    with pytest.raises(redis.exceptions.NoPermissionError):
        worker.brpop("default", 1)
    secret = hvac.Client(vault.url, given.wrapped_login).sys.unwrap()["data"]["secret_id"]
    assert vault.login(given.role_id, secret)
    assert (given.bundle_user, given.bundle_password, given.authority) == ("reader", "of-the-reader", "PEM\n")
    assert "@air.example.org:6380/0?ssl_cert_reqs=required" in given.broker_url


def test_what_a_host_is_given_stays_the_same(place: Place) -> None:
    """And nobody refuses it then; to look changes nothing."""
    first = place.access.credentials(["h1"], ["h1"])["h1"]
    again = place.access.credentials(["h1"])["h1"]
    assert again == replace(first, wrapped_login="")
    before = {path: dict(found) for path, found in place.objects.items()}
    standing = place.access.standing(["h1", "h2"])
    assert not standing["h1"].refused and set(standing["h2"].refused) == {BROKER, STORE}
    assert standing["h1"] == place.access.standing(["h1"])["h1"] and place.objects == before
    place.access.credentials(["h2"], only_look=True)
    assert place.objects == before


def test_redis_knows_the_host_again_when_it_starts_anew(place: Place, tmp_path: Path) -> None:
    """From its Secret, which holds no password."""
    given = place.access.credentials(["h1"])["h1"]
    users = place.access.record._users.read() or {}
    (tmp_path / "h1.conf").write_text(users["h1.conf"])
    with redis_server.running(str(tmp_path / "h1.conf"), "--requirepass", ADMIN, folder=tmp_path) as port:
        assert replace(place, port=port).worker(given.broker_url).llen("onprem") == 0
    assert given.broker_url.split(":")[2].partition("@")[0] not in str(users)


def test_a_user_that_the_broker_lost_is_told_and_restored(place: Place) -> None:
    """With the password that its host has."""
    given = place.access.credentials(["h1"], ["h1"])["h1"]
    with place.access.broker() as broker:
        assert broker is not None and broker.delete_user(USER)
    assert place.access.standing(["h1"])["h1"].refused == {
        BROKER: f"the broker's user {USER} is gone or is another one"
    }
    assert place.access.drifted() == ("h1",)
    assert place.access.restore(["h1", "h2"]) == (f"the broker knows {USER} again as it was",)
    assert place.worker(given.broker_url).ping() and place.access.drifted() == ()


def test_a_removed_host_is_shut_out_everywhere_at_once(place: Place, vault: Vault) -> None:
    """What it had taken goes back; it need not be in the inventory, and a second time finds nothing."""
    worker = place.worker(place.access.credentials(["h1"], ["h1"])["h1"].broker_url)
    unacked, index = names.unacked_keys("onprem", "h1")
    worker.hset(unacked, "tag", '[{"body": "x", "headers": {}, "properties": {"delivery_info": {}}}, "", ""]')
    worker.zadd(index, {"tag": 1})
    done = place.named().revoke("h1")
    assert [sentence.partition(" ")[0] for sentence in done] == ["h1", "h1", "1"]
    assert redis.Redis(port=place.port, password=ADMIN).lpop("onprem")
    with pytest.raises(redis.exceptions.RedisError):
        worker.ping()
    assert ROLE not in LiveLayout(vault, place.access.environment).read().of("policy")
    assert "h1" not in place.access.record.read().hosts and place.access.revoke("h1") == ()


def test_a_host_that_was_removed_meanwhile_is_not_let_in_again(place: Place) -> None:
    """By the command that had looked at it before."""
    place.access.credentials(["h1"])
    place.access.standing(["h1"])
    place.named().revoke("h1")
    with pytest.raises(UserError, match="h1: removed by another command meanwhile"):
        place.access.credentials(["h1"])


def test_another_zone_needs_a_removal_first(place: Place) -> None:
    """Whoever holds the files of one zone shall not come by another one's."""
    place.access.credentials(["h1"])
    other = place.named(host("h1", "pii", zone="pii"))
    assert "let in for the zone 'onprem'" in other.standing(["h1"])["h1"].other_zone
    with pytest.raises(UserError, match="let in for the zone 'onprem', and the inventory says 'pii'"):
        other.credentials(["h1"])


def test_a_host_that_could_not_be_set_up_has_the_rights_of_before_too(place: Place) -> None:
    """Its workers may be those of before; until then it was shut out, it stays so."""
    given = place.access.credentials(["h1"])["h1"]
    other = place.named(host("h1", "heavy"))
    other.credentials(["h1"])
    with pytest.raises(redis.exceptions.NoPermissionError):
        place.worker(given.broker_url).llen("onprem")
    other.step_back(["h1"])
    assert [place.worker(given.broker_url).llen(queue) for queue in ("onprem", "heavy")] == [0, 0]
    other.shut(["h1"])
    with pytest.raises(redis.exceptions.AuthenticationError):
        place.worker(given.broker_url).ping()
    assert other.restore(["h1"]) == () and "h1.conf" not in (place.access.record._users.read() or {})


def test_what_does_not_answer_is_told_and_shut_out_later(place: Place) -> None:
    """The password is gone at once: no deploy lets the host in again."""
    place.access.credentials(["h1"])
    broken = replace(place.access, broker=broker_at(1))
    with pytest.raises(AerodromeError, match="h1 is not shut out everywhere"):
        broken.revoke("h1")
    assert "h1" not in place.access.record.read().hosts
    assert any("no user of the broker" in sentence for sentence in place.access.revoke("h1"))

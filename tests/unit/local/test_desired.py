"""What a platform should be, computed from environment and tenants."""

from __future__ import annotations

import configparser
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.local.machine import ports
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access
from aerodrome.local.processes import topology
from aerodrome.local.release import services
from aerodrome.local.stores import broker, secrets_store
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.render import rights
from aerodrome.render.airflow_text import config_text


def fingerprints(platform: Platform) -> dict[str, str]:
    """Return each process's fingerprint."""
    return {process.name: process.fingerprint for process in topology.desired(platform)}


def changed(platform: Platform, **settings: object) -> Platform:
    """Return *platform* with other queues."""
    document = platform.environment.model_dump(mode="json", by_alias=True)
    document["queues"] = {**document["queues"], **settings}
    return replace(platform, environment=Environment.model_validate(document))


def config_of(platform: Platform, name: str) -> configparser.ConfigParser:
    """Return the airflow.cfg of one process."""
    text = next(p.files["airflow.cfg"] for p in topology.desired(platform) if p.name == name)
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return parser


def test_the_same_platform_has_the_same_fingerprints(platform: Platform) -> None:
    """Nothing in a process's description changes by itself."""
    assert fingerprints(platform) == fingerprints(platform)


def test_temporary_files_of_airflow_go_with_the_deployment(platform: Platform) -> None:
    """As root each user has a folder of its own for them; its path leaves room for a socket's."""
    places = {process.environment.get("TMPDIR") for process in topology.desired(platform)}
    assert places == {None, str(platform.layout.run / "tmp")}
    layout = replace(platform.layout, root=True, run=Path("/var/lib/aerodrome/0123456789ab/run"))
    layout.venv.symlink_to(platform.layout.venv)
    users = {
        process.environment["TMPDIR"]: process.user
        for process in topology.desired(replace(platform, layout=layout))
        if process.environment.get("AIRFLOW_HOME")
    }
    assert users == {str(layout.run / "tmp" / str(user)): user for user in users.values()} and len(users) == 4
    assert max(map(len, users)) + len("/pymp-12345678/listener-12345678") < 108


def test_a_queues_slots_concern_its_own_worker(platform: Platform) -> None:
    """A change of one worker restarts that worker, and the scheduler, which counts all slots."""
    before = fingerprints(platform)
    after = fingerprints(changed(platform, pii={"zone": "pii", "slots": 30}))
    assert {name for name in before if before[name] != after[name]} == {"worker-pii", "scheduler"}


def test_a_new_queue_is_one_more_worker(platform: Platform) -> None:
    """One line in environment.yaml brings a worker; stores and launchers go on."""
    before = fingerprints(platform)
    after = fingerprints(changed(platform, heavy={"zone": "default"}))
    assert after.keys() - before.keys() == {"worker-heavy"}
    assert all(
        before[name] == after[name]
        for name in before
        if name.startswith(("launcher", "worker", "postgres", "redis"))
    )


def test_a_new_tenant_restarts_no_process(platform: Platform) -> None:
    """Launchers read their tenants again by themselves."""
    fewer = replace(platform, tenants={"beta": platform.tenants["beta"]})
    assert fingerprints(platform) == fingerprints(fewer)


@pytest.mark.parametrize("process", ["worker-default", "worker-pii", "worker-maintenance"])
def test_workers_hold_no_secret_of_the_scheduler(platform: Platform, process: str) -> None:
    """No database, no signing key, no Fernet key, no session key."""
    config = config_of(platform, process)
    assert (
        not config.has_section("database")
        and not config.has_section("api_auth")
        and not config.has_section("api")
    )
    assert config["core"]["fernet_key"] == ""
    assert config["workers"]["secrets_backend"] == "aerodrome_airflow.secrets.TenantSecretsBackend"


def test_the_dag_processor_holds_neither_broker_nor_signing_key(platform: Platform) -> None:
    """It parses, and that is all it needs rights for."""
    config = config_of(platform, "dag-processor")
    assert not config.has_section("celery") and not config.has_section("api_auth")


def test_policies_are_enforced_unless_a_test_says_otherwise(platform: Platform) -> None:
    """Every process hears of it."""
    assert config_of(platform, "dag-processor")["aerodrome"]["enforce_policy"] == "True"
    assert (
        config_of(replace(platform, enforce_policy=False), "worker-pii")["aerodrome"]["enforce_policy"]
        == "False"
    )


def test_no_environment_or_command_holds_a_secret(platform: Platform) -> None:
    """Other users may read both."""
    visible = str([(p.command, dict(p.environment)) for p in topology.desired(platform)])
    secrets = [path.read_text() for path in platform.layout.secrets.iterdir()]
    assert len(secrets) > 8 and not any(secret in visible for secret in secrets)


def test_an_http_connection_is_taken_apart(platform: Platform) -> None:
    """A base URL arrives as Airflow's HTTP hook reads it."""
    value = secrets_store.value_of(platform, "alpha", platform.local.connections["api"])
    assert (value["host"], value["port"], value["schema"]) == ("https://example.org", 8443, "https")


def test_pools_share_a_tenants_parallelism(platform: Platform) -> None:
    """Named pools are taken out of it."""
    pools = access.desired(platform).pools
    slots = {name: number for name, (number, _) in pools.items()}
    assert slots == {"alpha": 4, "alpha.narrow": 2, "beta": 4}


@pytest.mark.parametrize("level", rights.LEVELS)
def test_no_tenants_role_sees_what_is_everybodys(level: str) -> None:
    """Permissions over all DAGs, connections and variables are in no role; lists show the tenant's own rows."""
    held = rights.of_levels(own_passwords=True)[level]
    resources = {resource for action, resource in held if action != "menu_access"}
    assert not resources & {"DAGs", "Connections", "Variables", "Configurations"}


def test_passwords_are_in_the_broker_list_only_as_digests(platform: Platform) -> None:
    """The ACL file tells nobody a password."""
    text = broker.access_list(platform)
    assert broker.zone_user(platform, "pii").password not in text
    assert "user default off" in text


def test_a_taken_port_is_told_with_its_holder_and_key(platform: Platform) -> None:
    """The message names the port, who has it, and the key that changes it."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        listening = {"redis": {"redis": port}}
        with pytest.raises(
            UserError, match=rf"port {port} of redis is taken by .*pid \d+.*local.ports.redis"
        ):
            ports.require_free(listening, "local")
    ports.require_free(listening, "local")


def test_a_taken_port_is_told_before_anything_is_made(platform: Platform, tmp_path: Path) -> None:
    """To install everything first takes a minute; the first deploy of all leaves nothing for it."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = platform.ports.model_copy(update={"openbao_cluster": holder.getsockname()[1]})
        local = platform.local.model_copy(update={"ports": taken})
        environment = platform.environment.model_copy(update={"local": local})
        with pytest.raises(UserError, match=r"of openbao is taken by .*local.ports.openbao_cluster"):
            services.apply(replace(platform, environment=environment), print)
    assert not platform.layout.state.exists()


def test_the_ports_that_are_checked_are_those_of_the_processes(platform: Platform) -> None:
    """By the keys that environment.yaml knows."""
    processes = {process.name: dict(process.ports) for process in topology.desired(platform) if process.ports}
    assert processes == topology.listening(platform)
    keys = {key for found in processes.values() for key in found}
    assert keys <= type(platform.ports).model_fields.keys() and len(keys) > 4


def test_a_port_that_the_deployment_holds_is_in_nobodys_way(platform: Platform) -> None:
    """It is kept, or given back before it is taken again; of somebody else it is told."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        listening = {"redis": {"redis": holder.getsockname()[1]}}
        ports.require_free(listening, "local", own=[os.getpid()])
        with pytest.raises(UserError, match="of redis is taken"):
            ports.require_free(listening, "local", own=[1])


def gamma(**settings: object) -> TenantManifest:
    """Return a tenant with *settings*."""
    owners = [{"name": "Team", "email": "team@example.org"}]
    return TenantManifest.model_validate({"owners": owners, **settings})


def test_a_pool_tells_what_its_tenant_does(platform: Platform) -> None:
    """The description of tenant.yaml stands with each of its pools."""
    described = replace(platform, tenants={"gamma": gamma(description="Prices", pools={"slow": 1})})
    pools = access.desired(described).pools
    assert {text for _, text in pools.values()} == {"[aerodrome] Prices"}


def test_versions_of_the_bundle_are_cleared_away_where_they_are_checked_out(platform: Platform) -> None:
    """By the workers and by the DAG processor."""
    processes = [name for name in fingerprints(platform) if name.startswith(("worker", "dag-processor"))]
    hours = {
        config_of(platform, name)["dag_processor"]["stale_bundle_cleanup_interval"] for name in processes
    }
    assert len(processes) == 4 and hours == {"3600"}


def test_a_triggerer_without_a_zone_has_no_login(platform: Platform) -> None:
    """Where no zone lets its sensors defer, it acts for none: not for the first one either."""
    document = platform.environment.model_dump(mode="json", by_alias=True)
    document["zones"] = {name: {} for name in ("default", "pii", "platform")}
    alone = replace(platform, environment=Environment.model_validate(document))
    triggerer = next(found for found in topology.desired(alone) if found.name == "triggerer")
    assert (
        triggerer.files.keys() == {"airflow.cfg"} and "secrets_backend" not in triggerer.files["airflow.cfg"]
    )
    assert config_of(platform, "triggerer").has_option("workers", "secrets_backend")


def test_a_pool_has_no_more_slots_than_the_environment_allows(platform: Platform) -> None:
    """The same number that the policy knows."""
    document = platform.environment.model_dump(mode="json", by_alias=True)
    lower = Environment.model_validate({**document, "limits": {"parallelism": 5}})
    pools = access.desired(replace(platform, environment=lower)).pools
    assert {name: slots for name, (slots, _) in pools.items()} == {"alpha": 3, "alpha.narrow": 2, "beta": 4}


def test_a_new_password_of_the_administrator_restarts_redis(platform: Platform) -> None:
    """A running server would know the old one alone, and nobody could tell it the new one."""
    before = fingerprints(platform)["redis"]
    (platform.layout.secrets / "redis-admin").unlink()
    assert fingerprints(platform)["redis"] != before


def test_of_an_option_that_is_said_twice_the_last_counts() -> None:
    """A per cent sign arrives as it is."""
    text = config_text({"b": {"x": "1", "y": "5%"}}, {"b": {"x": "2"}, "a": {}})
    parser = configparser.ConfigParser()
    parser.read_string(text)
    assert {name: dict(parser[name]) for name in parser.sections()} == {"a": {}, "b": {"x": "2", "y": "5%"}}

"""What a host should be, as variables of its roles: typed, without a secret, the same from wherever one deploys."""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from aerodrome import names
from aerodrome.environment import Environment, load_environment
from aerodrome.hosts.inventory import Host, load_inventory
from aerodrome.hosts_settings import HostsSettings
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.render.chart_values import chart_values
from aerodrome.render.hosts import SECRETS, HostVariables, Material, TenantMaterial, variables

GOLDEN = Path(__file__).parent / "golden/expected"
ROLES = Path(__file__).parents[2] / "ansible/roles"
OWNERS = [{"name": "Team", "email": "team@example.org"}]
MATERIAL = Material(
    lock="/clone/worker.lock",
    wheel="/clone/aerodrome.whl",
    platform_digest="f" * 16,
    wheelhouse="/clone/wheels",
    authority="PEM of the authority\n",
    tenants={"routes": TenantMaterial("0123456789abcdef", "/clone/tenants/routes")},
)
EVERYTHING = {
    "java": {"package": "openjdk-17-jre-headless", "home": "/usr/lib/jvm/java-17-openjdk-amd64"},
    "hadoop": {"package": "hadoop", "home": "/opt/hadoop", "core_site": {"fs.defaultFS": "hdfs://nn", "dfs.on": True}},
    "kerberos": {
        "realm": "EXAMPLE.ORG",
        "kdcs": ["10.203.77.5"],
        "principals": [
            {"name": "routes/{host}", "tenant": "routes", "keytab": "keytab"},
            {"name": "health@EXAMPLE.ORG", "tenant": "health", "keytab": "keytab"},
        ],
        "zones": ["onprem"],
    },
    "clock": {"servers": ["10.203.77.1"]},
    "metrics": {"scrape_from": ["10.203.77.1/32"]},
    "drain_limit": "1h",
}  # fmt: skip


def tenant(**settings: Any) -> TenantManifest:
    """Return a tenant with *settings*."""
    return TenantManifest.model_validate({"owners": OWNERS, **settings})


TENANTS = {
    "routes": tenant(queues=["onprem"], limits={"cpu": 2, "memory": "4Gi"}),
    "health": tenant(queues=["pii"]),
    "flights": tenant(queues=["default"]),
}


@pytest.fixture(scope="module")
def lab(repository: Path) -> Environment:
    """The environment with test hosts."""
    return load_environment(repository, "lab")


@pytest.fixture(scope="module")
def hosts(repository: Path, lab: Environment) -> dict[str, Host]:
    """Its hosts."""
    return {host.name: host for host in load_inventory(repository, lab).hosts}


@pytest.fixture
def made(lab: Environment, hosts: dict[str, Host]) -> Callable[..., HostVariables]:
    """Render a host, with other settings of `hosts` or other material where some are given."""

    def made(name: str, material: Material = MATERIAL, **settings: Any) -> HostVariables:
        assert lab.hosts is not None
        document = lab.hosts.model_dump(mode="json") | {"logs": {"kind": "none"}} | settings
        environment = lab.model_copy(
            update={"hosts": HostsSettings.model_validate_json(json.dumps(document))}
        )
        return variables(environment, TENANTS, hosts[name], material)

    return made


def config(made: HostVariables, queue: str) -> configparser.ConfigParser:
    """Return airflow.cfg of the worker of *queue*."""
    text = next(q["airflow_cfg"] for q in made.flat["airflow_worker_queues"] if q["name"] == queue)
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return parser


@pytest.mark.parametrize("name", ["hadoop1", "personal1"])
def test_the_hosts_of_the_lab_are_the_golden_ones(made: Any, name: str) -> None:
    """All their variables, whole. AERODROME_UPDATE_GOLDEN=1 writes them anew."""
    text = json.dumps(made(name).flat, indent=1, sort_keys=True) + "\n"
    if os.environ.get("AERODROME_UPDATE_GOLDEN"):
        (GOLDEN / f"{name}.json").write_text(text)
    assert text == (GOLDEN / f"{name}.json").read_text()


def test_a_host_knows_the_tenants_of_its_queues_alone(made: Any) -> None:
    """Users, launchers and the agent of others are not there."""
    for name, there in (("hadoop1", "routes"), ("personal1", "health")):
        flat = made(name).flat
        assert [each["name"] for each in flat["tenant_runtime_tenants"]] == [there]
        assert (
            list(flat["airflow_worker_launcher_configs"]),
            flat["airflow_worker_agent_config"]["tenants"],
        ) == ([there], [there])
        assert list(flat["airflow_worker_launcher_configs"][there]["tenants"]) == [there]


def test_no_secret_of_the_platform_is_on_a_host(made: Any) -> None:
    """No database, no signing key, no Fernet key, and the broker's address in a file of its own."""
    flat = made("hadoop1", **EVERYTHING).flat
    assert not set(SECRETS) & set(flat)
    found = config(made("hadoop1"), "onprem")
    assert not {"database", "api_auth", "fab"} & set(found.sections()) and found["core"]["fernet_key"] == ""
    assert not {"broker_url", "result_backend"} & set(found["celery"])
    assert found["celery"]["broker_url_cmd"] == "awk 1 ORS= /etc/aerodrome/secrets/broker-url"
    assert "secret_key" not in json.dumps(flat) and "jwt" not in json.dumps(flat).lower()


def test_a_workers_account_at_the_broker_is_its_hosts_own(made: Any) -> None:
    """Two hosts of one queue neither see nor take back what the other runs."""
    found = [
        dict(config(made(name), "onprem")["celery_broker_transport_options"])
        for name in ("hadoop1", "hadoop2")
    ]
    keys = [(each["unacked_key"], each["unacked_index_key"]) for each in found]
    assert (
        keys == [names.unacked_keys("onprem", name) for name in ("hadoop1", "hadoop2")] and keys[0] != keys[1]
    )


def test_personal_data_leaves_by_listed_ways_alone(made: Any) -> None:
    """The platform, and what environment.yaml lists for the zone; other zones are free until they are listed."""
    assert made("hadoop1").flat["node_base_restrict_egress"] is False
    flat = made("personal1").flat
    assert flat["node_base_restrict_egress"] is True
    assert {(each["address"], each["port"]) for each in flat["node_base_reaches"]} == {
        ("10.203.77.1", port) for port in (6491, 8443, 8444, 8445)
    }
    listed = {"onprem": [{"address": "10.1.0.0/16", "port": 8020, "why": "HDFS"}]}
    firewall = {"ssh_from": ["10.203.77.1/32"], "reaches": listed}
    flat = made("hadoop1", firewall=firewall).flat
    assert flat["node_base_restrict_egress"] and flat["node_base_reaches"][-1]["address"] == "10.1.0.0/16"


def test_a_host_accepts_ssh_where_ansible_comes_in(
    made: Any, hosts: dict[str, Host], lab: Environment
) -> None:
    """On the port that the inventory says; and what environment.yaml lists for its zone."""
    assert made("hadoop1").flat["node_base_ssh_ports"] == [22]
    elsewhere = replace(hosts["hadoop1"], connection={"ansible_host": "10.203.77.11", "ansible_port": 2222})
    assert variables(lab, TENANTS, elsewhere, MATERIAL).flat["node_base_ssh_ports"] == [2222]
    accepts = {"onprem": [{"source": "10.1.0.0/16", "ports": "40000-40099", "why": "Spark"}]}
    assert made("hadoop1", firewall={"accepts": accepts}).flat["node_base_accepts"] == accepts["onprem"]
    assert made("personal1", firewall={"accepts": accepts}).flat["node_base_accepts"] == []


def test_what_is_needed_for_time_and_tickets_is_reached(made: Any) -> None:
    """Nobody has to list it."""
    reached = made("hadoop1", **EVERYTHING).flat["node_base_reaches"]
    assert {(each["port"], each["protocol"]) for each in reached} >= {(123, "udp"), (88, "tcp"), (88, "udp")}


def test_the_digest_does_not_depend_on_where_one_deploys(made: Any) -> None:
    """Paths count for nothing: what lies there has digests of its own."""
    elsewhere = replace(
        MATERIAL,
        lock="/x/l",
        wheel="/x/w",
        wheelhouse="/x/h",
        tenants={"routes": TenantMaterial("0123456789abcdef", "/x/t")},
    )
    assert made("hadoop1").digests == made("hadoop1", elsewhere).digests
    assert made("hadoop1").flat != made("hadoop1", elsewhere).flat


def test_a_digest_changes_with_its_part_alone(made: Any) -> None:
    """A tenant's new code is no reason to restart a worker."""
    before, after = (
        made("hadoop1", replace(MATERIAL, tenants={"routes": TenantMaterial(digest, "/t")}))
        for digest in ("a" * 16, "b" * 16)
    )
    assert {role for role in before.digests if before.digests[role] != after.digests[role]} == {
        "tenant_runtime"
    }
    assert before.digest != after.digest
    newer = made("hadoop1", replace(MATERIAL, platform_digest="e" * 16))
    assert newer.digests["python_runtime"] != before.digests["python_runtime"]


def test_roles_without_settings_are_left_out(made: Any) -> None:
    """And those of other zones: a host for personal data gets no Hadoop."""
    optional = {"java_runtime", "hadoop_client", "kerberos_client"}
    assert optional & set(made("hadoop1", java=None).roles) == set()
    assert optional <= set(made("hadoop1", **EVERYTHING).roles)
    assert "kerberos_client" not in made("personal1", **EVERYTHING).roles


def test_hadoop_and_kerberos_are_told_in_text(made: Any) -> None:
    """As XML and krb5.conf have it; a principal's place in the store is its tenant's own."""
    flat = made("hadoop1", **EVERYTHING).flat
    assert flat["hadoop_client_core_site"] == {"dfs.on": "true", "fs.defaultFS": "hdfs://nn"}
    assert flat["kerberos_client_principals"] == [
        {
            "name": "routes/hadoop1@EXAMPLE.ORG",
            "owner": "_routes",
            "tenant": "routes",
            "secret": "lab/tenants/routes/variables/keytab",
        }
    ]
    launcher = flat["airflow_worker_launcher_configs"]["routes"]["tenants"]["routes"]
    assert launcher["environment"] == {
        "HADOOP_CONF_DIR": "/etc/aerodrome/hadoop",
        "HADOOP_HOME": "/opt/hadoop",
        "JAVA_HOME": "/usr/lib/jvm/java-17-openjdk-amd64",
        "KRB5CCNAME": "FILE:/run/aerodrome/kerberos/routes/ticket",
        "YARN_CONF_DIR": "/etc/aerodrome/hadoop",
    }


def test_a_host_that_is_away_keeps_its_tasks_as_long_as_is_promised(made: Any) -> None:
    """The scheduler gives it up later, lest the task runs twice: a last attempt and three signals are over by then."""
    found = config(made("hadoop1", cut_off="5m"), "onprem")
    assert found["aerodrome"]["patience"] == "300"
    assert float(found["scheduler"]["task_instance_heartbeat_timeout"]) >= 300 + 2 + 5 + 10 + 3 * 5
    workers = found["workers"]
    assert int(workers["max_failed_heartbeats"]) * int(workers["min_heartbeat_interval"]) >= 300
    assert int(workers["execution_api_retries"]) * int(workers["execution_api_retry_wait_max"]) >= 300


def test_a_token_outlives_the_longest_silence(lab: Environment) -> None:
    """It is renewed when a fifth of its time is left; and a message's lives until its task is queued anew."""
    assert lab.hosts is not None
    hosts = HostsSettings.model_validate({**lab.hosts.model_dump(mode="json"), "cut_off": "20m"})
    patient = lab.model_copy(update={"hosts": hosts})
    told = chart_values([], patient, {})["config"]
    assert int(told["execution_api"]["jwt_expiration_time"]) / 5 >= 20 * 60
    assert float(told["scheduler"]["task_queued_timeout_check_interval"]) < int(
        told["api_auth"]["jwt_leeway"]
    )


def test_a_scheduler_in_a_cluster_waits_as_long_as_one_on_a_machine(made: Any, lab: Environment) -> None:
    """For hosts that are away, and for tasks whose queue is busy or drained: those are never failed for waiting."""
    told = chart_values([], lab, {})["config"]["scheduler"]
    known = config(made("hadoop1"), "onprem")["scheduler"]
    assert told == {name: known[name] for name in told}
    assert int(told["num_stuck_in_queued_retries"]) == 1000
    without = lab.model_copy(update={"hosts": None})
    assert "scheduler" not in chart_values([], without, {})["config"]


@pytest.mark.parametrize("name", ["hadoop1", "personal1"])
def test_roles_take_what_is_rendered(made: Any, name: str) -> None:
    """Every variable is in the role's argument_specs, with its type; what a role requires is rendered or a secret."""
    for role, found in made(name, **EVERYTHING).roles.items():
        path = ROLES / role / "meta/argument_specs.yml"
        if not path.exists():
            continue
        options = yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]
        wrong = [key for key, value in found.items() if key not in options or not _fits(value, options[key])]
        required = {key for key, option in options.items() if option.get("required")}
        assert (wrong, required - found.keys() - set(SECRETS)) == ([], set()), role


def _fits(value: Any, option: dict[str, Any]) -> bool:
    kinds = {
        "str": str,
        "int": int,
        "bool": bool,
        "list": list,
        "dict": dict,
        "path": str,
        "float": float,
        "raw": object,
    }
    return isinstance(value, kinds[option.get("type", "str")])


FAR = {
    "execution_api": "https://air.example.org:8443",
    "broker": "air.example.org:6380",
    "secrets": "https://vault.example.org",
    "bundle": "https://git.example.org/dags.git",
    "networks": ["10.50.0.0/16"],
    "certificate": "entrance-tls",
    "bundle_user": "reader",
    "bundle_password_file": ".aerodrome/bundle-password",
}


@pytest.fixture
def far(lab: Environment) -> Environment:
    """The same environment in a cluster."""
    document = lab.model_dump() | {"kind": "kubernetes", "local": None}
    return Environment.model_validate(document | {"hosts": FAR})


def test_a_host_of_a_cluster_is_told_the_same(far: Environment, hosts: dict[str, Host]) -> None:
    """But for the four addresses, and the user that reads the DAGs."""
    found = variables(far, TENANTS, hosts["hadoop1"], MATERIAL)
    worker = config(found, "onprem")
    assert worker["core"]["execution_api_server_url"] == "https://air.example.org:8443/execution/"
    assert "https://git.example.org/dags.git" in worker["dag_processor"]["dag_bundle_config_list"]
    assert found.flat["airflow_worker_agent_config"]["store"]["url"] == "https://vault.example.org"
    assert found.flat["airflow_worker_bundle_user"] == "reader"
    reached = {(each["address"], each["port"]) for each in found.flat["node_base_reaches"]}
    assert {("air.example.org", 6380), ("air.example.org", 8443), ("vault.example.org", 443)} <= reached
    assert not set(SECRETS) & set(found.flat)


def test_a_host_takes_dags_of_which_other_tasks_run_in_pods(
    far: Environment, made: Any, hosts: dict[str, Host]
) -> None:
    """It knows every executor of its cluster: Airflow reads no DAG that names another one."""
    worker = config(variables(far, TENANTS, hosts["hadoop1"], MATERIAL), "onprem")
    assert worker["core"]["executor"] == chart_values((), far, {})["executor"]
    assert config(made("hadoop1"), "onprem")["core"]["executor"] == "CeleryExecutor"


def test_a_cluster_has_an_entrance_for_the_networks_of_its_hosts(far: Environment) -> None:
    """With the ports that hosts are told, and users of the broker that whoever lets them in keeps."""
    assert chart_values((), far, {})["hybrid"] == {
        "enabled": True,
        "networks": ["10.50.0.0/16"],
        "tlsSecretName": "entrance-tls",
        "broker": {"port": 6380, "usersSecretName": "aerodrome-host-users"},
        "executionApi": {"port": 8443},
    }


def test_without_networks_the_entrance_is_somebody_elses(far: Environment) -> None:
    """values.yaml says what there is, as before."""
    assert far.hosts is not None
    own = far.hosts.model_copy(update={"networks": (), "certificate": None})
    assert "hybrid" not in chart_values((), far.model_copy(update={"hosts": own}), {})

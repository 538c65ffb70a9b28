"""`hosts:` of environment.yaml: what is wrong with it is told with its place."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

import re
from pathlib import Path

import pytest
from aerodrome.addresses import canonical
from aerodrome.environment import Environment, load_environment
from aerodrome.errors import ProblemsFound
from aerodrome.hosts_settings import HostsSettings
from aerodrome.reference.models import model_page

SHA = "a" * 64
LOCAL = f"""\
kind: local
zones: {{default: {{triggerer: true}}, onprem: {{workers: hosts}}}}
queues: {{default: {{zone: default}}, onprem: {{zone: onprem}}}}
alert_channels: {{central: {{type: file, target: central.jsonl}}}}
hosts:
  entrance: {{address: 10.0.0.1, api: 8443}}
  java: {{package: openjdk-17-jre-headless}}
  hadoop: {{archive: https://example.org/hadoop.tar.gz, archive_sha256: {SHA}, zones: [onprem]}}
  kerberos: {{realm: EXAMPLE.ORG, kdcs: [kdc.example.org], principals: [{{name: 'a/{{host}}', tenant: routes, keytab: keytab}}]}}
  firewall: {{ssh_from: [10.0.0.0/24], reaches: {{onprem: [{{address: 10.1.0.0/16, port: 8020, why: HDFS}}]}}}}
  clock: {{servers: [10.0.0.2]}}
  cut_off: 5m
"""
CLUSTER = """\
kind: kubernetes
zones: {default: {}, onprem: {workers: hosts}}
queues: {default: {zone: default}, onprem: {zone: onprem}}
alert_channels: {central: {type: file, target: central.jsonl}}
hosts: {execution_api: 'https://air.example.org', broker: 'air.example.org:6380', secrets: 'https://vault.example.org', bundle: 'https://git.example.org/dags.git', firewall: {ssh_from: [10.0.0.0/24]}}
"""
IN_LOCAL = [
    ("10.0.0.1,", "→0.0.0.0,", "hosts.entrance.address: 0.0.0.0 is no IP address of one machine"),
    ("10.0.0.1,", "→'10.0.0.1:80',", "hosts.entrance.address: '10.0.0.1:80' is no address"),
    ("api: 8443", "api: →6491", "hosts.entrance.api: port 6491 is taken by 'broker'"),
    ("api: 8443", "api: →80", "hosts.entrance.api: must be 1024 or more"),
    ("  entrance: {address: 10.0.0.1, api: 8443}\n  java:", "  →java:", "hosts: hosts cannot reach the platform"),
    ("  clock:", "  networks: →[10.0.0.0/24]\n  clock:", "hosts.networks: has no effect with kind: local"),
    ("  clock:", "  broker: →'b:1'\n  clock:", "hosts.broker: has no effect with kind: local"),
    ("{package: openjdk-17-jre-headless}", "→{}", "hosts.java: needs a package or an archive, and not both"),
    ("archive: https://example.org/hadoop.tar.gz", "archive: →ftp://example.org/hadoop.tar.gz", "hosts.hadoop.archive: must be an https URL or an absolute path"),
    ("archive: https://example.org/hadoop.tar.gz", "archive: →https://example.org/hadoop.zip", "hosts.hadoop.archive: must be an https URL or an absolute path that ends in .tar.gz or .tgz\n    a plain host unpacks nothing else"),
    (f"https://example.org/hadoop.tar.gz, archive_sha256: {SHA}", "→https://example.org/hadoop.tar.gz", "hosts.hadoop.archive: an archive is installed only where its digest is known"),
    ("zones: [onprem]", "zones: [→default]", "hosts.hadoop.zones[0]: no zone with `workers: hosts` is called 'default'"),
    ("EXAMPLE.ORG", "→example.org", "hosts.kerberos.realm: is no realm"),
    ("[kdc.example.org]", "→[]", "hosts.kerberos.kdcs: needs 1 or more"),
    ("'a/{host}'", "→'a b'", "hosts.kerberos.principals[0].name: 'a b' is no principal"),
    ("{onprem: [{address", "{far: →[{address", "hosts.firewall.reaches.far: no zone with `workers: hosts` is called 'far'"),
    ("10.1.0.0/16", "→10.1.0.1/16", "hosts.firewall.reaches.onprem[0].address: '10.1.0.1/16' is no network"),
    ("[10.0.0.0/24]", "[→10.0.0.300]", "hosts.firewall.ssh_from[0]: '10.0.0.300' is no network"),
    ("cut_off: 5m", "cut_off: →2h", "hosts.cut_off: must be between 1m and 1h"),
    ("cut_off: 5m", "drain_limit: →1s", "hosts.drain_limit: must be 10s or more"),
    ("cut_off: 5m", "rotate_login_every: →1m", "hosts.rotate_login_every: must be 5m or more"),
    ("cut_off: 5m", "→cutoff: 5m", "hosts.cutoff: unknown key 'cutoff'\n    did you mean 'cut_off'?"),
    ("  cut_off: 5m", "secrets: {store: →ssm, ssm: {region: eu-central-1, agent_role: 'arn:aws:iam::123456789012:role/a-{zone}'}}", "secrets.store: hosts read secrets from a Vault alone"),
    ("default: {triggerer: true}, onprem: {workers: hosts}", "default: {}, onprem: {workers: hosts, triggerer: →true}", "zones.onprem.triggerer: nothing there defers"),
]  # fmt: skip
IN_CLUSTER = [
    ("'https://air.example.org'", "→'http://air.example.org'", "hosts.execution_api: must be an https URL without credentials"),
    ("'https://vault.example.org'", "→'https://u:p@vault.example.org'", "hosts.secrets: must be an https URL without credentials"),
    ("'air.example.org:6380'", "→'air.example.org'", "hosts.broker: must be host:port"),
    ("'air.example.org:6380'", "→'localhost:6380'", "hosts.broker: 'localhost' is this machine: no host reaches it"),
    ("broker: 'air.example.org:6380', ", "", "hosts: the key 'broker' is missing: hosts do not know where it is"),
    ("firewall: {", "firewall: {accepts: {onprem: [{source: 10.1.0.0/16, ports: →40099-40000, why: Spark}]}, ", "hosts.firewall.accepts.onprem[0].ports: '40099-40000' is no range of ports"),
    ("onprem: {workers: hosts}}", "onprem: {workers: hosts, triggerer: →true}}", "zones.onprem.triggerer: nothing there defers: a triggerer would read tenants' files itself\n    remove it: sensors wait in their own task"),
    ("zones: {default: {}", "zones: {default: {triggerer: →true}", "zones.default.triggerer: nothing there defers"),
    ("firewall: {", "authority: →ca.pem, firewall: {", "hosts.authority: there is no file ca.pem beside environment.yaml"),
    ("firewall: {", "entrance: →{address: 10.0.0.1}, firewall: {", "hosts.entrance: has no effect with kind: kubernetes"),
    ("firewall: {", "networks: [10.0.0.0/24], firewall: {", "hosts: `networks` and `certificate` belong together"),
    ("firewall: {", "networks: [→10.0.0.1/24], certificate: tls, firewall: {", "hosts.networks[0]: '10.0.0.1/24' is no network"),
    ("firewall: {", "networks: [10.0.0.0/24], certificate: →Tls, firewall: {", "hosts.certificate: "),
    ("firewall: {", "bundle_user: reader, firewall: {", "hosts: `bundle_user` and `bundle_password_file` belong together"),
]  # fmt: skip


def load(root: Path, text: str) -> Environment | str:
    """Return the environment that *text* is, with an inventory beside it, or what is said about it."""
    folder = root / "environments/prod"
    (folder / "inventory").mkdir(parents=True, exist_ok=True)
    (folder / "inventory/hosts.yml").write_text("all: {}\n")
    (folder / "environment.yaml").write_text(text)
    try:
        return load_environment(root, "prod")
    except ProblemsFound as found:
        return str(found)


@pytest.mark.parametrize(("start", "right", "wrong", "said"), [*((LOCAL, *case) for case in IN_LOCAL), *((CLUSTER, *case) for case in IN_CLUSTER)])  # fmt: skip
def test_mistakes_are_placed(tmp_path: Path, start: str, right: str, wrong: str, said: str) -> None:
    """File, line, column, field, and nothing else."""
    assert start.count(right) == 1
    marked = start.replace(right, wrong)
    marked = marked if "→" in marked else marked.replace("hosts: {", "hosts: →{")
    before = marked.partition("→")[0].split("\n")
    place = f"{len(before)}:{len(before[-1]) + 1}"
    assert str(load(tmp_path, marked.replace("→", ""))).startswith(
        f"environments/prod/environment.yaml:{place}: {said}"
    )


def test_hosts_reach_the_entrance_of_a_local_platform(tmp_path: Path) -> None:
    """Three URLs, and host and port of the broker."""
    found = load(tmp_path, LOCAL)
    assert isinstance(found, Environment) and found.hosts is not None, found
    assert found.hosts.addresses() == (
        "https://10.0.0.1:8443/execution/",
        "10.0.0.1:6491",
        "https://10.0.0.1:8444",
        "https://10.0.0.1:8445/bundle.git",
    )
    assert (found.host_zones, found.on_hosts("default"), found.in_cluster("onprem")) == (
        ("onprem",),
        False,
        False,
    )


def test_hosts_reach_a_cluster_as_it_says(tmp_path: Path) -> None:
    """The path of the execution API is the platform's business."""
    found = load(tmp_path, CLUSTER)
    assert isinstance(found, Environment) and found.hosts is not None, found
    assert found.hosts.addresses()[:2] == ("https://air.example.org/execution/", "air.example.org:6380")


def test_what_a_deploy_remembers_comes_back(tmp_path: Path) -> None:
    """`down` and `status` read the environment as it was deployed."""
    found = load(tmp_path, LOCAL)
    assert isinstance(found, Environment), found
    assert Environment.model_validate_json(found.model_dump_json()) == found


def test_a_cluster_may_leave_its_hosts_to_others(tmp_path: Path) -> None:
    """As long as no inventory names any."""
    text = re.sub("hosts: {execution.*\n", "", CLUSTER)
    assert "zones.onprem.workers: hosts do not know how to reach the platform" in str(load(tmp_path, text))
    (tmp_path / "environments/prod/inventory/hosts.yml").unlink()
    assert load_environment(tmp_path, "prod").hosts is None


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::FFFF:10.0.0.1", "10.0.0.1"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("Node-1.Example.ORG.", "node-1.example.org"),
        *(
            (text, None)
            for text in ("010.0.0.1", "10.1", "0x7f.1", "fe80::1%eth0", "a..b", "-a", "a b", "", "ä.org")
        ),
    ],
)
def test_an_address_has_one_spelling(written: str, spelling: str | None) -> None:
    """What a resolver would take for another form of a number is none."""
    assert canonical(written) == spelling


def test_every_key_of_hosts_has_a_description() -> None:
    """Also of what is nested in it."""
    rows = re.findall(r"(?m)^\| `.*$", model_page("hosts", HostsSettings))
    assert len(rows) > 50 and all(row.rstrip(" |").endswith((".", "`.")) for row in rows)

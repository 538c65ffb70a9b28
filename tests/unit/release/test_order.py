"""In which order a deploy to a cluster changes things."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import select
from aerodrome.environment import Environment
from aerodrome.kubernetes.connection import Connection
from aerodrome.kubernetes.desk import ClusterDesk
from aerodrome.kubernetes.preparation import Preparation
from aerodrome.kubernetes.targets import targets
from aerodrome.pipeline import Build
from aerodrome.targets.images import ImagesTarget
from aerodrome.targets.part import Part
from api_server_stand_in import kubeconfig
from cluster_store import storing
from placed_helms import place_helms

REPOSITORY = Path(__file__).resolve().parents[3]
ACCOUNT = "222233334444"
IN_AWS = {"region": "eu-central-1", "agent_role": f"arn:aws:iam::{ACCOUNT}:role/airflow-{{zone}}"}
EVERYTHING: dict[str, Any] = {
    "name": "prod",
    "kind": "kubernetes",
    "zones": {"default": {}, "onprem": {"workers": "hosts"}},
    "queues": {"default": {"zone": "default"}, "onprem": {"zone": "onprem"}},
    "secrets": {"store": "ssm", "ssm": IN_AWS},
    "results": {"kind": "s3", "s3": {"bucket": "results", **IN_AWS}},
    "logs": {"kind": "s3", "s3": {"bucket": "logs", "region": "eu-central-1"}},
    "aws": {"manage_iam": True},
    "cluster": {
        "oidc_issuer": "https://oidc.example.org/id/A",
        "eks": {"name": "data", "region": "eu-central-1", "account": ACCOUNT},
    },
    "images": {"registry": "registry.example.org/airflow"},
    "bundle": {"repository": "https://git.example.org/dags.git"},
    "hosts": {
        "authority": "authority.pem",
        "execution_api": "https://air.example.org",
        "broker": "air.example.org:6380",
        "secrets": "https://vault.example.org",
        "bundle": "https://git.example.org/dags.git",
        "firewall": {"ssh_from": ["10.0.0.0/24"]},
    },
}
LINKED = (
    "ansible",
    "bootstrap.lock",
    "common_plugins",
    "helm",
    "platform",
    "pyproject.toml",
    "requirements.lock",
)
INVENTORY = "all: {hosts: {one: {ansible_host: 10.0.0.11, ansible_user: ops, queues: [onprem]}}}\n"
GIVEN = ["secrets", "iam", "logs", "results"]


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """All targets of an environment that has everything; none of them has looked at anything."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "environments/prod/inventory/hosts.yml"
    file.parent.mkdir(parents=True)
    file.write_text(INVENTORY)
    (file.parents[1] / "authority.pem").write_text("PEM\n")
    for name in LINKED:
        (tmp_path / name).symlink_to(REPOSITORY / name)
    place_helms(tmp_path / ".venv/helm", "exit 1")
    environment = Environment.model_validate(EVERYTHING)
    assert environment.images is not None
    with storing(tmp_path / "helm.json") as (_, address):
        cluster = Cluster(select(json.loads(kubeconfig(prod=address)), "prod", "this test"))
        connection = Connection(tmp_path, environment, cluster.access, cluster)
        prepared = Preparation(tmp_path, environment, Build(()), (), ImagesTarget(environment.images, ()))
        yield list(targets(prepared, connection, {}, ClusterDesk(cluster, environment, "127.0.0.1:1")))


def test_what_is_read_comes_before_who_reads_it(found: list[Any]) -> None:
    """Rights before pods, hosts when what they reach is there, DAGs when all runs that runs them; removals last.

    DAGs of tenants that leave go before what they use.
    """
    names = [target.name for target in found]
    in_between = ["bundle", "login", "release", "roles", "host access", "hosts", "host access", "bundle"]
    assert names == [*GIVEN, *in_between, *reversed(GIVEN)]


def test_rights_are_taken_away_when_all_else_is_done(found: list[Any]) -> None:
    """What used them is gone by then; those that are given come first."""
    rights = [(target.name, target.part) for target in found if target.name in GIVEN]
    given, taken = ([(name, part) for name in GIVEN] for part in (Part.GRANTS, Part.REMOVALS))
    assert rights == [*given, *reversed(taken)]


def test_dags_of_a_tenant_that_leaves_go_before_what_their_tasks_need(found: list[Any]) -> None:
    """Their accounts go with the release, their roles after it; all else of the bundle comes when these are done."""
    parts = [(target.name, target.here.part) for target in found if target.name == "bundle"]
    assert parts == [("bundle", Part.REMOVALS), ("bundle", Part.GRANTS)]
    names = [target.name for target in found]
    assert names.index("bundle") < names.index("release") < names.index("roles")
    assert names.index("hosts") < len(names) - 1 - names[::-1].index("bundle")

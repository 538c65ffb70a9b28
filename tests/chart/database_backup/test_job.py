"""The job that backs up the database holds one secret, in one container, and nothing of the cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kubernetes_schemas import VERSIONS, faults

Objects = dict[str, dict[str, Any]]
Rendered = Callable[..., Objects]


def containers(found: Objects) -> list[dict[str, Any]]:
    """Return the containers of the job's pod in the order in which they run."""
    spec = found["Job"]["spec"]["template"]["spec"]
    return [*spec["initContainers"], *spec["containers"]]


def test_it_is_an_account_a_policy_and_a_job(rendered: Rendered) -> None:
    """Of which each version of Kubernetes knows every field; Helm makes them before an upgrade alone."""
    found = rendered()
    assert set(found) == {"ServiceAccount", "NetworkPolicy", "Job"}
    assert not [fault for one in found.values() for version in VERSIONS for fault in faults(one, version)]
    assert {one["metadata"]["annotations"]["helm.sh/hook"] for one in found.values()} == {"pre-upgrade"}


def test_only_the_first_container_holds_the_secret(rendered: Rendered) -> None:
    """As a file; the one with PostgreSQL's programs, whose image is not ours, gets what the first one made of it."""
    mounts = {one["name"]: {each["name"] for each in one["volumeMounts"]} for one in containers(rendered())}
    assert list(mounts) == ["connection", "dump", "database-backup"]
    assert [name for name, volumes in mounts.items() if "database" in volumes] == ["connection"]
    assert "secretKeyRef" not in str(rendered()) and "backups" not in mounts["connection"]


def test_it_may_do_nothing_in_the_cluster(rendered: Rendered) -> None:
    """It has an account of its own, without a token, and writes into its volumes only."""
    found = rendered()
    spec = found["Job"]["spec"]["template"]["spec"]
    account = found["ServiceAccount"]
    assert spec["serviceAccountName"] == account["metadata"]["name"] == "rel-database-backup"
    assert spec["automountServiceAccountToken"] is account["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    for one in containers(found):
        assert one["securityContext"]["readOnlyRootFilesystem"] is True
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_it_reaches_the_database_and_nothing_else(rendered: Rendered) -> None:
    """Past PgBouncer, too."""
    for found in (rendered(), rendered({"databaseSecretName": "own"}, pgbouncer={"enabled": True})):
        spec = found["NetworkPolicy"]["spec"]
        assert [rule["ports"][0]["port"] for rule in spec["egress"]] == [53, 5432]
        assert spec["policyTypes"] == ["Ingress", "Egress"] and "ingress" not in spec


def test_it_is_tried_once(rendered: Rendered) -> None:
    """Whoever deploys sees why it failed, and the pod stays to be looked at."""
    spec = rendered()["Job"]["spec"]
    assert spec["backoffLimit"] == 0 and spec["activeDeadlineSeconds"] == 3600
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_its_pod_is_one_that_the_policy_lets_pass(rendered: Rendered) -> None:
    """An image from a registry that is not named is refused, by the key that names it."""
    policy = {"images": {"registries": ["registry.example.org"]}}
    airflow = {"airflow": {"repository": "registry.example.org/airflow", "tag": "3.3.2"}}
    with pytest.raises(
        AssertionError, match=r"platform\.databaseBackup\.image: image pg:18 of database-backup"
    ):
        rendered(deploymentPolicy=policy, images=airflow, redis={"enabled": False}, statsd={"enabled": False})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"claim": None}, r"platform\.databaseBackup\.claim: is empty"),
        ({"image": {"repository": "pg", "tag": None}}, r"platform\.databaseBackup\.image: is empty"),
    ],
)
def test_what_it_needs_must_be_named(rendered: Rendered, values: dict[str, Any], said: str) -> None:
    """By the key that is empty."""
    with pytest.raises(AssertionError, match=said):
        rendered(values)


def test_it_does_not_dump_through_pgbouncer(rendered: Rendered) -> None:
    """Another client would get the connection with what pg_dump has set."""
    with pytest.raises(
        AssertionError, match=r"platform\.databaseBackup\.databaseSecretName: is empty, and PgB"
    ):
        rendered(pgbouncer={"enabled": True})

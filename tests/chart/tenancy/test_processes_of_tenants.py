"""DAG processors, triggerers and Celery workers of one tenant's or one zone's own."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="module")
def release(objects_of: Any) -> Any:
    """A tenant with all three."""
    return objects_of("tenant-processes")


def template(one: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return labels and first container of what makes pods."""
    found = one["spec"]["template"]
    return found["metadata"]["labels"], found["spec"]["containers"][0]


def test_a_dag_processor_of_its_own_reads_the_tenants_bundle(release: Any) -> None:
    """Beside the one for everybody, whose pods its selector does not take."""
    both = release.of("Deployment")
    own = both["rel-dag-processor-flights"]
    labels, container = template(own)
    assert container["args"] == ["airflow", "dag-processor", "--bundle-name", "flights"]
    assert (
        own["spec"]["selector"]["matchLabels"]["aerodrome/tenant"] == labels["aerodrome/tenant"] == "flights"
    )
    assert "aerodrome/tenant" not in template(both["rel-dag-processor"])[0]


def test_a_triggerer_of_its_own_takes_the_tenants_queues(release: Any) -> None:
    """And nobody else's."""
    _, container = template(release.of("Deployment")["rel-triggerer-flights"])
    assert container["args"] == ["airflow", "triggerer", "--queues", "flights"]
    assert container["livenessProbe"]["exec"]


def test_workers_of_its_own_have_an_account_a_broker_user_and_a_network(release: Any) -> None:
    """The workers for everybody stay as they are."""
    sets = release.of("StatefulSet")
    labels, container = template(sets["rel-worker-tenant-flights"])
    assert labels["aerodrome/tenant"] == "flights" and labels["worker-set"] == "tenant-flights"
    assert container["args"][:5] == ["airflow", "celery", "worker", "--queues", "flights"]
    account = sets["rel-worker-tenant-flights"]["spec"]["template"]["spec"]["serviceAccountName"]
    assert release.of("ServiceAccount")[account]["automountServiceAccountToken"] is False
    assert release.of("NetworkPolicy")[account]["spec"]["podSelector"]["matchLabels"]["worker-set"]
    assert "tenant-flights" not in str(sets["rel-worker"])


def test_workers_for_personal_data_stand_apart(objects_of: Any) -> None:
    """Nodes, taints, account, broker user and network of their own."""
    release = objects_of("personal-data-zone")
    spec = release.of("StatefulSet")["rel-worker-pii"]["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"example.org/pool": "personal-data"}
    assert spec["tolerations"][0]["key"] == "example.org/personal-data"
    assert spec["serviceAccountName"] == "rel-worker-pii"
    egress = release.of("NetworkPolicy")["rel-worker-pii"]["spec"]["egress"]
    assert [rule["ports"][0]["port"] for rule in egress] == [53, 8080, 6379, 9125, 8200, 5432]
    assert all(rule["to"] for rule in egress)


def test_a_zones_workers_scale_by_themselves_where_all_do(objects_of: Any) -> None:
    """By their own queues."""
    workers = {"enableDefault": False, "keda": {"enabled": True}}
    keda = objects_of("personal-data-zone", workers=workers).of("ScaledObject")
    assert "rel-worker-pii" in keda
    assert "'pii'" in keda["rel-worker-pii"]["spec"]["triggers"][0]["metadata"]["query"]

"""Rendered DAGs, the secrets store and the chart mean the same pods, accounts and roles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.manifest.load import load_repository
from aerodrome.render.chart_values import chart_values
from aerodrome.render.tenant import render_tenant
from aerodrome.secrets import layout

REPOSITORY = Path(__file__).resolve().parents[3]
ENVIRONMENT = Environment.model_validate(
    {
        "name": "prod-eu",
        "kind": "kubernetes",
        "zones": {"default": {}, "pii": {}, "onprem": {"workers": "hosts"}, "platform": {}},
        "queues": {
            "default": {"zone": "default"},
            "pii": {"zone": "pii", "personal_data": True, "shared": False},
            "onprem": {"zone": "onprem", "shared": False},
            "maintenance": {"zone": "platform", "tenants": False},
        },
        "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
        "secrets": {"vault": {"url": "https://vault.example.org:8200"}},
    }
)
DIGEST = "sha256:" + "7" * 64
IMAGES = {
    name: {"repository": f"registry.example.org/{name}", "digest": DIGEST} for name in ("flights", "health")
}
STORE = {"to": [{"ipBlock": {"cidr": "10.0.8.0/28"}}]}


@pytest.fixture(scope="module")
def tenants() -> Any:
    """The repository's own tenants, in the cluster."""
    return load_repository(REPOSITORY, ENVIRONMENT, None).tenants


@pytest.fixture(scope="module")
def release(objects_of: Any, tenants: Any) -> Any:
    """What the chart makes of their values."""
    made = chart_values(tenants, ENVIRONMENT, IMAGES)
    tenancy = made["tenancy"] | {"networkPolicy": {"secretsStore": STORE}}
    return objects_of(executor="CeleryExecutor,KubernetesExecutor", tenancy=tenancy, tenants=made["tenants"])


def test_every_pod_template_that_a_dag_names_is_in_the_scheduler(release: Any, tenants: Any) -> None:
    """And there are no others."""
    texts = [file.text for tenant in tenants for file in render_tenant(tenant, ENVIRONMENT, "0" * 16)]
    named = {found for text in texts for found in re.findall(r"\bpod_template_file\W+?(/[\w/.-]+)", text)}
    offered = {f"/opt/aerodrome/pods/{name}" for name in release.pod_templates()}
    assert named and named <= offered
    zones = {("flights", "default"), ("health", "pii")}
    assert offered == {names.pod_template(tenant, zone) for tenant, zone in zones}


def test_every_pod_has_a_role_in_the_secrets_store(release: Any, tenants: Any) -> None:
    """Of its own account and namespace, at the mount that its agent asks, for the audience of its token."""
    models = {tenant.name: tenant.model for tenant in tenants}
    roles = layout.desired(ENVIRONMENT, models).of(layout.KUBERNETES_ROLE)
    for text in release.pod_templates().values():
        pod = yaml.safe_load(text)
        account, namespace = pod["spec"]["serviceAccountName"], pod["metadata"]["namespace"]
        made = release.of("ServiceAccount", namespace)[account]
        role = roles[made["metadata"]["annotations"]["aerodrome/vault-role"]]
        assert role["bound_service_account_names"] == [account]
        assert role["bound_service_account_namespaces"] == [namespace]
        (login,) = (one for one in pod["spec"]["volumes"] if one["name"] == "secrets-login")
        assert login["projected"]["sources"][0]["serviceAccountToken"]["audience"] == role["audience"]


def test_the_values_are_the_same_for_the_same_tenants(tenants: Any) -> None:
    """Whatever order they come in."""
    made = chart_values(tenants, ENVIRONMENT, IMAGES)
    assert repr(made) == repr(chart_values(reversed(tenants), ENVIRONMENT, dict(reversed(IMAGES.items()))))


def test_a_tenant_whose_code_runs_on_hosts_has_no_namespace(tenants: Any) -> None:
    """Its zone keeps the launcher."""
    assert "routes" in {tenant.name for tenant in tenants}
    assert set(chart_values(tenants, ENVIRONMENT, IMAGES)["tenants"]) == {"flights", "health"}


def test_limits_and_image_are_those_of_the_tenant(release: Any) -> None:
    """And its quota holds as many pods as it may run at once, with a few that end."""
    pod = yaml.safe_load(release.pod_templates()["health-pii.yaml"])
    (tenant,) = (one for one in pod["spec"]["initContainers"] if one["name"] == "tenant")
    assert tenant["image"] == f"registry.example.org/health@{DIGEST}"
    assert tenant["resources"]["limits"]["memory"] == str(2**30 + 64 * 2**20)
    (quota,) = release.of("ResourceQuota", "tenant-health").values()
    assert quota["spec"]["hard"]["pods"] == "4"


def test_the_quota_suffices_for_the_pods_that_it_counts(release: Any) -> None:
    """What all containers of a pod ask for, times the pods, is within it."""
    for name, text in release.pod_templates().items():
        spec = yaml.safe_load(text)["spec"]
        parts = [one["resources"] for one in (*spec["initContainers"], *spec["containers"])]
        hard = next(iter(release.of("ResourceQuota", f"tenant-{name.partition('-')[0]}").values()))["spec"][
            "hard"
        ]
        for kind in ("requests", "limits"):
            memory = sum(_bytes(part[kind]["memory"]) for part in parts)
            assert memory * int(hard["pods"]) <= _bytes(hard[f"{kind}.memory"])


def _bytes(size: str) -> int:
    units = {"Mi": 2**20, "Gi": 2**30}
    return int(size[:-2]) * units[size[-2:]] if size[-2:] in units else int(size)


def test_with_parameters_of_aws_tasks_ask_no_agent(tenants: Any) -> None:
    """Until a pod can ask for them as its tenant's own role."""
    ssm = {"region": "eu-central-1", "agent_role": "arn:aws:iam::123456789012:role/a-{zone}"}
    secrets = ENVIRONMENT.secrets.model_validate({"store": "ssm", "ssm": ssm})
    there = ENVIRONMENT.model_copy(update={"secrets": secrets})
    assert chart_values(tenants, there, {})["tenancy"]["secrets"]["store"] == "none"

"""The platform's own jobs hold what their job needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DATABASE = {
    "roles": "database-of-roles",
    "results-collector": "database-of-results",
}


@pytest.fixture(scope="module")
def release(objects_of: Any) -> Any:
    """All of them."""
    return objects_of("platform-jobs")


def spec_of(release: Any, name: str) -> dict[str, Any]:
    """Return the pod of a job."""
    pods = dict(release.pods())
    spec: dict[str, Any] = pods[f"Deployment/rel-{name}" if name == "roles" else f"CronJob/rel-{name}"][
        "spec"
    ]
    return spec


def secrets_of(spec: dict[str, Any]) -> set[str]:
    """Return the secrets that a pod holds, as variables or files."""
    containers = (*spec.get("initContainers", ()), *spec["containers"])
    variables = [one.get("valueFrom", {}) for part in containers for one in part.get("env", ())]
    found = {one["secretKeyRef"]["name"] for one in variables if "secretKeyRef" in one}
    return found | {one["secret"]["secretName"] for one in spec["volumes"] if "secret" in one}


def test_without_being_asked_for_there_are_none(objects_of: Any) -> None:
    """Nor accounts of theirs."""
    assert not {"rel-roles", "rel-results-collector", "rel-orphans"} & set(objects_of().of("ServiceAccount"))


@pytest.mark.parametrize(
    ("name", "secrets"),
    [
        ("roles", {"database-of-roles", "login"}),
        ("results-collector", {"database-of-results"}),
        ("orphans", set()),
    ],
)
def test_a_job_holds_the_least_secrets(release: Any, name: str, secrets: set[str]) -> None:
    """Neither Fernet key nor the keys that sign tokens; the database as a user of its own."""
    spec = spec_of(release, name)
    assert secrets_of(spec) == secrets
    assert spec["serviceAccountName"] == f"rel-{name}"


@pytest.mark.parametrize(
    ("name", "ports"), [("roles", [53, 5432, 636]), ("results-collector", [53, 5432, 443])]
)
def test_a_job_reaches_what_it_needs(release: Any, name: str, ports: list[int]) -> None:
    """And nobody reaches it."""
    spec = release.of("NetworkPolicy")[f"rel-{name}"]["spec"]
    assert [rule["ports"][0]["port"] for rule in spec["egress"]] == ports
    assert spec["policyTypes"] == ["Ingress", "Egress"] and "ingress" not in spec


def test_the_report_of_orphans_sees_no_pods(release: Any) -> None:
    """Their arguments hold tasks' tokens. It lists three kinds of objects and changes nothing."""
    rules = release.of("ClusterRole")["airflow-rel-orphans"]["rules"]
    kinds = ["namespaces", "resourcequotas", "persistentvolumeclaims"]
    assert rules == [{"apiGroups": [""], "resources": kinds, "verbs": ["list"]}]


def test_the_report_of_orphans_knows_the_tenants(objects_of: Any) -> None:
    """Those of the values."""
    release = objects_of("tenants", platform={"orphans": {"enabled": True}})
    command = spec_of(release, "orphans")["containers"][0]["command"]
    assert command[-4:] == ["--release", "rel", "flights", "health"]


def test_the_collectors_agent_takes_its_settings(release: Any, tmp_path: Path) -> None:
    """It knows where results are and no secrets store."""
    from aerodrome_airflow.secrets import config

    text = release.of("ConfigMap")["rel-results-collector"]["data"]["agent.json"]
    (tmp_path / "agent.json").write_text(text)
    found = config.load(tmp_path / "agent.json")
    assert found.store is None and found.results is not None
    assert (found.zone, found.results.number) == ("collector", "123456789012")
    assert json.loads(text)["environment"] == "prod"


def test_only_the_agent_acts_as_the_role_of_aws(release: Any) -> None:
    """By a token that no other container has; what hands roles out by itself is told to leave the collector out."""
    pod = dict(release.pods())["CronJob/rel-results-collector"]
    assert pod["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"] == "results-collector"
    parts = (*pod["spec"]["initContainers"], *pod["spec"]["containers"])
    holders = [one["name"] for one in parts if "secrets-login" in {m["name"] for m in one["volumeMounts"]}]
    assert holders == ["agent"] and "aws-token" in str(pod["spec"]["volumes"])


def test_a_collector_whose_account_has_a_role_otherwise_shows_no_token(objects_of: Any) -> None:
    """What the cluster hands out by itself is what its agent finds."""
    agent = {"region": "eu-central-1", "account": "123456789012", "role": None}
    release = objects_of("platform-jobs", platform={"resultsCollector": {"agent": agent}})
    said = release.of("ConfigMap")["rel-results-collector"]["data"]["agent.json"]
    assert not {"token_file", "agent_role"} & set(json.loads(said)["results"])
    assert "secrets-login" not in str(spec_of(release, "results-collector"))

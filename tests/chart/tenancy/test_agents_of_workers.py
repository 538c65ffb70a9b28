"""The secrets agent beside Celery workers: it alone can log in, and the worker alone can ask it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SOCKET, LOGIN = "/run/aerodrome/secrets", "/var/run/secrets/aerodrome"
NONE = {"environment": ""}


@pytest.fixture(scope="module")
def release(objects_of: Any) -> Any:
    """Workers of a zone for personal data."""
    return objects_of("personal-data-zone")


def spec_of(release: Any, name: str = "rel-worker-pii") -> dict[str, Any]:
    """Return the pod of a set of workers."""
    found: dict[str, Any] = release.of("StatefulSet")[name]["spec"]["template"]["spec"]
    return found


def parts(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return name → container."""
    return {one["name"]: one for one in (*spec.get("initContainers", ()), *spec["containers"])}


def mounts(container: dict[str, Any]) -> dict[str, bool]:
    """Return path → whether it may only be read, of what a container sees."""
    return {one["mountPath"]: one.get("readOnly", False) for one in container["volumeMounts"]}


def test_only_the_agent_holds_a_token(release: Any) -> None:
    """For the store and nothing else; no pod of workers has one for the cluster."""
    spec = spec_of(release)
    holders = {name for name, one in parts(spec).items() if LOGIN in mounts(one)}
    assert holders == {"secrets"}
    (volume,) = (one for one in spec["volumes"] if one["name"] == "secrets-login")
    (source,) = volume["projected"]["sources"]
    assert source["serviceAccountToken"]["audience"] == "vault"
    account = release.of("ServiceAccount")[spec["serviceAccountName"]]
    assert account["automountServiceAccountToken"] is False


def test_the_worker_alone_may_ask(objects_of: Any) -> None:
    """At a socket that it cannot replace; neither its helpers nor what mounts the values' own volumes see it."""
    own = {
        "extraVolumes": [{"name": "own", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "own", "mountPath": "/own"}],
        "logGroomerSidecar": {"enabled": True},
        "persistence": {"enabled": True},
    }
    release = objects_of("personal-data-zone", zoneWorkers={"zones": {"pii": {"workers": own}}})
    spec = release.of("StatefulSet")["rel-worker-pii"]["spec"]["template"]["spec"]
    found = parts(spec)
    assert {name: mounts(one)[SOCKET] for name, one in found.items() if SOCKET in mounts(one)} == {
        "secrets": False, "worker": True
    }  # fmt: skip
    assert "/own" in mounts(found["worker-log-groomer"])


def test_it_is_there_before_the_worker_and_ends_after_it(release: Any) -> None:
    """A task that ends while its pod stops still reads; a cluster looks whether the agent answers."""
    agent = parts(spec_of(release))["secrets"]
    assert agent in spec_of(release)["initContainers"] and agent["restartPolicy"] == "Always"
    probe = agent["livenessProbe"]["exec"]["command"]
    assert probe == ["python", "-m", "aerodrome_airflow.secrets.alive", f"{SOCKET}/agent.sock"]
    assert agent["resources"]["requests"] and agent["resources"]["limits"]["memory"]
    context = agent["securityContext"]
    assert context["readOnlyRootFilesystem"] and context["capabilities"] == {"drop": ["ALL"]}


def test_the_agent_runs_as_the_worker_does(objects_of: Any) -> None:
    """The socket knows who asks by the number of a user."""
    context = {"container": {"runAsUser": 70000}}
    own = {"zones": {"pii": {"workers": {"securityContexts": context}}}}
    made = parts(spec_of(objects_of("personal-data-zone", zoneWorkers=own)))
    assert {made[name]["securityContext"].get("runAsUser") for name in ("secrets", "worker")} == {70000}


def test_changed_settings_restart_the_workers(release: Any, objects_of: Any) -> None:
    """The agent reads them once."""
    other = objects_of("personal-data-zone", tenancy={"secrets": {"freshSeconds": 5}})
    digests = {
        one.of("StatefulSet")["rel-worker-pii"]["spec"]["template"]["metadata"]["annotations"][
            "checksum/secrets-agent"
        ]
        for one in (release, other)
    }
    assert len(digests) == 2


def test_workers_of_everybody_and_of_no_environment_have_none(objects_of: Any) -> None:
    """Only keys of the platform's own ask for it."""
    for found in (objects_of(), objects_of("personal-data-zone", tenancy=NONE)):
        for name in found.of("StatefulSet"):
            assert "aerodrome" not in str(spec_of(found, name)) or name == "rel-worker-pii"
            assert "secrets" not in parts(spec_of(found, name))
        assert not any(name.endswith("-agent") for name in found.of("ConfigMap"))


def test_a_store_with_an_authority_of_its_own_is_believed_by_it(objects_of: Any, tmp_path: Path) -> None:
    """The certificate lies beside the settings, as the agent looks for it."""
    from aerodrome_airflow.secrets import config

    vault = {"caCertificate": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"}
    found = objects_of("personal-data-zone", tenancy={"secrets": {"vault": vault}})
    data = found.of("ConfigMap")["rel-worker-pii-agent"]["data"]
    assert data["secrets-store.crt"].startswith("-----BEGIN")
    (tmp_path / "agent.json").write_text(data["agent.json"])
    store = config.load(tmp_path / "agent.json").store
    assert store is not None and getattr(store, "ca_file", None) == "/etc/aerodrome/secrets-store.crt"


def test_a_tenants_own_workers_log_in_as_that_tenant(objects_of: Any) -> None:
    """By a role of their own, and their agent answers for nobody else."""
    release = objects_of("tenant-processes")
    account = spec_of(release, "rel-worker-tenant-flights")["serviceAccountName"]
    said = json.loads(release.of("ConfigMap")[f"{account}-agent"]["data"]["agent.json"])
    assert account == "rel-worker-tenant-flights-default" and said["tenants"] == ["flights"]
    role = "aerodrome-prod.default.flights.workers"
    assert said["store"]["role"] == role and "mints" not in said["store"]
    annotations = release.of("ServiceAccount")[account]["metadata"]["annotations"]
    assert annotations["aerodrome/vault-role"] == role


@pytest.mark.parametrize(
    "process", ["dag-processor-flights", "triggerer-flights", "dag-processor", "triggerer"]
)
def test_what_runs_no_task_asks_nobody(objects_of: Any, process: str) -> None:
    """DAG processors read no connection, and no trigger of the catalogue looks one up: they have no agent."""
    found = objects_of("tenant-processes")
    objects = {**found.of("Deployment"), **found.of("StatefulSet")}
    assert "secrets" not in parts(objects[f"rel-{process}"]["spec"]["template"]["spec"])
    assert "SECRETS_BACKEND" not in str(objects[f"rel-{process}"])

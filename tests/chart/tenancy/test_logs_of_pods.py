"""Logs of pods: what sends them sees them and one token, the API server has one that reads, and nobody else any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from aerodrome_airflow.logs import settings

LOGIN, LOGS, LEDGER = "/var/run/secrets/aerodrome-logs", "/opt/airflow/logs", "/run/aerodrome/logs"
ROLES = "arn:aws:iam::123456789012:role/aerodrome-logs/prod/"
STORE = {"ipBlock": {"cidr": "10.0.9.0/28"}}
TASKS, WORKERS, OWN = (
    "Task/flights-default.yaml",
    "StatefulSet/rel-worker-default",
    "StatefulSet/rel-worker-tenant-flights",
)
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"


@pytest.fixture(scope="module")
def release(objects_of: Any) -> Any:
    """A zone's workers, a tenant's own, and pods of its tasks."""
    return objects_of("logs-of-pods")


def parts(release: Any, which: str) -> dict[str, dict[str, Any]]:
    """Return name → container of a pod, sidecars included."""
    spec = dict(release.pods())[which]["spec"]
    return {one["name"]: one for one in (*spec.get("initContainers", ()), *spec["containers"])}


def mounts(container: dict[str, Any]) -> dict[str, bool]:
    """Return path → whether it may only be read, of what a container sees."""
    return {one["mountPath"]: one.get("readOnly", False) for one in container["volumeMounts"]}


@pytest.mark.parametrize("which", [TASKS, WORKERS, OWN])
def test_what_sends_sees_the_logs_and_one_token(release: Any, which: str) -> None:
    """And no socket, no configuration of Airflow and no variable; it may write its own notes alone."""
    seen = mounts(parts(release, which)["logs"])
    assert {path for path, only in seen.items() if not only} - {"/tmp"} == {LEDGER}
    assert {path for path, only in seen.items() if only} == {"/etc/aerodrome/logs", LOGIN, LOGS}
    assert "env" not in parts(release, which)["logs"] and "envFrom" not in parts(release, which)["logs"]


@pytest.mark.parametrize("which", [TASKS, WORKERS, OWN])
def test_nobody_else_in_the_pod_sees_its_token(release: Any, which: str) -> None:
    """Which is for logs alone, and is no token of the cluster."""
    holders = {name for name, one in parts(release, which).items() if LOGIN in mounts(one)}
    (volume,) = (one for one in dict(release.pods())[which]["spec"]["volumes"] if one["name"] == "logs-login")
    assert holders == {"logs"}
    (source,) = volume["projected"]["sources"]
    assert source["serviceAccountToken"]["audience"] == "aerodrome-logs"


@pytest.mark.parametrize("which", [TASKS, WORKERS, OWN])
def test_it_begins_before_what_it_sends_for_and_ends_after_it(release: Any, which: str) -> None:
    """As a sidecar with limits, that can change nothing."""
    spec, sender = dict(release.pods())[which]["spec"], parts(release, which)["logs"]
    assert sender in spec["initContainers"] and sender["restartPolicy"] == "Always"
    assert sender["resources"]["requests"] and sender["resources"]["limits"]["memory"]
    context = sender["securityContext"]
    assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]}


def test_the_tenants_code_sees_neither_logs_nor_token(release: Any) -> None:
    """What would give it the tenant's role of AWS leaves out what sends."""
    assert not {LOGIN, LOGS, LEDGER} & set(mounts(parts(release, TASKS)["tenant"]))
    annotations = dict(release.pods())[TASKS]["metadata"]["annotations"]
    assert annotations["eks.amazonaws.com/skip-containers"] == "base,secrets,logs"
    (logs,) = (one for one in dict(release.pods())[TASKS]["spec"]["volumes"] if one["name"] == "logs")
    assert logs["emptyDir"] == {"sizeLimit": "512Mi"}


def written(release: Any) -> dict[str, str]:
    """Return whose → settings, as the chart writes them."""
    return {
        TASKS: release.of("ConfigMap", "tenant-flights")["rel-settings"]["data"]["logs-default.json"],
        WORKERS: release.of("ConfigMap")["rel-worker-default-logs"]["data"]["logs.json"],
        OWN: release.of("ConfigMap")["rel-worker-tenant-flights-default-logs"]["data"]["logs.json"],
    }


def test_each_takes_the_settings_that_the_chart_writes(release: Any, tmp_path: Path) -> None:
    """The zone's folder, by the role of who sends; a task's pod has less time at its end than the kubelet gives it."""
    roles = {}
    for whose, text in written(release).items():
        (tmp_path / "logs.json").write_text(text)
        found = settings.load(tmp_path / "logs.json")
        assert (str(found.folder), found.cleans, found.ending) == (LOGS, False, 40.0)
        assert found.store["base"] == "airflow-logs/prod/default/" and "ca_file" not in found.store
        roles[whose] = found.store["role"].removeprefix(ROLES)
    tenants = "logs-prod.flights.default"
    assert roles == {TASKS: tenants, WORKERS: "logs-prod-default", OWN: tenants}


def test_the_api_server_has_the_token_that_reads(release: Any) -> None:
    """And no other pod of the release: what sends has one for itself, as above."""
    holders = {
        name: {part for part, one in parts(release, name).items() if LOGIN in mounts(one)}
        for name, _ in release.pods()
    }
    assert {name: who for name, who in holders.items() if who and who != {"logs"}} == {
        "Deployment/rel-api-server": {"api-server"}
    }


def test_a_store_with_an_authority_of_its_own_is_believed_by_it(objects_of: Any) -> None:
    """By what sends and by what reads."""
    s3 = {"endpoint": "https://s3.example.org", "caCertificate": CERTIFICATE}
    release = objects_of("logs-of-pods", tenancy={"logs": {"s3": s3}})
    for text in written(release).values():
        assert json.loads(text)["store"]["ca_file"] == "/etc/aerodrome/logs/store.crt"
    for name in ("rel-config", "rel-worker-default-logs"):
        assert release.of("ConfigMap")[name]["data"]["logs-store.crt"].startswith("-----BEGIN")
    assert release.of("ConfigMap", "tenant-flights")["rel-settings"]["data"]["logs-store.crt"]
    assert "/etc/aerodrome/logs/store.crt" in mounts(
        parts(release, "Deployment/rel-api-server")["api-server"]
    )


@pytest.mark.parametrize(
    ("namespace", "name"),
    [("tenant-flights", "flights-default"), ("airflow", "rel-worker-default")],
)
def test_the_store_is_let_out_to_and_nothing_more(objects_of: Any, namespace: str, name: str) -> None:
    """One rule beside those that are there without it."""
    without = objects_of("logs-of-pods", tenancy={"logs": {"store": "none"}})
    rules = [
        one.of("NetworkPolicy", namespace)[name]["spec"]["egress"]
        for one in (objects_of("logs-of-pods"), without)
    ]
    more = [one for one in rules[0] if one not in rules[1]]
    assert more == [{"to": [STORE], "ports": [{"port": 443, "protocol": "TCP"}]}]
    assert [one for one in rules[0] if one in rules[1]] == rules[1]


def test_without_a_store_nothing_of_it_is_there(objects_of: Any) -> None:
    """Neither containers nor tokens nor settings."""
    release = objects_of("logs-of-pods", tenancy={"logs": {"store": "none"}})
    text = yaml.safe_dump([one for one in release.objects if "log_store" not in str(one)])
    assert "logs.ship" not in text and "logs-login" not in text and "logs.json" not in text
    assert "logs.ship" not in str(release.pod_templates())


@pytest.mark.parametrize(("volume", "kind"), [(True, "StatefulSet"), (False, "Deployment")])
def test_workers_that_send_keep_no_log_for_ever(objects_of: Any, volume: bool, kind: str) -> None:
    """With a volume or without one: what sends looks at each of them every few seconds."""
    release = objects_of("logs-of-pods", workers={"celery": {"persistence": {"enabled": volume}}})
    groomer = parts(release, f"{kind}/rel-worker-default")["worker-log-groomer"]
    assert mounts(groomer)[LOGS] is False


def test_a_volume_of_root_is_given_away_before_what_sends_begins(objects_of: Any) -> None:
    """With the folder of its notes, which is made for the first container that has it."""
    given = {"celery": {"persistence": {"fixPermissions": True}}}
    excepted = {"nonRoot": {"worker": "The storage knows no groups."}}
    release = objects_of("logs-of-pods", workers=given, deploymentPolicy={"exceptions": excepted})
    found = parts(release, WORKERS)
    assert list(found).index("volume-permissions") < list(found).index("logs")
    assert {LOGS, LEDGER} <= set(mounts(found["volume-permissions"]))


def test_other_settings_restart_the_workers(release: Any, objects_of: Any) -> None:
    """What sends reads them once."""
    other = objects_of("logs-of-pods", tenancy={"logs": {"s3": {"bucket": "another"}}})
    digests = {
        dict(one.pods())[WORKERS]["metadata"]["annotations"]["checksum/logs-sender"]
        for one in (release, other)
    }
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"tenancy": {"logs": {"s3": {"bucket": None}}}}, "tenancy.logs.s3.bucket: is empty"),
        ({"tenancy": {"networkPolicy": {"logsStore": {"to": []}}}}, "no pod reaches the store of logs"),
        ({"logs": {"persistence": {"enabled": True}}}, "in a volume that all share already"),
        (
            {"tenants": {"flights": {"zones": {"default": {"logsRole": None}}}}},
            "tenants.flights.zones.default.logsRole: is empty",
        ),
        (
            {"tenants": {"flights": {"workers": {"logsRole": None}}}},
            "tenants.flights.workers.logsRole: is empty",
        ),
        (
            {"zoneWorkers": {"zones": {"default": {"logsRole": None}}}},
            "zoneWorkers.zones.default.logsRole: is empty",
        ),
    ],
)
def test_what_is_missing_is_named(refusal: Any, values: dict[str, Any], said: str) -> None:
    """Before anything is made."""
    assert said in refusal("logs-of-pods", **values)

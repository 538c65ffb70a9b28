"""Task logs of pods in the chart's values: the place, the roles, and where the API server reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aerodrome.environment import Environment
from aerodrome.logs_settings import PodsLogsSettings, pods_mistakes
from aerodrome.render import pods_logs
from aerodrome.render.chart_values import chart_values

BUCKET = {"bucket": "company-logs", "region": "eu-central-1"}
ROLES = "arn:aws:iam::111122223333:role/logs/"
HOSTS = {
    "execution_api": "https://api.example.org/execution/",
    "broker": "broker.example.org:6379",
    "secrets": "https://vault.example.org",
    "bundle": "https://git.example.org/dags.git",
    "logs": {
        "kind": "s3",
        "s3": {**BUCKET, "role": "arn:aws:iam::111122223333:role/l-{zone}", "login_file": "{zone}"},
    },
}


def environment(logs: dict[str, Any], **more: Any) -> Environment:
    """Return an environment with zones in the cluster and on hosts."""
    return Environment.model_validate(
        {
            "name": "prod",
            "kind": "kubernetes",
            "zones": {"default": {}, "onprem": {"workers": "hosts"}},
            "queues": {"default": {"zone": "default"}, "onprem": {"zone": "onprem", "shared": False}},
            "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
            "logs": logs,
            **more,
        }
    )


def sent(**s3: Any) -> dict[str, Any]:
    """Return `logs` with a bucket."""
    return {"kind": "s3", "s3": {**BUCKET, "roles": ROLES, **s3}}


def values(logs: dict[str, Any], authority: str = "", **more: Any) -> dict[str, Any]:
    """Return the chart's values without tenants."""
    return chart_values([], environment(logs, **more), {}, "", authority)


def test_without_logs_no_value_is_another() -> None:
    """So nothing changes in a cluster whose environment does not name a store."""
    made = values({})
    assert "logs" not in made["tenancy"] and "networkPolicy" not in made["tenancy"]
    assert "log_store" not in made["config"]["aerodrome"]
    assert "logsRole" not in made["zoneWorkers"]["zones"]["default"]
    assert "logGroomerSidecar" not in made["workers"]


def test_workers_keep_what_they_send_for_a_day() -> None:
    """As hosts do."""
    assert values(sent())["workers"]["logGroomerSidecar"] == {"retentionDays": 1}


def test_workers_send_by_their_zones_role_and_the_api_server_reads_by_its_own() -> None:
    """In the same place."""
    made = values(sent())
    assert made["zoneWorkers"]["zones"]["default"]["logsRole"] == f"{ROLES}logs-prod-default"
    place = json.loads(made["config"]["aerodrome"]["log_store"].replace("%%", "%"))
    assert place["zones"] == {"default": "default"}
    assert (
        place["store"]["role"] == f"{ROLES}logs-prod-reader"
        and place["store"]["token_file"] == pods_logs.TOKEN
    )
    said = made["tenancy"]["logs"]["s3"]
    assert (said["bucket"], said["base"]) == (place["store"]["bucket"], place["store"]["base"])


@pytest.mark.parametrize(
    ("endpoint", "port"),
    [
        (None, 443),
        ("https://s3.example.org", 443),
        ("http://10.0.0.1", 80),
        ("https://s3.example.org:9000", 9000),
    ],
)
def test_the_stores_port_is_let_out_to(endpoint: str | None, port: int) -> None:
    """Where it is only whoever runs the network knows."""
    assert values(sent(endpoint=endpoint))["tenancy"]["networkPolicy"] == {"logsStore": {"port": port}}


def test_an_authority_is_told_to_all(tmp_path: Any) -> None:
    """As text to the chart, and to the API server as the file that the chart makes of it."""
    made = values(sent(endpoint="https://s3.example.org", ca_file="logs.pem"), "PEM")
    place = json.loads(made["config"]["aerodrome"]["log_store"])
    assert made["tenancy"]["logs"]["s3"]["caCertificate"] == "PEM"
    assert place["store"]["ca_file"] == f"{pods_logs.FOLDER}/{pods_logs.AUTHORITY}"


def test_logs_of_hosts_and_of_pods_are_two_places() -> None:
    """Each queue's are in one of them."""
    more = {"hosts": HOSTS, "secrets": {"vault": {"url": "https://vault.example.org"}}}
    hosts, pods = json.loads(values(sent(), **more)["config"]["aerodrome"]["log_store"])
    assert (hosts["zones"], pods["zones"]) == ({"onprem": "onprem"}, {"default": "default"})
    assert "token_file" not in hosts["store"]


def test_with_manage_iam_the_roles_are_those_that_a_deploy_makes() -> None:
    """In the cluster's account, at a path of their own."""
    cluster = {
        "oidc_issuer": "https://oidc.example.org",
        "eks": {"name": "a", "region": "cn-north-1", "account": "444455556666"},
    }
    place = environment({"kind": "s3", "s3": BUCKET}, cluster=cluster, aws={"manage_iam": True})
    found = pods_logs.role_of(place, "default", "flights")
    assert found == "arn:aws-cn:iam::444455556666:role/aerodrome-logs/prod/logs-prod.flights.default"


@pytest.mark.parametrize(
    ("logs", "managed", "where"),
    [
        ({"kind": "s3"}, False, ("kind",)),
        ({"s3": {**BUCKET, "roles": ROLES}}, False, ("s3",)),
        (sent(roles=None), False, ("s3", "roles")),
        (sent(), True, ("s3", "roles")),
        (sent(roles="arn:aws:iam::1:role/"), False, ("s3", "roles")),
        (sent(roles="arn:aws:iam::111122223333:role/x"), False, ("s3", "roles")),
        (sent(bucket="B"), False, ("s3", "bucket")),
        (sent(prefix="a*"), False, ("s3", "prefix")),
        (sent(region="here"), False, ("s3", "region")),
        (sent(endpoint="s3.example.org"), False, ("s3", "endpoint")),
        (sent(endpoint="https://s3.example.org:x"), False, ("s3", "endpoint")),
        (sent(kms_key="x"), False, ("s3", "kms_key")),
        (sent(ca_file="logs.pem"), False, ("s3", "ca_file")),
    ],
)
def test_what_makes_no_sense_is_told(logs: dict[str, Any], managed: bool, where: tuple[str, ...]) -> None:
    """With the key that is wrong."""
    settings = PodsLogsSettings.model_validate(logs)
    assert [keys for keys, _, _ in pods_mistakes(settings, "kubernetes", managed=managed)] == [where]


def test_logs_of_pods_are_of_clusters_alone() -> None:
    """ENV=local has none."""
    (found,) = pods_mistakes(PodsLogsSettings.model_validate(sent()), "local", managed=False)
    assert found[1] == "has no effect with kind: local"
    assert not list(pods_mistakes(PodsLogsSettings(), "local", managed=False))
    assert not list(pods_mistakes(PodsLogsSettings.model_validate(sent()), "kubernetes", managed=False))

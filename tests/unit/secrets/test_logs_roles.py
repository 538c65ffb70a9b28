"""The IAM roles for task logs of pods: whom they trust, what they reach, and what a deploy changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.secrets import logs_iam, pods_iam
from aerodrome.targets.iam import logs_target
from example import tenant
from judged import Request, allows
from moto import mock_aws

ACCOUNT, REGION = "123456789012", "eu-central-1"
ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/ABC"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/of-logs"
BASE = "arn:aws:s3:::company-logs/airflow-logs/prod/"
TENANTS = {
    "flights": tenant(queues=["default", "onprem"]),
    "health": tenant(queues=["default", "pii_data"]),
    "routes": tenant(queues=["onprem"]),
}
ACCOUNTS = {
    "logs-prod-default": ("airflow:airflow-worker-default",),
    "logs-prod-pii_data": ("airflow:airflow-worker-pii-data",),
    "logs-prod.flights.default": (
        "tenant-flights:flights-default",
        "airflow:airflow-worker-tenant-flights-default",
    ),
    "logs-prod.health.default": (
        "tenant-health:health-default",
        "airflow:airflow-worker-tenant-health-default",
    ),
    "logs-prod.health.pii_data": (
        "tenant-health:health-pii-data",
        "airflow:airflow-worker-tenant-health-pii-data",
    ),
    "logs-prod-reader": ("airflow:airflow-api-server",),
}
OF_FLIGHTS = "default/queue=default/dag_id=flights.daily/x.log.pod"


def environment(**s3: str) -> Environment:
    """Return an environment with a zone on hosts, and two in the cluster."""
    queues = {zone: {"zone": zone} for zone in ("default", "onprem")}
    return Environment.model_validate(
        {
            "name": "prod",
            "kind": "kubernetes",
            "zones": {"default": {}, "pii_data": {}, "onprem": {"workers": "hosts"}},
            "queues": {**queues, "pii_data": {"zone": "pii_data", "personal_data": True, "shared": False}},
            "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
            "cluster": {
                "oidc_issuer": f"https://{ISSUER}",
                "eks": {"name": "airflow", "region": REGION, "account": ACCOUNT},
            },
            "logs": {"kind": "s3", "s3": {"bucket": "company-logs", "region": REGION, **s3}},
            "aws": {"manage_iam": True},
        }
    )


ROLES = logs_iam.desired(environment(kms_key=KEY), TENANTS)


def may_be(role: str, account: str, audience: str = names.LOGS_AUDIENCE) -> bool:
    """Return whether a pod of *account* with a token for *audience* may be *role*."""
    claims = {f"{ISSUER}:aud": audience, f"{ISSUER}:sub": f"system:serviceaccount:{account}"}
    asked = Request("sts:AssumeRoleWithWebIdentity", ("Federated", PROVIDER), context=claims)
    return allows(ROLES[role].trust, asked)


def may(role: str, action: str, resource: str, **context: str) -> bool:
    """Return whether *role* may do *action* on *resource*."""
    words = {key.replace("_", ":"): text for key, text in context.items()}
    return allows(ROLES[role].policy, Request(action, resource=resource, context=words))


def test_every_account_in_the_cluster_is_its_own_role_and_no_other() -> None:
    """Workers of each zone, each tenant in it, and the API server; hosts have none."""
    assert set(ROLES) == set(ACCOUNTS)
    known = {account: role for role, accounts in ACCOUNTS.items() for account in accounts}
    for role in ROLES:
        assert {account for account in known if may_be(role, account)} == set(ACCOUNTS[role])


def test_no_other_token_of_the_same_pod_opens_a_role_for_logs() -> None:
    """Nor does this one open the roles for secrets and results, which want that audience."""
    assert not any(
        may_be(role, account, names.AWS_AUDIENCE)
        for role, accounts in ACCOUNTS.items()
        for account in accounts
    )


@pytest.mark.parametrize(
    "key",
    [
        "default/queue=default/dag_id=health.daily/x.log.pod",
        "default/queue=default/dag_id=health.daily/x.log.pod/dag_id=flights.daily/x",
        "default/queue=onprem/dag_id=flights.daily/x.log.pod",
        "pii_data/queue=pii_data/dag_id=flights.daily/x.log.pod",
    ],
)
def test_a_tenant_writes_its_own_logs_in_its_zone_alone(key: str) -> None:
    """A zone's workers write those of all tenants there."""
    role = "logs-prod.flights.default"
    assert may(role, "s3:PutObject", BASE + OF_FLIGHTS) and not may(role, "s3:PutObject", BASE + key)
    assert may("logs-prod-default", "s3:PutObject", BASE + OF_FLIGHTS)
    assert may("logs-prod-default", "s3:PutObject", BASE + key) == key.startswith("default/")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_who_writes_does_not_read_and_who_reads_does_not_write(role: str) -> None:
    """Nobody removes anything: how long logs are kept is the bucket's own rule."""
    reads = role == "logs-prod-reader"
    place, listed = BASE + OF_FLIGHTS, {"s3_prefix": "airflow-logs/prod/default/"}
    assert may(role, "s3:GetObject", place) == reads
    assert may(role, "s3:ListBucket", "arn:aws:s3:::company-logs", **listed) == reads
    assert not may(role, "s3:DeleteObject", place) and not (reads and may(role, "s3:PutObject", place))
    via = {"kms_ViaService": f"s3.{REGION}.amazonaws.com"}
    assert may(role, "kms:Decrypt", KEY, **via) and not may(role, "kms:Decrypt", KEY)
    assert may(role, "kms:GenerateDataKey", KEY, **via) != reads


def test_the_longest_names_are_names_of_roles() -> None:
    """And stay apart."""
    env, zone = "e" * 31, "z" * names.ZONE_LENGTH
    made = [names.logs_role(env, zone), names.logs_reader_role(env)]
    made += [names.logs_role(env, zone, "t" * length) for length in (30, 31)]
    assert len(set(made)) == 4 and max(map(len, made)) <= 64
    assert names.why_no_zone(names.READER) and names.is_role_path(names.logs_path("prod") + made[0])


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An account without a role."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with mock_aws():
        yield


def test_a_deploy_makes_them_and_takes_those_of_a_tenant_that_is_gone(aws: Any) -> None:
    """By name; what is as it should be is left alone."""
    target = logs_target(environment(), TENANTS)
    target.apply(target.changes(), print)
    assert target.changes() == () and set(target.roles.read()) == set(ACCOUNTS)
    fewer = logs_target(environment(), {name: model for name, model in TENANTS.items() if name != "flights"})
    (gone,) = fewer.changes()
    assert (gone.action, gone.name, gone.owner) == ("delete", "logs-prod.flights.default", "flights")


def test_they_go_with_the_setting(aws: Any) -> None:
    """Nobody keeps a right to write or read logs that go nowhere any more."""
    target = logs_target(environment(), TENANTS)
    target.apply(target.changes(), print)
    silent = Environment.model_validate(environment().model_dump(exclude={"logs"}))
    without = logs_target(silent, TENANTS)
    assert {(gone.action, gone.name) for gone in without.changes()} == {("delete", name) for name in ACCOUNTS}
    without.apply(without.changes(), print)
    assert target.roles.read() == {} and logs_target(silent, TENANTS).changes() == ()


def test_where_nobody_signs_tokens_no_pod_is_anybody() -> None:
    """Whatever the roles are for."""
    place = environment().model_copy(
        update={"cluster": environment().cluster.model_copy(update={"oidc_issuer": None})}
    )
    for of in (logs_iam, pods_iam):
        with pytest.raises(ValueError, match="names no OIDC issuer"):
            of.desired(place, TENANTS)

"""Values of tenants, zones, platform jobs and the entrance that cannot work are refused, with the key and a remedy."""

from __future__ import annotations

from typing import Any

import pytest

ONE = {"zones": {"default": {}}}
MANY = [
    ("tenants", {"tenancy": {"environment": ""}}, "tenancy.environment: is empty"),
    ("tenants", {"executor": "CeleryExecutor"}, "write CeleryExecutor,KubernetesExecutor"),
    (
        "tenants",
        {"tenancy": {"secrets": {"vault": {"address": ""}}}},
        "tenancy.secrets.vault.address: is empty",
    ),
    (
        "tenants",
        {"tenancy": {"networkPolicy": {"secretsStore": {"to": []}}}},
        "tenancy.networkPolicy.secretsStore.to: is empty",
    ),
    (
        "stores-in-aws",
        {"tenancy": {"secrets": {"ssm": {"agentRole": "arn:aws:iam::123456789012:role/airflow"}}}},
        "tenancy.secrets.ssm.agentRole: must be the ARN of the role of a zone's workers, with {zone} in it",
    ),
    (
        "stores-in-aws",
        {"tenancy": {"secrets": {"ssm": {"account": "1234"}}}},
        "tenancy.secrets.ssm.account: must be the 12 digits",
    ),
    (
        "stores-in-aws",
        {"tenancy": {"results": {"s3": {"bucket": None}}}},
        "tenancy.results.s3.bucket: is empty",
    ),
    (
        "stores-in-aws",
        {"tenancy": {"results": {"s3": {"region": ""}}}},
        "tenancy.results.s3.region: is empty",
    ),
    (
        "stores-in-aws",
        {"tenancy": {"networkPolicy": {"secretsStore": {"to": []}}}},
        "tenancy.networkPolicy.secretsStore.to: is empty",
    ),
    (
        "personal-data-zone",
        {"tenancy": {"secrets": {"vault": {"address": ""}}}},
        "tenancy.secrets.vault.address: is empty",
    ),
    (
        "personal-data-zone",
        {"zoneWorkers": {"zones": {"tenant_a": {"queues": ["a"]}}}},
        "zoneWorkers.zones.tenant_a: tenants' own workers are called so",
    ),
    ("tenants", {"dags": {"persistence": {"enabled": True}}}, "dags.persistence.enabled: a volume claim"),
    ("tenants", {"tenants": {"routes": {}}}, "tenants.routes.zones: is empty"),
    (
        "tenants",
        {"tenants": {"routes": ONE | {"image": {"repository": "r"}}}},
        "tenants.routes.image: has a repository and neither tag nor digest",
    ),
    (
        "tenants",
        {"tenants": {"routes": ONE | {"data": {"existingClaim": "d"}}}},
        "tenants.routes.data.existingClaim: has no effect",
    ),
    (
        "tenants",
        {"tenants": {"routes": ONE | {"dagProcessor": {"enabled": True}}}},
        "tenants.routes.dagProcessor.bundle: is empty",
    ),
    (
        "tenants",
        {"tenants": {"routes": ONE | {"triggerer": {"enabled": True, "queues": ["q"]}}}},
        'tenants.routes.triggerer.enabled: triggers know no queues: write config.triggerer.queues_enabled: "True"',
    ),
    (
        "tenants",
        {"tenants": {"routes": ONE | {"workers": {"enabled": True}}}},
        "tenants.routes.workers.queues: is empty",
    ),
    ("personal-data-zone", {"zoneWorkers": {"zones": {"x": {}}}}, "zoneWorkers.zones.x.queues: is empty"),
    ("personal-data-zone", {"executor": "KubernetesExecutor"}, "has no Celery workers"),
    ("personal-data-zone", {"redis": {"enabled": False}}, "brokerUsers: Redis of this release is off"),
    (
        "platform-jobs",
        {"platform": {"roles": {"settingsSecretName": None}}},
        "platform.roles.settingsSecretName",
    ),
    (
        "platform-jobs",
        {"platform": {"roles": {"networkPolicy": {"directory": {"to": []}}}}},
        "platform.roles.networkPolicy.directory.to: is empty",
    ),
    ("platform-jobs", {"postgresql": {"enabled": False}}, "platform.database.to: is empty"),
    ("platform-jobs", {"tenancy": {"environment": ""}}, "tenancy.environment: is empty"),
    ("tenants", {"tenants": {"no-slug": ONE}}, "tenants.no-slug.(name): use 2 to 31 lower-case letters"),
    (
        "tenants",
        {"tenants": {"routes": {"zones": {"On-Prem": {}}}}},
        "tenants.routes.zones.On-Prem: use 1 to 22 lower-case letters",
    ),
    (
        "tenants",
        {"tenants": {"routes": ONE | {"limit": {"cpu": 1}}}},
        "tenants.routes: Additional property limit",
    ),
    (
        "hybrid-entrance",
        {"brokerUsers": {"onprem": {"passwordSha256": "secret"}}},
        "brokerUsers.onprem.passwordSha256: must be 64 hexadecimal digits",
    ),
    (
        "hybrid-entrance",
        {"brokerUsers": {"onprem": {"queues": ["a ~* +@all"]}}},
        'brokerUsers.onprem.queues: "a ~* +@all" is no name of a queue',
    ),
    (
        "hybrid-entrance",
        {"hybrid": {"networks": ["10.0.0.0"]}},
        'hybrid.networks: "10.0.0.0" is no network',
    ),
    ("hybrid-entrance", {"hybrid": {"networks": []}}, "hybrid.networks: is empty"),
    ("hybrid-entrance", {"hybrid": {"tlsSecretName": None}}, "hybrid.tlsSecretName: is empty"),
    ("hybrid-entrance", {"brokerUsers": None}, "brokerUsers: is empty"),
    (
        "hybrid-entrance",
        {"hybrid": {"broker": {"host": "redis.example.org", "usersSecretName": "users"}}},
        "hybrid.broker.usersSecretName: the broker is not Redis of this release",
    ),
    (
        "hybrid-entrance",
        {"hybrid": {"broker": {"enabled": False}, "executionApi": {"enabled": False}}},
        "write hybrid.enabled: false",
    ),
]


@pytest.mark.parametrize(("example", "values", "said"), MANY, ids=[said for _, _, said in MANY])
def test_what_cannot_work_is_refused(refusal: Any, example: str, values: dict[str, Any], said: str) -> None:
    """By one line that names the key."""
    assert said in refusal(example, **values)


def test_all_mistakes_of_the_tenants_are_told_together(refusal: Any) -> None:
    """A line for each."""
    wrong = {"aa": {}, "bb": ONE | {"image": {"repository": "r"}}}
    told = refusal("tenants", tenancy={"environment": ""}, tenants=wrong)
    assert [key in told for key in ("tenancy.environment", "tenants.aa.zones", "tenants.bb.image")] == [
        True
    ] * 3

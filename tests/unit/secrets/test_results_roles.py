"""`results:` of environment.yaml, and the IAM roles that follow from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aerodrome import names
from aerodrome.environment import Environment, load_environment
from aerodrome.errors import ProblemsFound
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.secrets import results_iam

S3 = (
    "{bucket: our-results, region: eu-central-1, agent_role: 'arn:aws:iam::123456789012:role/airflow-{zone}'}"
)
LOCAL = """\
kind: local
zones: {default: {}, pii: {}}
queues: {default: {zone: default}, pii: {zone: pii, shared: false}}
alert_channels: {central: {type: file, target: a.jsonl}}
"""
OWNERS = [{"name": "Team", "email": "team@example.org"}]


def load(root: Path, results: str, name: str = "prod") -> Environment:
    """Return an environment with *results*."""
    folder = root / "environments" / name
    folder.mkdir(parents=True)
    (folder / "environment.yaml").write_text(f"{LOCAL}results: {results}\n")
    return load_environment(root, name)


def statements(environment: Environment, role: str, **tenants: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return what the policy of *role* says where *tenants* have these queues."""
    models = {
        tenant: TenantManifest.model_validate({"owners": OWNERS, "queues": list(queues)})
        for tenant, queues in tenants.items()
    }
    found: list[dict[str, Any]] = list(results_iam.desired(environment, models)[role].policy["Statement"])
    return found


@pytest.mark.parametrize(
    ("results", "told"),
    [
        ("{kind: s3}", "s3 needs a bucket"),
        (f"{{s3: {S3}}}", "has no effect with kind: folder"),
        (f"{{kind: s3, s3: {S3.replace('our-results', 'Our_Results')}}}", "is no name of a bucket"),
        (f"{{kind: s3, s3: {S3.replace('{b', '{prefix: /a, b')}}}", "must be a path such as"),
        (f"{{kind: s3, s3: {S3.replace('{b', '{prefix: team/*, b')}}}", "must be a path such as"),
        (f"{{kind: s3, s3: {S3.replace('{zone}', 'x')}}}", "with {zone} in it once"),
        (f"{{kind: s3, s3: {S3.replace('eu-central-1', 'here')}}}", "is no AWS region"),
        (f"{{kind: s3, s3: {S3.replace('{b', '{kms_key: mine, b')}}}", "must be the ARN of a KMS key"),
    ],
)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, results: str, told: str) -> None:
    """Each with what to write."""
    with pytest.raises(ProblemsFound, match=told):
        load(tmp_path, results)


def test_names_of_roles_stay_short_enough_and_apart(tmp_path: Path) -> None:
    """IAM takes 64 characters; the collector's name is no tenant's, and secrets have roles of their own."""
    with pytest.raises(ProblemsFound, match="22 characters at most"):
        load(tmp_path, f"{{kind: s3, s3: {S3}}}", "a" * 23)
    assert len(names.results_role("e" * 22, "t" * 31)) <= 64
    assert names.results_collector_role("x") != names.results_role("x", names.COLLECTOR)
    assert names.why_no_zone(names.COLLECTOR)
    assert not names.results_path("x").startswith(names.iam_path("x"))


def test_a_tenants_role_ends_at_its_own_prefix(tmp_path: Path) -> None:
    """The slash keeps off the tenant whose name only begins the same; nothing is listed."""
    place = load(tmp_path, f"{{kind: s3, s3: {S3}}}")
    (allowed,) = statements(place, "results-prod.alpha", alpha=("default",), alpha2=("default",))
    assert allowed["Resource"] == ["arn:aws:s3:::our-results/aerodrome/prod/alpha/*"]
    assert allowed["Action"] == ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]


def test_the_collectors_role_reads_nothing(tmp_path: Path) -> None:
    """It lists and removes below the environment's prefix."""
    found = statements(load(tmp_path, f"{{kind: s3, s3: {S3}}}"), "results-prod-collector")
    assert {action for one in found for action in one["Action"]} == {
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
    }
    assert found[0]["Condition"] == {"StringLike": {"s3:prefix": ["aerodrome/prod/*"]}}
    assert found[-1]["Resource"] == ["arn:aws:s3:::our-results/aerodrome/prod/*"]


def test_agents_of_a_tenants_own_zones_may_be_its_role(tmp_path: Path) -> None:
    """And nobody else; the collector's role is its own agent's, and a tenant without a queue has none."""
    place = load(tmp_path, f"{{kind: s3, s3: {S3}}}")
    models = {
        tenant: TenantManifest.model_validate({"owners": OWNERS, "queues": [queue]})
        for tenant, queue in (("alpha", "default"), ("people", "pii"), ("nowhere", "gone"))
    }
    roles = results_iam.desired(place, models)
    assert {
        name: [one["Principal"]["AWS"].rpartition("-")[2] for one in role.trust["Statement"]]
        for name, role in roles.items()
    } == {
        "results-prod.alpha": ["default"],
        "results-prod.people": ["pii"],
        "results-prod-collector": ["collector"],
    }


def test_a_key_of_the_company_is_used_by_way_of_s3_alone(tmp_path: Path) -> None:
    """Where the environment names one."""
    key = "arn:aws:kms:eu-central-1:123456789012:key/a-b"
    place = load(tmp_path, f"{{kind: s3, s3: {S3.replace('{b', '{kms_key: ' + repr(key) + ', b')}}}")
    _, use = statements(place, "results-prod.alpha", alpha=("default",))
    assert use["Action"] == ["kms:GenerateDataKey", "kms:Decrypt"] and use["Resource"] == [key]
    assert use["Condition"] == {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}

"""`cluster:` and `aws:` of environment.yaml where the cluster is one of AWS."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from aerodrome.environment import load_environment
from aerodrome.errors import ProblemsFound

START = """\
kind: kubernetes
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
"""
REPOSITORY = Path(__file__).resolve().parents[3]
ISSUER = "https://oidc.eks.eu-central-1.amazonaws.com/id/ABC"
EKS = "name: airflow-prod, region: eu-central-1, account: '111122223333'"
CLUSTER = f"cluster: {{eks: {{{EKS}}}, oidc_issuer: '{ISSUER}'}}"
POLICY = "arn:aws:iam::111122223333:policy/read-landing"
ROLE = "arn:aws:iam::111122223333:role/deployer"
PLACE = "environments/trial/environment.yaml"
EKS_ACCOUNT = (
    'cluster.eks.account: is no number of an AWS account\n    twelve digits in quotes: "111122223333"'
)
EKS_REGION = "cluster.eks.region: is no AWS region\n    such as eu-central-1"
EKS_NAME = "cluster.eks.name: is no name of a cluster in EKS\n    letters, digits, '-' and '_', 100 characters at most"
EKS_ROLE = "cluster.eks.role_arn: must be the ARN of a role\n    as arn:aws:iam::111122223333:role/deployer"
NO_POLICY = "must be the ARN of a managed policy\n    as arn:aws:iam::111122223333:policy/read-landing"


def said(root: Path, text: str, kind: str = "kubernetes") -> str:
    """Return what is said about an environment with *text*, of a repository with the tenants flights and health."""
    (root / "environments/trial").mkdir(parents=True)
    for tenant in ("flights", "health"):
        (root / "tenants" / tenant).mkdir(parents=True)
    (root / PLACE).write_text(START.replace("kubernetes", kind) + text)
    try:
        load_environment(root, "trial")
    except ProblemsFound as found:
        return str(found)
    return ""


def placed(line: str, below: str = "") -> tuple[str, str]:
    """Return the text of *line* with the arrow taken out, after what is always there, and where the arrow was."""
    return f"{line.replace('→', '')}\n{below}", f"{PLACE}:5:{line.index('→') + 1}: "


@pytest.mark.parametrize(
    "written",
    [
        "cluster: {context: sandbox}",
        f"cluster: {{eks: {{{EKS}}}}}",
        f"cluster: {{eks: {{{EKS}, role_arn: '{ROLE}'}}}}",
        f"{CLUSTER}\naws: {{manage_iam: true}}",
        f"{CLUSTER}\naws: {{manage_iam: true, permissions_boundary: '{POLICY}', tenant_policies: {{flights: ['{POLICY}', 'arn:aws:iam::aws:policy/ReadOnlyAccess'], health: []}}}}",
        f"aws: {{tenant_roles: {{health: {{default: '{ROLE}'}}}}}}",
    ],
)
def test_what_aws_takes_is_no_mistake(tmp_path: Path, written: str) -> None:
    """A context or a cluster of AWS; roles that a deploy makes, or that somebody else does."""
    assert said(tmp_path, f"{written}\n") == ""


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (f"context: →x, eks: {{{EKS}}}", "cluster.context: `eks` says already how the cluster is reached\n    remove one of the two"),
        ("context: →''", "cluster.context: names no context\n    `kubectl config get-contexts` lists them"),
        ("eks: {name: →'a b', region: eu-central-1, account: '111122223333'}", EKS_NAME),
        ("eks: {name: a, region: →Frankfurt, account: '111122223333'}", EKS_REGION),
        ("eks: {name: a, region: eu-central-1, account: →'11112222333'}", EKS_ACCOUNT),
        ("eks: {name: a, region: eu-central-1, account: →1111-2222-3333}", EKS_ACCOUNT),
        (f"eks: {{{EKS}, role_arn: →deployer}}", EKS_ROLE),
        (f"eks: {{{EKS}, role_arn: →'arn:aws:iam::111122223333:role/*'}}", EKS_ROLE),
        (f"eks: {{{EKS}, role_arn: →'{ROLE.replace('1111', '9999')}'}}", "cluster.eks.role_arn: is a role of the account 999922223333, and the cluster is in 111122223333\n    name a role of the cluster's own account"),
        (f"eks: {{{EKS}, →rol_arn: x}}", "cluster.eks.rol_arn: unknown key 'rol_arn'\n    did you mean 'role_arn'?"),
    ],
)  # fmt: skip
def test_mistakes_in_how_a_cluster_is_reached_are_placed(tmp_path: Path, wrong: str, told: str) -> None:
    """File, line, column, field, remedy."""
    text, place = placed(f"cluster: {{{wrong}}}")
    assert said(tmp_path, text) == place + told


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (f"tenant_policies: →{{flights: ['{POLICY}']}}", "aws.tenant_policies: has no effect without manage_iam\n    add manage_iam: true, or remove it"),
        (f"permissions_boundary: →'{POLICY}'", "aws.permissions_boundary: has no effect without manage_iam\n    add manage_iam: true, or remove it"),
        (f"manage_iam: true, tenant_roles: →{{health: {{default: '{ROLE}'}}}}", "aws.tenant_roles: manage_iam makes the roles of all tenants\n    remove one of the two"),
        (f"tenant_roles: {{health: {{pii: →'{ROLE}'}}}}", "aws.tenant_roles.health.pii: no zone with pods is named 'pii'\n    allowed: default"),
        ("tenant_roles: {health: {default: →'arn:aws:iam::111122223333:user/x'}}", "aws.tenant_roles.health.default: must be the ARN of a role\n    as arn:aws:iam::111122223333:role/flights"),
        (f"manage_iam: true, tenant_policies: {{flihgts: →['{POLICY}']}}", "aws.tenant_policies.flihgts: unknown tenant 'flihgts'\n    did you mean 'flights'?"),
        ("manage_iam: true, tenant_policies: {flights: [→'arn:aws:iam::*:policy/x']}", f"aws.tenant_policies.flights[0]: {NO_POLICY}"),
        (f"manage_iam: true, tenant_policies: {{flights: →['{POLICY}', '{POLICY}']}}", f"aws.tenant_policies.flights: '{POLICY}' is named twice"),
        (f"manage_iam: true, tenant_policies: {{flights: →{[f'{POLICY}{n}' for n in range(11)]}}}", "aws.tenant_policies.flights: AWS gives a role 10 managed policies at most\n    write one for several"),
        (f"manage_iam: true, zone_policies: {{flights: {{pii: →['{POLICY}']}}}}", "aws.zone_policies.flights.pii: no zone with pods is named 'pii'\n    allowed: default"),
        ("manage_iam: true, zone_policies: {flights: {default: [→read]}}", f"aws.zone_policies.flights.default[0]: {NO_POLICY}"),
        (f"manage_iam: true, tenant_policies: {{flights: ['{POLICY}']}}, zone_policies: {{flights: {{default: →{[f'{POLICY}{n}' for n in range(10)]}}}}}", "aws.zone_policies.flights.default: AWS gives a role 10 managed policies at most\n    write one for several"),
        (f"zone_policies: →{{flights: {{default: ['{POLICY}']}}}}", "aws.zone_policies: has no effect without manage_iam\n    add manage_iam: true, or remove it"),
        (f"manage_iam: true, permissions_boundary: →'{ROLE}'", f"aws.permissions_boundary: {NO_POLICY}"),
        (f"manage_iam: true, permissions_boundary: →'{POLICY.replace('1111', '9999')}'", "aws.permissions_boundary: is a policy of the account 999922223333, and the cluster is in 111122223333\n    a role has policies of its own account, or AWS's own"),
    ],
)  # fmt: skip
def test_mistakes_in_the_roles_of_tenants_are_placed(tmp_path: Path, wrong: str, told: str) -> None:
    """File, line, column, field, remedy."""
    text, place = placed(f"aws: {{{wrong}}}", f"{CLUSTER}\n")
    assert said(tmp_path, text) == place + told


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_the_environments_of_the_how_to_are_good(tmp_path: Path, name: str) -> None:
    """As they stand there."""
    page = (REPOSITORY / "docs/how-to/deploy-to-eks.md").read_text()
    text = page.partition(f"    # environments/{name}/environment.yaml\n")[2].partition("\n\n")[0]
    written = dedent(text) + "\n"
    assert "eks:" in written and said(tmp_path, written) == ""


def test_who_makes_roles_must_know_account_and_issuer(tmp_path: Path) -> None:
    """A trust policy names both."""
    text, place = placed("aws: {manage_iam: →true}")
    assert said(tmp_path, text) == (
        f"{place}aws.manage_iam: needs the account that the cluster is in\n"
        "    add cluster: {eks: {name: …, region: …, account: …}}\n"
        f"{place}aws.manage_iam: needs the cluster's OIDC issuer, by which pods show who they are\n"
        "    add cluster: {oidc_issuer: https://oidc.eks.…}"
    )


def test_roles_of_tenants_are_for_clusters(tmp_path: Path) -> None:
    """ENV=local has no pods."""
    text, place = placed("aws: →{manage_iam: true}")
    assert said(tmp_path, text, "local") == f"{place}aws: has no effect with kind: local\n    remove it"

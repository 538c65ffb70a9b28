"""Roles that connections of AWS may name: in environment.yaml, in the tenant's own role, and as they are written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from aerodrome import names
from aerodrome.environment import Environment, load_environment
from aerodrome.errors import ProblemsFound, UserError
from aerodrome.secrets import iam
from aerodrome.secrets.connection_roles import require_usable
from aerodrome.secrets.connection_types import connection
from aerodrome.secrets.entry import Entry
from example import environment, tenant
from judged import Request, allows

ROLE = "arn:aws:iam::444455556666:role/team/read-landing"
OTHER = ROLE.replace("landing", "cases")
SSM = {"region": "eu-central-1", "agent_role": "arn:aws:iam::123456789012:role/airflow-{zone}"}
AWS = {"type": "aws"}
MIX = tenant(
    queues=["default", "pii"], connections={"cases": {**AWS, "queues": ["pii"]}, "db": {"type": "http"}}
)
FLIGHTS = tenant(queues=["default"], connections={"landing": AWS})
TENANTS = {"flights": FLIGHTS, "health": MIX}
FILE = """\
kind: local
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: a.jsonl}}
secrets:
  store: ssm
  ssm:
    region: eu-central-1
    agent_role: arn:aws:iam::123456789012:role/airflow-{zone}
    connection_roles:
"""


def place(roles: dict[str, Any] | None = None, **more: Any) -> Environment:
    """Return an environment that keeps its secrets in AWS and lists *roles*."""
    return environment(store="ssm", ssm={**SSM, "connection_roles": roles or {}}, **more)


def load(root: Path, roles: str) -> Environment:
    """Return the environment that lists *roles*, lines of YAML, with the one tenant flights."""
    (root / "tenants/flights").mkdir(parents=True)
    (root / "environments/prod").mkdir(parents=True)
    (root / "environments/prod/environment.yaml").write_text(FILE + roles)
    return load_environment(root, "prod")


def test_an_environment_lists_roles_by_tenant(tmp_path: Path) -> None:
    """Of whatever account: whose bucket it is decides whom the role trusts."""
    found = load(tmp_path, f"      flights:\n        - {ROLE}\n        - {OTHER}\n").secrets.ssm
    assert found is not None and found.connection_roles == {"flights": (ROLE, OTHER)}


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        (f"      flight: [{ROLE}]\n", "11:15: secrets.ssm.connection_roles.flight: unknown tenant 'flight'"),
        (f"      global: [{ROLE}]\n", "unknown tenant 'global'"),
        ("      flights:\n" + 2 * f"        - {ROLE}\n", "13:11: secrets.ssm.connection_roles.flights[1]: "),
        (f"      flights: ['{ROLE}*']\n", "11:17: secrets.ssm.connection_roles.flights[0]: must be the ARN of a role"),
        ("      flights: ['*']\n", "must be the ARN of a role"),
        ("      flights: ['arn:aws:iam::444455556666:user/me']\n", "must be the ARN of a role"),
        ("      flights: ['arn:aws:iam::444455556666:role/lesbarer-röle']\n", "must be the ARN of a role"),
        *(
            (f"      flights: ['arn:aws:iam::123456789012:role{path('prod')}x']\n", "is a role of the platform itself")
            for path in (names.iam_path, names.results_path, names.pods_path)
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_line(tmp_path: Path, roles: str, told: str) -> None:
    """A tenant that there is not, a role named twice, and what would be more than one role."""
    with pytest.raises(ProblemsFound, match=re.escape(told)):
        load(tmp_path, roles)


def assumes(of: str, zone: str, role: str, environment: Environment) -> bool:
    """Return whether a session of a tenant's role in *zone* may go on as *role*."""
    found = iam.desired(environment, TENANTS)[names.iam_role(environment.name, of)]
    tag = {f"aws:PrincipalTag/{names.IAM_ZONE_TAG}": zone}
    return allows(found.policy, Request("sts:AssumeRole", resource=role, context=tag))


def test_a_tenants_role_may_be_its_listed_roles_and_no_other() -> None:
    """And those only in zones in which the tenant has a connection of AWS."""
    made = place({"flights": [ROLE], "health": [OTHER]})
    asked = [(of, zone, role) for of in TENANTS for zone in ("default", "pii") for role in (ROLE, OTHER)]
    assert [each for each in asked if assumes(*each, made)] == [
        ("flights", "default", ROLE),
        ("health", "pii", OTHER),
    ]


def test_without_listed_roles_the_documents_are_what_they_were() -> None:
    """No deploy changes a role for want of something to add."""
    for role in iam.desired(place(), TENANTS).values():
        assert not any("sts:AssumeRole" in one["Action"] for one in role.policy["Statement"])


def written(made: Environment, whose: str = "flights", **given: str) -> None:
    """Have the connection of a tenant, or of all, accepted with *given* in place of a role."""
    model = None if whose == names.GLOBAL else FLIGHTS
    found = Entry(made, whose, model, "connection", "landing", "aws")
    fields = {"extra.region_name": "eu-central-1", **(given or {"extra.role_arn": ROLE})}
    require_usable(found, connection("aws", fields))


def test_a_listed_role_is_written() -> None:
    """With a key of its own a connection may name any role: the task assumes it by itself."""
    written(place({"flights": [ROLE]}))
    with_a_key = {"login": "AKIAIOSFODNN7EXAMPLE", "password": "s", "extra.role_arn": OTHER}
    for made in (place(), environment()):
        written(made, **with_a_key)


@pytest.mark.parametrize(
    ("roles", "remedy"),
    [
        ({"flights": [OTHER]}, f"it lists {OTHER}: add it there and deploy, or give an access key"),
        ({"health": [ROLE]}, "it lists none for flights: add it there and deploy, or give an access key"),
    ],
)
def test_a_role_that_is_not_listed_is_not_written(roles: dict[str, Any], remedy: str) -> None:
    """What was typed is not repeated."""
    with pytest.raises(UserError) as refused:
        written(place(roles))
    said = "environments/prod-eu/environment.yaml does not list this role under secrets.ssm.connection_roles.flights"
    assert str(refused.value) == f"{said}\n    {remedy}"


def test_a_connection_of_all_tenants_names_no_role() -> None:
    """Whatever the store is."""
    for made in (place({"flights": [ROLE]}), environment()):
        with pytest.raises(UserError, match="a role is one tenant's, and this connection is everybody's"):
            written(made, names.GLOBAL)


def test_with_vault_a_role_needs_a_tenant_that_is_somebody_in_aws() -> None:
    """In a cluster its pods may be; elsewhere a task has nothing to assume a role with."""
    vault = environment()
    with pytest.raises(
        UserError, match=r"with secrets: \{store: vault\} nobody assumes a role for a task of flights"
    ):
        written(vault)
    roles = {"tenant_roles": {"flights": {"default": "arn:aws:iam::111122223333:role/flights"}}}
    document = environment(kind="kubernetes").model_dump(mode="json") | {"aws": roles}
    written(Environment.model_validate(document))

"""The IAM roles as which tenants' code acts in AWS: whom they trust, what they may do, and what a deploy changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.plan import Change
from aerodrome.render.chart_values import chart_values
from aerodrome.render.pods_roles import role_of_pods
from aerodrome.secrets import pods_iam
from aerodrome.targets.iam import IamTarget, pods_target
from example import tenant
from hypothesis import given
from hypothesis import strategies as st
from judged import Request, allows
from moto import mock_aws

ACCOUNT = "123456789012"
ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/ABC"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
EKS = {"name": "airflow", "region": "eu-central-1", "account": ACCOUNT}
READ, WRITE, LIMIT, ADMIN = (
    f"arn:aws:iam::{ACCOUNT}:policy/{n}" for n in ("read", "write", "limit", "admin")
)
TENANTS = {
    "flights": tenant(queues=["default", "onprem"]),
    "health": tenant(queues=["default", "pii_data"]),
    "routes": tenant(queues=["onprem"]),
}
MANAGED = {"manage_iam": True, "tenant_policies": {"flights": [READ, WRITE]}, "permissions_boundary": LIMIT}
OF_FLIGHTS = "pods-prod.flights.default"


def environment(aws: dict[str, Any], name: str = "prod", **eks: str) -> Environment:
    """Return an environment with a zone on hosts, and two in the cluster."""
    queues = {zone: {"zone": zone} for zone in ("default", "onprem")}
    return Environment.model_validate(
        {
            "name": name,
            "kind": "kubernetes",
            "zones": {"default": {}, "pii_data": {}, "onprem": {"workers": "hosts"}},
            "queues": {**queues, "pii_data": {"zone": "pii_data", "personal_data": True, "shared": False}},
            "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
            "cluster": {"oidc_issuer": f"https://{ISSUER}", "eks": EKS | eks},
            "aws": aws,
        }
    )


PLACE = environment(MANAGED)
ROLES = pods_iam.desired(PLACE, TENANTS)


def may(role: str, account: str, audience: str = names.AWS_AUDIENCE, provider: str = PROVIDER) -> bool:
    """Return whether a pod of *account*, <namespace>:<name>, may be *role*."""
    claims = {f"{ISSUER}:aud": audience, f"{ISSUER}:sub": f"system:serviceaccount:{account}"}
    asked = Request("sts:AssumeRoleWithWebIdentity", ("Federated", provider), context=claims)
    return allows(ROLES[role].trust, asked)


def test_each_tenant_has_a_role_in_each_zone_with_pods() -> None:
    """And none where its code runs on hosts."""
    named = ["pods-prod.flights.default", "pods-prod.health.default", "pods-prod.health.pii_data"]
    assert list(ROLES) == named
    assert {role.policy == {} for role in ROLES.values()} == {True}


def test_a_role_has_what_the_environment_names_and_the_boundary() -> None:
    """A tenant that is not named may do nothing."""
    assert ROLES[OF_FLIGHTS].managed == {READ, WRITE}
    assert ROLES["pods-prod.health.default"].managed == frozenset()
    assert {role.boundary for role in ROLES.values()} == {LIMIT}


def test_a_policy_of_one_zone_is_in_no_other() -> None:
    """What reads personal data is for pods of that zone; what all of a tenant's may do, this one may too."""
    place = environment(
        {
            "manage_iam": True,
            "tenant_policies": {"health": [READ]},
            "zone_policies": {"health": {"pii_data": [WRITE]}},
        }
    )
    managed = {name: role.managed for name, role in pods_iam.desired(place, TENANTS).items()}
    assert managed["pods-prod.health.default"] == {READ}
    assert managed["pods-prod.health.pii_data"] == {READ, WRITE}


def test_one_service_account_may_be_a_role() -> None:
    """That of the tenant's code in the zone, of all that there are."""
    accounts = {
        f"tenant-{who}:{names.service_account(who, zone)}": f"pods-prod.{who}.{zone}"
        for who in TENANTS
        for zone in ("default", "pii_data", "onprem")
    }
    for account, of in accounts.items():
        assert {role for role in ROLES if may(role, account)} == {of} & set(ROLES), account


@pytest.mark.parametrize(
    ("account", "more"),
    [
        ("airflow:airflow-worker-default", {}),
        ("airflow:airflow-worker-tenant-flights-default", {}),
        ("airflow:flights-default", {}),
        ("tenant-flights:default", {}),
        ("tenant-flights:flights-default-2", {}),
        ("tenant-health:flights-default", {}),
        ("tenant-flights:flights-default", {"audience": "vault"}),
        ("tenant-flights:flights-default", {"provider": PROVIDER.replace("ABC", "ABD")}),
    ],
)
def test_nobody_else_may_be_a_role(account: str, more: dict[str, str]) -> None:
    """Workers run no code of a tenant; a token for Vault, or of another cluster, is none for AWS."""
    assert may(OF_FLIGHTS, "tenant-flights:flights-default")
    assert not may(OF_FLIGHTS, account, **more)


SLUGS = st.from_regex(names.TENANT_PATTERN, fullmatch=True)


@given(st.dictionaries(SLUGS, st.sampled_from(list(TENANTS.values())), max_size=4), SLUGS)
def test_no_trust_names_a_wildcard(tenants: dict[str, Any], place: str) -> None:
    """One principal, one audience and one account, each compared as it is, whatever tenants there are."""
    for role in pods_iam.desired(environment(MANAGED, place), tenants).values():
        (statement,) = role.trust["Statement"]
        assert not {"*", "?", "$"} & set(json.dumps(role.trust))
        assert list(statement["Condition"]) == ["StringEquals"] and len(statement["Principal"]) == 1
        assert {type(text) for text in statement["Condition"]["StringEquals"].values()} == {str}
        assert sorted(statement["Condition"]["StringEquals"]) == [f"{ISSUER}:aud", f"{ISSUER}:sub"]


NAMES = st.from_regex(names.NAME_PATTERN, fullmatch=True)


@given(st.lists(st.tuples(SLUGS, SLUGS, NAMES), min_size=2, max_size=2, unique=True))
def test_no_two_roles_have_one_name(two: list[tuple[str, str, str]]) -> None:
    """Of 64 characters at most, as AWS allows."""
    one, other = (names.pods_role(*each) for each in two)
    assert one != other and max(len(one), len(other)) <= 64


def test_a_long_name_ends_in_a_digest() -> None:
    """Which no short name does: no zone's holds a '-'."""
    made = names.pods_role("preprod-eu-central-1", "t" * 31, "z" * 22)
    assert len(made) == 64 and made.startswith(f"pods-preprod-eu-central-1.{'t' * 21}")
    assert names.pods_role("prod", "flights", "default") == OF_FLIGHTS


def iam_roles(place: Environment) -> dict[str, Any]:
    """Return tenant → zone → what the chart is told."""
    loaded = [LoadedTenant(name, f"tenants/{name}", model, ()) for name, model in TENANTS.items()]
    made = chart_values(loaded, place, {})["tenants"]
    return {name: values["zones"] for name, values in made.items()}


def test_the_chart_is_told_the_roles_that_a_deploy_makes() -> None:
    """By their whole ARN, of the account and the part of AWS that the cluster is in."""
    path = f"arn:aws:iam::{ACCOUNT}:role/aerodrome-pods/prod"
    assert iam_roles(PLACE) == {
        "flights": {"default": {"iamRole": f"{path}/{OF_FLIGHTS}"}},
        "health": {zone: {"iamRole": f"{path}/pods-prod.health.{zone}"} for zone in ("default", "pii_data")},
    }
    in_china = role_of_pods(environment(MANAGED, region="cn-north-1"), "flights", "default")
    assert in_china == f"arn:aws-cn:iam::{ACCOUNT}:role/aerodrome-pods/prod/{OF_FLIGHTS}"


def test_the_chart_is_told_the_roles_that_somebody_else_makes() -> None:
    """Where they are named, and nothing elsewhere."""
    role = f"arn:aws:iam::{ACCOUNT}:role/health-statistics"
    named = environment({"tenant_roles": {"health": {"pii_data": role}}})
    assert iam_roles(named) == {
        "flights": {"default": {}},
        "health": {"default": {}, "pii_data": {"iamRole": role}},
    }


@pytest.fixture
def iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An account with four policies and no role of ours."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        found = boto3.client("iam", "eu-central-1")
        for arn in (READ, WRITE, LIMIT, ADMIN):
            found.create_policy(PolicyName=arn.rpartition("/")[2], PolicyDocument=_nothing())
        yield found


def _nothing() -> str:
    denied = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [denied]})


@pytest.fixture
def target(iam: Any) -> IamTarget:
    """The roles, brought about."""
    made = pods_target(PLACE, TENANTS)
    bring(made)
    return made


def bring(target: IamTarget) -> tuple[Change, ...]:
    """Apply and return what differed; nothing differs afterwards."""
    found = target.changes()
    target.apply(found, lambda _: None)
    assert target.changes() == ()
    return found


def said(target: IamTarget) -> list[str]:
    """Return what would be changed, and why."""
    return [f"{each.action} {each.what}: {each.why} ({each.risk})" for each in target.changes()]


def test_roles_are_made_with_their_boundary(target: IamTarget, iam: Any) -> None:
    """And with the policies that are named, and none of their own."""
    made = iam.get_role(RoleName=OF_FLIGHTS)["Role"]
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == LIMIT
    assert made["Path"] == "/aerodrome-pods/prod/"
    assert made["Arn"] == role_of_pods(PLACE, "flights", "default")
    hung = iam.list_attached_role_policies(RoleName=OF_FLIGHTS)["AttachedPolicies"]
    assert {policy["PolicyArn"] for policy in hung} == {READ, WRITE}
    assert iam.list_role_policies(RoleName=OF_FLIGHTS)["PolicyNames"] == []


def test_a_plan_lists_the_roles_of_a_first_deploy(iam: Any) -> None:
    """As changes of access, before AWS is asked and after."""
    made = pods_target(PLACE, TENANTS)
    assert {change.risk for change in made.all_changes()} == {"access"}
    assert said(made) == [f"create IAM role {name}: not there yet (access)" for name in ROLES]
    assert {change.target for change in bring(made)} == {"iam"}


def test_a_policy_that_somebody_hung_on_a_role_goes(target: IamTarget, iam: Any) -> None:
    """One of AWS's or the account's, or one of the role's own; the plan names it."""
    iam.attach_role_policy(RoleName=OF_FLIGHTS, PolicyArn=ADMIN)
    iam.put_role_policy(RoleName=OF_FLIGHTS, PolicyName="quick-fix", PolicyDocument=_nothing())
    why = f"has the managed policy {ADMIN}, which it should not; has the policy quick-fix, which no deploy gave it"
    assert said(target) == [f"update IAM role {OF_FLIGHTS}: {why} (access)"]
    bring(target)


def test_a_policy_or_boundary_that_is_gone_comes_back(target: IamTarget, iam: Any) -> None:
    """The boundary before the policy."""
    iam.detach_role_policy(RoleName=OF_FLIGHTS, PolicyArn=WRITE)
    iam.delete_role_permissions_boundary(RoleName=OF_FLIGHTS)
    why = f"lacks: has the managed policy {WRITE}; its boundary is not set, not {LIMIT}"
    assert said(target) == [f"update IAM role {OF_FLIGHTS}: {why} (access)"]
    bring(target)


def test_a_boundary_that_nobody_asks_for_goes(target: IamTarget) -> None:
    """As the environment says from now on."""
    without = {key: value for key, value in MANAGED.items() if key != "permissions_boundary"}
    assert {change.why for change in bring(pods_target(environment(without), TENANTS))} == {
        f"its boundary is {LIMIT}, not none"
    }


def test_a_policy_with_the_name_of_ours_is_drift_too(target: IamTarget, iam: Any) -> None:
    """These roles have none of their own."""
    iam.put_role_policy(RoleName=OF_FLIGHTS, PolicyName="aerodrome", PolicyDocument=_nothing())
    assert len(said(target)) == 1
    bring(target)


def test_a_trust_that_somebody_widened_is_told_and_narrowed(target: IamTarget, iam: Any) -> None:
    """With who could be the role."""
    trust = json.dumps(ROLES[OF_FLIGHTS].trust).replace("tenant-flights:", "tenant-health:")
    iam.update_assume_role_policy(RoleName=OF_FLIGHTS, PolicyDocument=trust)
    (told,) = said(target)
    assert (
        "may be assumed by system:serviceaccount:tenant-health:flights-default, which it should not" in told
    )
    bring(target)


def test_the_roles_of_a_tenant_that_is_gone_go(target: IamTarget, iam: Any) -> None:
    """With their policies, as a change of access."""
    left = pods_target(PLACE, {"health": TENANTS["health"]})
    assert said(left) == [f"delete IAM role {OF_FLIGHTS}: no tenant needs it (access)"]
    bring(left)
    assert OF_FLIGHTS not in {role["RoleName"] for role in iam.list_roles()["Roles"]}


def test_roles_of_others_are_never_seen(target: IamTarget, iam: Any) -> None:
    """Those of another environment, and whatever else the account has."""
    bring(pods_target(environment(MANAGED, "preprod"), TENANTS))
    iam.create_role(RoleName="pods-prod.left.default", AssumeRolePolicyDocument=_nothing())
    bring(pods_target(PLACE, {}))
    left = {role["RoleName"] for role in iam.list_roles()["Roles"]}
    assert left == {"pods-prod.left.default", *(name.replace("prod", "preprod") for name in ROLES)}


@pytest.mark.parametrize("key", ["tenant_policies", "permissions_boundary"])
def test_a_policy_that_there_is_not_is_told(iam: Any, key: str) -> None:
    """By its name, and the role is not made without it."""
    missing = f"arn:aws:iam::{ACCOUNT}:policy/misspelt"
    named = {"tenant_policies": {"flights": [missing]}, "permissions_boundary": missing}[key]
    with pytest.raises(UserError) as told:
        bring(pods_target(environment({**MANAGED, key: named}), TENANTS))
    remedy = "aws: of environment.yaml names it: make it, or correct it"
    assert str(told.value) == f"there is no managed policy {missing}\n    {remedy}"
    assert iam.list_roles()["Roles"] == []


def test_the_how_to_names_every_action_that_a_deploy_asks_for(
    iam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no other one of IAM, but for what takes a boundary away."""
    asked: set[str] = set()
    session = boto3.session.Session()
    session.events.register("before-call.iam", lambda model, **_: asked.add(f"iam:{model.name}"))
    monkeypatch.setattr(boto3.session, "Session", lambda: session)
    bring(pods_target(PLACE, TENANTS))
    iam.put_role_policy(RoleName=OF_FLIGHTS, PolicyName="quick-fix", PolicyDocument=_nothing())
    bring(pods_target(PLACE, TENANTS))
    bring(pods_target(PLACE, {}))
    page = (Path(__file__).resolve().parents[3] / "docs/how-to/deploy-to-eks.md").read_text()
    policy = json.loads(page[page.index('{"Version"') : page.index("\n\nBy the last condition")])
    named = {
        action
        for one in policy["Statement"]
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
    assert named == asked | {"eks:DescribeCluster"}


def test_a_role_of_somebody_else_with_our_name_is_left_alone(iam: Any) -> None:
    """The deploy ends with where it is."""
    iam.create_role(RoleName=OF_FLIGHTS, Path="/theirs/", AssumeRolePolicyDocument=_nothing())
    with pytest.raises(UserError) as told:
        bring(pods_target(PLACE, TENANTS))
    assert str(told.value) == (
        f"somebody else's IAM role is called {OF_FLIGHTS}\n"
        "    it is at /theirs/, and a deploy touches /aerodrome-pods/prod/ alone: rename or remove it"
    )
    theirs = iam.get_role(RoleName=OF_FLIGHTS)["Role"]["AssumeRolePolicyDocument"]
    assert theirs == json.loads(_nothing())

"""Whom the roles of tenants in AWS trust, and what they let each of them reach: the documents judged as IAM does."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from aerodrome import names
from aerodrome.clients.aws import Role
from aerodrome.environment import Environment
from aerodrome.secrets import iam, results_iam
from aerodrome.targets.iam import IamTarget
from example import tenant
from judged import Request, allows

ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/ABC"
PROVIDER = f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"
AWS = {"region": "eu-central-1", "agent_role": "arn:aws:iam::123456789012:role/airflow-{zone}"}
ZONES = ("default", "pii", "onprem")
SECRETS = "arn:aws:ssm:eu-central-1:123456789012:parameter/aerodrome/prod/tenants"
PEOPLE = {"open": {"type": "http"}, "people": {"type": "postgres", "queues": ["pii"]}}
TENANTS = {
    "mix": tenant(queues=["default", "pii"], connections=PEOPLE),
    "other": tenant(queues=["default", "onprem"], connections={"open": {"type": "http"}}),
}


def environment(**cluster: Any) -> Environment:
    """Return an environment that keeps everything in AWS, with one zone on hosts."""
    queues = {zone: {"zone": zone} for zone in ("default", "onprem")}
    return Environment.model_validate(
        {
            "name": "prod",
            "kind": "kubernetes",
            "zones": {"default": {}, "pii": {}, "onprem": {"workers": "hosts"}},
            "queues": {**queues, "pii": {"zone": "pii", "personal_data": True, "shared": False}},
            "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
            "secrets": {"store": "ssm", "ssm": AWS},
            "results": {"kind": "s3", "s3": {**AWS, "bucket": "our-results"}},
            "cluster": {"namespace": "flows", "oidc_issuer": f"https://{ISSUER}", **cluster},
        }
    )


PLACE = environment()


def role(whose: str) -> Role:
    """Return the role that reads the parameters of a tenant."""
    return iam.desired(PLACE, TENANTS)[names.iam_role("prod", whose)]


def as_pod(account: str, audience: str = names.AWS_AUDIENCE, provider: str = PROVIDER) -> Request:
    """Return that a pod of *account*, <namespace>:<name>, wants to be a role."""
    claims = {f"{ISSUER}:aud": audience, f"{ISSUER}:sub": f"system:serviceaccount:{account}"}
    return Request("sts:AssumeRoleWithWebIdentity", ("Federated", provider), context=claims)


def as_agent(of: str, tag: str | None, *more: str) -> Request:
    """Return that the role of the zone *of* wants to be a tenant's, and says the zone *tag*."""
    keys = (*([names.IAM_ZONE_TAG] if tag else []), *more)
    said = {f"aws:RequestTag/{names.IAM_ZONE_TAG}": tag} if tag else {}
    principal = ("AWS", AWS["agent_role"].format(zone=of))
    return Request("sts:AssumeRole", principal, context={**said, "aws:TagKeys": keys})


def accounts(whose: str) -> dict[str, str]:
    """Return account → zone of all pods of a tenant that there could be."""
    of_tasks = {f"tenant-{whose}:{names.service_account(whose, zone)}": zone for zone in ZONES}
    return of_tasks | {f"flows:airflow-worker-tenant-{whose}-{zone}": zone for zone in ZONES}


def test_a_tenants_pods_in_the_cluster_are_their_own_tenants_role() -> None:
    """In the zones in which it has a queue; where tasks run on hosts no pod is anybody."""
    for of, whose in product(TENANTS, TENANTS):
        for account, zone in accounts(whose).items():
            has_pods = {"mix": ("default", "pii"), "other": ("default",)}[of]
            found = allows(role(of).trust, as_pod(account))
            assert found is (of == whose and zone in has_pods), (of, account)


@pytest.mark.parametrize(
    "asked",
    [
        as_pod("flows:airflow-worker-default"),
        as_pod("flows:default"),
        as_pod("tenant-mix:default"),
        as_pod("tenant-mix:mix-default", audience="vault"),
        as_pod("tenant-mix:mix-default", audience="https://kubernetes.default.svc"),
        as_pod("tenant-mix:mix-default", provider=PROVIDER.replace("ABC", "ANOTHER")),
        as_pod("flows:mix-default"),
        as_pod("tenant-other:mix-default"),
        as_pod("tenant-mix:mix-default-2"),
    ],
    ids=["workers of a zone", "another account", "the namespace's own", "a token for Vault", "for the cluster",
         "another cluster", "a worker's namespace", "another tenant's", "a longer name"],
)  # fmt: skip
def test_nobody_elses_token_opens_a_role(asked: Request) -> None:
    """Workers of a zone are their zone's role first, which the trust knows by its ARN."""
    assert not allows(role("mix").trust, asked)


def test_a_zones_role_still_says_its_zone_and_no_other() -> None:
    """With one tag, and only where the tenant has a queue."""
    trust = role("mix").trust
    found = {(of, tag) for of, tag in product(ZONES, (*ZONES, None)) if allows(trust, as_agent(of, tag))}
    assert found == {("default", "default"), ("pii", "pii")}
    assert not allows(trust, as_agent("default", "default", "another-tag"))


def reads(whose: str, context: dict[str, str]) -> set[str]:
    """Return the connections of mix that a session of a tenant's role reads, by what AWS knows of the session."""
    policy = role(whose).policy
    return {
        name
        for name in PEOPLE
        if allows(
            policy, Request("ssm:GetParameter", resource=f"{SECRETS}/mix/connections/{name}", context=context)
        )
    }


def test_personal_data_is_read_by_sessions_of_that_zone_alone() -> None:
    """A worker's is known by its tag, a pod's by its account; a session without either reads nothing."""
    tags = {zone: {f"aws:PrincipalTag/{names.IAM_ZONE_TAG}": zone} for zone in ZONES}
    assert {zone: reads("mix", tag) for zone, tag in tags.items()} == {
        "default": {"open"}, "pii": {"open", "people"}, "onprem": set()
    }  # fmt: skip
    wanted = {"default": {"open"}, "pii": {"open", "people"}, "onprem": set()}
    for account, zone in accounts("mix").items():
        subject = {f"{ISSUER}:sub": f"system:serviceaccount:{account}"}
        assert (reads("mix", subject), reads("other", subject)) == (wanted[zone], set()), account
    assert reads("mix", {}) == set()


def test_roles_for_large_results_trust_the_same_pods() -> None:
    """The collector's trusts its own agent alone."""
    made = results_iam.desired(PLACE, TENANTS)
    trust = made[names.results_role("prod", "mix")].trust
    assert allows(trust, as_pod("tenant-mix:mix-pii")) and not allows(
        trust, as_pod("tenant-other:other-default")
    )
    collector = made[names.results_collector_role("prod")].trust
    assert allows(collector, as_agent(names.COLLECTOR, names.COLLECTOR))
    pods = [account for whose in TENANTS for account in accounts(whose)]
    assert not any(allows(collector, as_pod(account)) for account in pods)


def test_without_an_issuer_and_on_hosts_only_zones_are_trusted() -> None:
    """The documents are what they were before there were pods."""
    trusts = [
        [one["Principal"] for one in made.trust["Statement"]]
        for place in (environment(oidc_issuer=None), PLACE.model_copy(update={"kind": "local"}))
        for made in iam.desired(place, TENANTS).values()
    ]
    assert all(set(principal) == {"AWS"} for found in trusts for principal in found)


class Live:
    """The roles of an account, each as *changed* says."""

    def __init__(self, **changed: dict[str, Any]) -> None:
        self.trust = dict(role("mix").trust) | changed

    def read(self) -> dict[str, Role]:
        """Return them."""
        return {**iam.desired(PLACE, TENANTS), "aerodrome-prod.mix": Role(self.trust, role("mix").policy)}

    def extras(self, _: str) -> tuple[str, ...]:
        """Return no other policies."""
        return ()


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({}, f"everybody whom {PROVIDER} knows, which it should not"),
        (
            {"StringLike": {f"{ISSUER}:sub": "system:serviceaccount:tenant-other:*"}},
            "system:serviceaccount:tenant-other:*, which it should not",
        ),
    ],
)
def test_a_trust_that_somebody_widened_is_told(condition: dict[str, Any], told: str) -> None:
    """With the account that it lets in."""
    agents, pods = role("mix").trust["Statement"][:-1], role("mix").trust["Statement"][-1]
    live: Any = Live(Statement=[*agents, {**pods, "Condition": condition}])
    (change,) = IamTarget(PLACE, TENANTS, live).changes()
    assert told in change.why and "lacks: may be assumed by system:serviceaccount:" in change.why

"""In a cluster the pod's own token is what logs in to AWS: a tenant's pod as its tenant, workers as their zone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aws_place import ACCOUNT, REGION, Assumed, Front, agent_of, role_of_results, role_of_secrets
from secrets_place import Agent

ZONES_ROLE = f"arn:aws:iam::{ACCOUNT}:role/airflow-default"
TOKEN = "header.claims.signature"
POD = {"token_file": "aws-token"}
WORKER = POD | {"agent_role": ZONES_ROLE}


@pytest.fixture
def pod(folder: Path) -> Path:
    """The folder of a pod with the token that the cluster wrote."""
    (folder / "aws-token").write_text(f"{TOKEN}\n")
    return folder


def test_a_tenants_pod_is_its_tenants_role(pod: Path, front: Front) -> None:
    """By its token alone: no key of the machine signs the request, and nobody is asked in between."""
    with agent_of(pod, front, POD, tenants=["alpha"]) as agent:
        assert [agent.password(), agent.password("nothing")] == ["alpha-from-aws", "missing"]
        assert agent.password("db", "beta") == "refused"
    assert front.assumed == [Assumed("AssumeRoleWithWebIdentity", role_of_secrets("alpha"), TOKEN, False)]


def test_workers_are_their_zone_and_then_one_tenant_at_a_time(pod: Path, front: Front) -> None:
    """The zone's role is assumed by the token once, the tenants' by the zone's role, which reads nothing."""
    with agent_of(pod, front, WORKER) as agent:
        found = [agent.password("db", tenant) for tenant in ("alpha", "beta")]
    assert found == ["alpha-from-aws", "beta-from-aws"]
    assert front.assumed == [
        Assumed("AssumeRoleWithWebIdentity", ZONES_ROLE, TOKEN, False),
        *(Assumed("AssumeRole", role_of_secrets(tenant), "", True) for tenant in ("alpha", "beta")),
    ]


def lent(agent: Agent) -> dict[str, Any]:
    """Return the credentials with which a task of alpha reaches its large results."""
    return dict(agent.ask("credentials", kind="results").value or {})


@pytest.mark.parametrize("account", [POD, WORKER], ids=["a tenant's pod", "a worker"])
def test_the_role_for_large_results_is_lent_the_same_way(
    pod: Path, front: Front, account: dict[str, str]
) -> None:
    """It is a role of its own, which reads no secret."""
    results = {"region": REGION, "number": ACCOUNT, "endpoint": front.address, **account}
    with agent_of(pod, front, account, results=results) as agent:
        assert lent(agent)["token"]
    assert front.assumed[-1].role == role_of_results("alpha")
    assert front.assumed[0].token == TOKEN and "GetParameter" not in front.seen


def test_a_token_that_was_renewed_is_read_again(pod: Path, front: Front) -> None:
    """With the session of fifteen minutes."""
    with agent_of(pod, front, POD) as agent:
        agent.ask("db")
        (pod / "aws-token").write_text("a.newer.one")
        agent.time.now += 900
        assert agent.ask("db").age == 0
    assert [one.token for one in front.assumed] == [TOKEN, "a.newer.one"]


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidIdentityToken", "ExpiredTokenException"])
@pytest.mark.parametrize("account", [POD, WORKER], ids=["a tenant's pod", "a worker"])
def test_a_token_that_aws_refuses_is_told_so(
    pod: Path, front: Front, account: dict[str, str], code: str
) -> None:
    """With the role that it was for; neither the token nor AWS's own words are in the answer."""
    front.trouble = code
    with agent_of(pod, front, account) as agent:
        answer = agent.ask("db")
    role = account.get("agent_role") or role_of_secrets("alpha")
    assert (answer.outcome, TOKEN in answer.reason) == ("unavailable", False)
    assert f"AWS does not let this pod be {role}" in answer.reason


def test_a_pod_without_a_token_says_so(pod: Path, front: Front) -> None:
    """It does not go on as whoever the machine is."""
    (pod / "aws-token").unlink()
    with agent_of(pod, front, POD) as agent:
        assert f"has no token to log in with: {pod / 'aws-token'}" in agent.ask("db").reason
    assert front.seen == []


def test_boto3_finds_the_same_role_by_itself(
    pod: Path, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a task's own code does with the variables that a cluster sets: the same call, the same proof."""
    import boto3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ROLE_ARN", role_of_secrets("alpha"))
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(pod / "aws-token"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", front.address)
    found = boto3.session.Session(region_name=REGION).get_credentials()
    assert found is not None and found.get_frozen_credentials().token
    (one,) = front.assumed
    assert one._replace(token=one.token.strip()) == Assumed(
        "AssumeRoleWithWebIdentity", role_of_secrets("alpha"), TOKEN, False
    )

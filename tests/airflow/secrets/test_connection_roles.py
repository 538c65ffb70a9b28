"""A connection of AWS that names a role: a task gets keys of the role, its own tenant's and no other's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aerodrome_airflow.secrets.assumed_roles import session_name
from aerodrome_airflow.secrets.protocol import Lookup
from aws_place import (
    ACCOUNT,
    NAMES_ROLE,
    REGION,
    ROLE,
    Front,
    agent_of,
    put_connection,
    role_of_secrets,
)
from secrets_place import Agent

OTHER = ROLE.replace("landing", "cases")
BOTH = {"alpha": [ROLE], "beta": [ROLE]}


@pytest.fixture
def landing(front: Front) -> Front:
    """AWS's double with a connection of each tenant, and one of all, that names the same role."""
    for whose in ("alpha", "beta", "global"):
        put_connection(front.target, whose, "landing", NAMES_ROLE)
    return front


@contextmanager
def lending(folder: Path, front: Front, roles: Any = BOTH, **account: Any) -> Iterator[Agent]:
    """Run an agent that may become *roles*, tenant → ARNs."""
    with agent_of(folder, front, {"connection_roles": roles, **account}) as agent:
        yield agent


def keys(agent: Agent, tenant: str = "alpha") -> tuple[str, ...]:
    """Return access key, secret and token that a task of *tenant* finds in its connection."""
    found = agent.ask("landing", tenant).value or {}
    return found["login"], found["password"], found["extra"]["aws_session_token"]


def became(front: Front, role: str = ROLE) -> int:
    """Return how often somebody asked to be *role*."""
    return [one.role for one in front.assumed].count(role)


def test_a_connection_arrives_with_keys_in_the_place_of_its_role(landing: Front, folder: Path) -> None:
    """By way of the tenant's own role, which the agent is for a moment; all else of the connection is as it was."""
    with lending(folder, landing) as agent:
        before = len(landing.assumed)
        found = agent.ask("landing").value or {}
    assert found["login"].startswith("ASIA") and found["password"]
    assert found["extra"].pop("aws_session_token") and found["extra"] == {"region_name": REGION}
    roles = [one.role for one in landing.assumed[before:]]
    assert roles == [role_of_secrets("alpha"), role_of_secrets("alpha"), ROLE]


def test_cloudtrail_names_the_tenant_and_the_connection(landing: Front, folder: Path) -> None:
    """In a session of an hour, the longest that there is for who is a role already."""
    from moto.core.utils import utcnow
    from moto.sts.models import sts_backends

    with lending(folder, landing) as agent:
        access_key, *_ = keys(agent)
    roles = sts_backends[ACCOUNT]["aws"].assumed_roles
    (made,) = (role for role in roles if role.access_key_id == access_key)
    assert (made.role_arn, made.session_name) == (ROLE, "alpha.landing")
    assert timedelta(minutes=50) < made.expiration - utcnow() <= timedelta(hours=1)


def test_the_longest_names_make_a_session_that_aws_takes() -> None:
    """Of 64 characters, cut at the end: the tenant's stands first."""
    name = session_name(Lookup("a" * 31, "connection", "b" * 63))
    assert name == f"{'a' * 31}.{'b' * 32}"


def test_keys_serve_for_45_minutes_when_they_are_handed_out(landing: Front, folder: Path) -> None:
    """New ones are fetched after fifteen, and not before."""
    with lending(folder, landing) as agent:
        first = keys(agent)
        agent.time.now += 899
        assert keys(agent) == first and became(landing) == 1
        agent.time.now += 1
        assert keys(agent) != first and became(landing) == 2


def test_no_tenant_gets_the_keys_of_another_one(landing: Front, folder: Path) -> None:
    """Though both may be the same role: each is it in a session of its own."""
    with lending(folder, landing) as agent:
        found = {tenant: keys(agent, tenant) for tenant in ("alpha", "beta", "alpha", "beta")}
    assert not set(found["alpha"]) & set(found["beta"]) and became(landing) == 2


@pytest.mark.parametrize("roles", [{}, {"beta": [ROLE]}, {"alpha": [OTHER]}, {"alpha": []}])
def test_a_role_that_is_not_listed_for_the_tenant_is_refused(
    landing: Front, folder: Path, roles: dict[str, list[str]]
) -> None:
    """With what to do; AWS is not asked."""
    with lending(folder, landing, roles) as agent:
        answer = agent.ask("landing")
    assert (answer.outcome, answer.value, became(landing)) == ("refused", None, 0)
    assert answer.reason == (
        f"connection 'alpha.landing' with the role {ROLE}: environments/prod-eu/environment.yaml does not list the "
        "role for this tenant: add it to secrets.ssm.connection_roles.alpha and deploy, or have the connection "
        "written anew with `make secret`"
    )


def test_a_connection_of_all_tenants_names_no_role(landing: Front, folder: Path) -> None:
    """Whoever may be it, a session would be nobody's in particular."""
    with lending(folder, landing) as agent:
        answer = agent.ask("landing", shared=True)
    assert (answer.outcome, became(landing)) == ("refused", 0)
    assert "a role is one tenant's, and this connection is everybody's" in answer.reason


@pytest.mark.parametrize("account", [{}, {"agent_role": f"arn:aws:iam::{ACCOUNT}:role/airflow-default"}])
def test_in_a_cluster_the_pods_token_begins_the_chain(
    landing: Front, folder: Path, account: dict[str, str]
) -> None:
    """Of the tenant's own pod, and of a worker of the zone."""
    (folder / "aws-token").write_text("a.pods.token")
    with lending(folder, landing, token_file="aws-token", **account) as agent:
        assert keys(agent)
    assert landing.assumed[-2].role == role_of_secrets("alpha")
    last = landing.assumed[-1]
    assert (last.call, last.role, last.signed) == ("AssumeRole", ROLE, True)


def test_keys_are_used_as_long_as_they_live_while_sts_is_away(landing: Front, folder: Path) -> None:
    """Until a minute before their end, and then the task is told what is missing."""
    with lending(folder, landing) as agent:
        first = keys(agent)
        landing.trouble, landing.troubled = "InternalFailure", "read-landing"
        agent.time.now += 3539
        assert keys(agent) == first
        agent.time.now += 1
        answer = agent.ask("landing")
    assert answer.outcome == "unavailable"
    assert answer.reason == (
        f"connection 'alpha.landing' with the role {ROLE} cannot be read now: AWS answers InternalFailure; "
        "run the task again when that is mended"
    )


def test_an_owner_who_does_not_trust_the_tenant_is_told_of(landing: Front, folder: Path) -> None:
    """With both roles; other connections are read as before, and keys of before are not used either."""
    with lending(folder, landing) as agent:
        assert keys(agent)
        landing.trouble, landing.troubled = "AccessDenied", "read-landing"
        agent.time.now += 900
        answer = agent.ask("landing")
        assert agent.password() == "alpha-from-aws"
    assert (answer.outcome, answer.reason) == (
        "refused",
        f"connection 'alpha.landing' with the role {ROLE}: AWS does not let {role_of_secrets('alpha')} be that role: "
        "the role's trust policy must name this one, and `make plan` must have nothing to change about it",
    )


def test_a_throttled_sts_is_asked_ever_more_seldom(landing: Front, folder: Path) -> None:
    """And holds up no lookup of anything else."""
    with lending(folder, landing) as agent:
        landing.trouble, landing.troubled = "Throttling", "read-landing"
        for _ in range(120):
            assert (agent.ask("landing").outcome, agent.password()) == ("unavailable", "alpha-from-aws")
            agent.time.now += 1
        assert became(landing) < 10


def test_a_session_that_aws_forgets_at_once_is_no_endless_round(landing: Front, folder: Path) -> None:
    """It is told like an AWS that does not answer."""
    with lending(folder, landing) as agent:
        landing.trouble, landing.troubled = "ExpiredToken", "read-landing"
        assert "does not accept the session that it has just granted" in agent.ask("landing").reason
    assert became(landing) == 1


def test_nothing_that_aws_lends_is_in_a_log(
    landing: Front, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither where it goes well nor where it does not."""
    with lending(folder, landing) as agent:
        found = keys(agent)
        landing.trouble, landing.troubled = "Throttling", "read-landing"
        agent.time.now += 900
        assert keys(agent) == found
    assert "the STS of connections does not answer: AWS answers Throttling" in caplog.text
    assert not any(secret in caplog.text for secret in found)

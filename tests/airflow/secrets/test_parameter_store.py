"""AWS Parameter Store: the same contract, each tenant read as its own role."""

from __future__ import annotations

from pathlib import Path

import pytest
from aws_place import ACCOUNT, Front, agent_of, put_password, role_of_secrets


def test_a_tenant_is_read_as_its_own_role(front: Front, folder: Path) -> None:
    """By the exact name, decrypted; one call where the role is assumed already."""
    with agent_of(folder, front) as agent:
        assert [agent.password("db", tenant) for tenant in ("alpha", "beta", "alpha")] == [
            "alpha-from-aws", "beta-from-aws", "alpha-from-aws"
        ]  # fmt: skip
        assert agent.ask("region", kind="variable", shared=True).value == {"value": "eu"}
    assert front.seen == ["AssumeRole", "GetParameter", "AssumeRole", "GetParameter", "GetParameter"]
    from moto.sts.models import sts_backends

    roles = [role.role_arn for role in sts_backends[ACCOUNT]["aws"].assumed_roles]
    assert roles[-2:] == [role_of_secrets(tenant) for tenant in ("alpha", "beta")]


def test_a_new_password_arrives_within_a_minute(front: Front, folder: Path) -> None:
    """Without a restart, by one call."""
    put_password(front.target, "alpha", "first", "turned")
    with agent_of(folder, front) as agent:
        assert agent.password("turned") == "first"
        put_password(front.target, "alpha", "second", "turned")
        agent.time.now += 59
        before = list(front.seen)
        assert agent.password("turned") == "first" and front.seen == before
        agent.time.now += 1
        assert agent.password("turned") == "second" and front.seen == [*before, "GetParameter"]


def test_what_is_not_there_is_missing(front: Front, folder: Path) -> None:
    """As in every store."""
    with agent_of(folder, front) as agent:
        assert agent.ask("nothing").outcome == "missing"


def test_what_is_no_document_harms_nobody_else(front: Front, folder: Path) -> None:
    """Its own reader is told, without its content; the store counts as well."""
    with agent_of(folder, front) as agent:
        assert "holds no JSON object" in agent.ask("odd").reason
        assert agent.password() == "alpha-from-aws"


@pytest.mark.parametrize(
    "trouble, outcome",
    [
        ("AccessDeniedException", "refused"),
        ("ThrottlingException", "unavailable"),
        ("InternalServerError", "unavailable"),
    ],
)
def test_errors_of_aws_mean_what_they_say(front: Front, folder: Path, trouble: str, outcome: str) -> None:
    """A refusal is final, the rest may pass."""
    with agent_of(folder, front) as agent:
        agent.ask("nothing")
        front.trouble = trouble
        assert agent.password() == outcome


def test_throttling_makes_calls_rare(front: Front, folder: Path) -> None:
    """Two seconds, four, eight …: ten calls in two minutes, while older values are used; then all is well."""
    with agent_of(folder, front) as agent:
        agent.ask("db")
        front.trouble, before = "ThrottlingException", len(front.seen)
        agent.time.now += 60
        found = set()
        for _ in range(120):
            found.add(agent.password())
            agent.time.now += 1
        assert found == {"alpha-from-aws"} and len(front.seen) - before < 10
        front.trouble = ""
        agent.time.now += 30
        assert agent.ask("db").age == 0


def test_a_session_that_has_ended_is_renewed(front: Front, folder: Path) -> None:
    """Where AWS ends it earlier than it said; the next one is assumed a minute before the end."""
    with agent_of(folder, front) as agent:
        agent.ask("db")
        front.trouble = "ExpiredTokenException"
        assert agent.ask("other").outcome == "unavailable"
        front.trouble = ""
        agent.time.now += 841
        assert agent.ask("db").age == 0
    assert front.seen.count("AssumeRole") >= 2

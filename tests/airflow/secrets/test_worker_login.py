"""In the pods of Celery workers the agent logs in to a real OpenBao as its zone, and reads as one tenant at a time."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from aerodrome import names
from cluster_place import RELEASE, agent_in_pod, token, workers_token
from secrets_place import PLACE, Bao

MINTED = "auth/token/create/"


def logged_in(store: Bao, role: str, text: str) -> str:
    """Return the token that *role* gives to who shows the pod's token *text*, or an empty text where it refuses."""
    body = json.dumps({"role": role, "jwt": text}).encode()
    address = f"http://127.0.0.1:{store.port}/v1/auth/kubernetes/login"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, method="POST")) as answer:
            return str(json.load(answer)["auth"]["client_token"])
    except urllib.error.HTTPError:
        return ""


def status(store: Bao, held: str, path: str, body: dict[str, str] | None = None) -> int:
    """Return how the store answers who holds a token and asks for *path*."""
    content = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(
        f"http://127.0.0.1:{store.port}/v1/{path}", content, {"X-Vault-Token": held}
    )
    try:
        with urllib.request.urlopen(asked) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_workers_of_a_zone_read_as_each_of_its_tenants(cluster_bao: Bao, folder: Path) -> None:
    """What the tenant's tasks may use in this zone, and what all share."""
    with agent_in_pod(folder, cluster_bao, workers_token("default")) as agent:
        assert [agent.password("db", tenant) for tenant in ("alpha", "beta")] == [
            "alpha-db-password", "beta-db-password"
        ]  # fmt: skip
        assert agent.ask("region", kind="variable", shared=True).value == {"value": "global-region-1"}
        assert agent.password("people") == "refused"


def test_personal_data_is_read_by_that_zones_workers_alone(cluster_bao: Bao, folder: Path) -> None:
    """Of tenants that have a queue there."""
    with agent_in_pod(folder, cluster_bao, workers_token("pii"), "pii") as agent:
        assert agent.password("people") == "alpha-people-password"
        assert agent.password("db", "beta") == "refused"


@pytest.mark.parametrize(
    "text",
    [
        workers_token("default"),
        workers_token("pii", "alpha"),
        token("alpha-pii", "tenant-alpha"),
        token(names.worker_account(RELEASE.release, "pii"), "elsewhere"),
        token("default", RELEASE.namespace),
        workers_token("pii", audience="https://kubernetes.default.svc"),
        workers_token("pii", audience=names.AWS_AUDIENCE),
    ],
    ids=["another zone", "a tenant's workers", "a task's pod", "another namespace", "another account",
         "a token for the cluster", "a token for AWS"],
)  # fmt: skip
def test_nobody_else_is_a_zones_worker(cluster_bao: Bao, folder: Path, text: str) -> None:
    """The store takes the one account's token that was made for it."""
    with agent_in_pod(folder, cluster_bao, text, "pii") as agent:
        answer = agent.ask("people")
    assert answer.outcome == "unavailable"
    assert "does not accept the login of zone 'pii'" in answer.reason


def test_a_zones_login_reads_no_secret_and_mints_for_five_minutes_only(cluster_bao: Bao) -> None:
    """As that of the workers on hosts: for tenants of the zone, and for no others."""
    held = logged_in(cluster_bao, names.zone_role(PLACE, "pii"), workers_token("pii"))
    mine, other = (f"{MINTED}{names.tenant_policy(PLACE, zone, 'alpha')}" for zone in ("pii", "default"))
    assert held and status(cluster_bao, held, mine, {"ttl": names.TOKEN_TTL}) == 200
    for path, body in (
        (mine, {"ttl": "24h"}),
        (other, {"ttl": names.TOKEN_TTL}),
        ("auth/token/create", {}),
        ("auth/token/renew-self", {}),
        (f"{names.SECRETS_MOUNT}/data/{names.connection_path(PLACE, 'alpha', 'people')}", None),
    ):
        assert status(cluster_bao, held, path, body) == 403, path


def test_a_worker_gets_no_role_of_a_tenant(cluster_bao: Bao) -> None:
    """It mints, and every token that it mints ends after five minutes; a tenant's pod in turn is no zone's worker."""
    role = names.tenant_policy(PLACE, "default", "alpha")
    workers = names.own_workers_role(PLACE, "default", "alpha")
    assert not logged_in(cluster_bao, role, workers_token("default"))
    assert not logged_in(cluster_bao, workers, workers_token("default"))
    assert not logged_in(
        cluster_bao, names.zone_role(PLACE, "default"), token("alpha-default", "tenant-alpha")
    )


def test_a_tenants_own_workers_read_as_that_tenant_alone(cluster_bao: Bao, folder: Path) -> None:
    """In the zone that they stand in: not what is for personal data."""
    role = {"role": names.own_workers_role(PLACE, "default", "alpha")}
    text = workers_token("default", "alpha")
    with agent_in_pod(folder, cluster_bao, text, tenant="alpha", **role) as agent:
        assert agent.password("db") == "alpha-db-password"
        assert [agent.password("people"), agent.password("db", "beta")] == ["refused"] * 2
    assert not logged_in(cluster_bao, names.own_workers_role(PLACE, "pii", "alpha"), text)
    assert not logged_in(cluster_bao, names.zone_role(PLACE, "default"), text)


def test_a_login_that_ended_is_renewed_with_the_newest_token(cluster_bao: Bao, folder: Path) -> None:
    """The cluster writes another one into the file long before."""
    with agent_in_pod(folder, cluster_bao, workers_token("default")) as agent:
        assert agent.password("db") == "alpha-db-password"
        (folder / "token").write_text("spoilt")
        agent.time.now += 400
        # The login holds for twenty minutes: another token is minted with it.
        assert agent.password("db0") == "alpha-db0-password"
        agent.time.now += 1200
        assert agent.password("db1") == "unavailable"
        (folder / "token").write_text(workers_token("default"))
        agent.time.now += 10
        assert agent.password("db2") == "alpha-db2-password"

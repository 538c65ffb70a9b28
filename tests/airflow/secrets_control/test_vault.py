"""Policies, token roles and logins on a real OpenBao."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError
from aerodrome.secrets import usable
from aerodrome.secrets.layout import KUBERNETES_ROLE, LOGIN, POLICY, TOKEN_ROLE, Key, desired
from aerodrome.secrets.live import LiveLayout
from aerodrome.secrets.reconcile import differences
from aerodrome.secrets.values import VaultValues
from aerodrome.targets.part import Part
from aerodrome.targets.secrets import VaultTarget
from example import PLACE, environment, many, tenant
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

TENANTS = many()
ENVIRONMENT = environment(global_connections=["smtp"])
LOGINS = {names.zone_role(PLACE, zone): f"secret-of-{zone}" for zone in ("default", "pii", "platform")}


@pytest.fixture(scope="module")
def target(vault: Vault) -> VaultTarget:
    """An environment of twenty tenants that was deployed, each with one secret."""
    made = VaultTarget(ENVIRONMENT, TENANTS, vault, LOGINS)
    made.apply(made.changes(), lambda _: None)
    for name in (*TENANTS, names.GLOBAL):
        for connection in ("db", "smtp"):
            path = names.connection_path(PLACE, name, connection)
            VaultValues(vault).write(path, {"conn_type": "generic", "host": name})
    return made


@pytest.fixture(autouse=True)
def put_right(target: VaultTarget) -> Iterator[None]:
    """Each test begins and ends with a server as it should be."""
    yield
    target.apply(target.changes(), lambda _: None)
    assert target.changes() == ()


def zone_of(name: str) -> str:
    """Return the one zone of an example's tenant."""
    return usable.zones_of(ENVIRONMENT, TENANTS[name])[0]


def as_zone(target: VaultTarget, zone: str) -> Vault:
    """Return the access of the workers of *zone*."""
    role = names.zone_role(PLACE, zone)
    return replace(target.vault, token=target.vault.login(role, LOGINS[role]))


def as_tenant(target: VaultTarget, name: str) -> Vault:
    """Return the access that a zone's workers give to a task of the tenant *name*."""
    zone = zone_of(name)
    return replace(
        target.vault,
        token=as_zone(target, zone).mint(names.tenant_policy(PLACE, zone, name), names.TOKEN_TTL),
    )


def reads(access: Vault, path: str) -> bool:
    """Return whether *access* may read *path*."""
    try:
        return access.read(names.SECRETS_MOUNT, path) is not None
    except AerodromeError as refused:
        assert "permission denied" in str(refused)
        return False


def test_of_all_400_reads_exactly_the_20_allowed_ones_are_answered(target: VaultTarget) -> None:
    """Each of 20 tenants tries the connection of each, with a token that its zone's workers minted."""
    started = time.monotonic()
    paths = {name: names.connection_path(PLACE, name, "db") for name in TENANTS}
    answered = {
        (who, whose)
        for who in TENANTS
        for access in [as_tenant(target, who)]
        for whose, path in paths.items()
        if reads(access, path)
    }
    assert answered == {(name, name) for name in TENANTS}
    assert time.monotonic() - started < 60


def test_a_zones_login_reads_no_secret_and_mints_only_for_its_tenants(target: VaultTarget) -> None:
    """Nor does it make a token in any other way."""
    zone = as_zone(target, "default")
    assert not any(reads(zone, names.connection_path(PLACE, name, "db")) for name in TENANTS)
    minted = [name for name in TENANTS if mints(zone, names.tenant_policy(PLACE, zone_of(name), name))]
    assert minted == [name for name in TENANTS if zone_of(name) == "default"]
    for path in ("auth/token/create", "auth/token/create-orphan", "auth/token/renew-self"):
        with pytest.raises(AerodromeError, match="permission denied"):
            zone.put_role(*path.rsplit("/", 1), {})
    assert not any(mints(as_zone(target, "platform"), role) for role in policies_of_tenants())


def mints(access: Vault, role: str) -> bool:
    """Return whether *access* gets a token of *role*."""
    try:
        return bool(access.mint(role, names.TOKEN_TTL))
    except AerodromeError as refused:
        assert "permission denied" in str(refused)
        return False


def policies_of_tenants() -> list[str]:
    """Return the token roles of all tenants."""
    return [names.tenant_policy(PLACE, zone_of(name), name) for name in TENANTS]


def test_a_minted_token_is_no_more_than_it_must_be(target: VaultTarget) -> None:
    """An orphan of five minutes with one policy, that neither makes tokens nor lives longer."""
    token = as_tenant(target, "t01")
    told = target.vault._client().auth.token.lookup(token.token)["data"]
    assert (told["policies"], told["type"], told["orphan"]) == (
        [names.tenant_policy(PLACE, "default", "t01")],
        "batch",
        True,
    )
    assert told["ttl"] <= 300 and not told["renewable"]
    for path in ("auth/token/create", "auth/token/renew-self", "auth/token/create-orphan"):
        with pytest.raises(AerodromeError):
            token.put_role(*path.rsplit("/", 1), {})
    with pytest.raises(AerodromeError, match="batch tokens cannot be renewed"):
        target.vault.put_role("auth/token", "renew", {"token": token.token, "increment": "1h"})


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"ttl": "24h"},
        {"ttl": ["5m", "24h"]},
        {"ttl": "5m", "policies": ["root"]},
        {"ttl": "5m", "explicit_max_ttl": "24h"},
        {"ttl": "5m", "type": "service"},
        {"ttl": "5m", "TTL": "24h", "lease": "24h"},
        {"ttl": "5m", "period": "24h"},
    ],
)
def test_a_zone_cannot_ask_for_more_than_the_role_gives(target: VaultTarget, asked: dict[str, Any]) -> None:
    """Any word in a request but the time is refused, and any other time."""
    zone = as_zone(target, "default")
    with pytest.raises(AerodromeError, match="permission denied"):
        zone.put_role("auth/token/create", names.tenant_policy(PLACE, "default", "t01"), asked)


def test_what_all_share_is_read_by_each_and_written_by_none(target: VaultTarget) -> None:
    """Only what environment.yaml lists."""
    token = as_tenant(target, "t04")
    assert reads(token, names.global_connection_path(PLACE, "smtp"))
    assert not reads(token, names.global_connection_path(PLACE, "db"))
    with pytest.raises(AerodromeError, match="permission denied"):
        token.write(names.SECRETS_MOUNT, names.global_connection_path(PLACE, "smtp"), {})
    with pytest.raises(AerodromeError, match="permission denied"):
        token.names(names.SECRETS_MOUNT, f"{PLACE}/tenants")


def test_drift_is_told_with_what_differs_and_put_right(target: VaultTarget) -> None:
    """Somebody widened a policy, lengthened a token's life and added a secret id of their own."""
    policy = names.tenant_policy(PLACE, "default", "t01")
    foreign = f"{names.SECRETS_MOUNT}/data/{names.connection_path(PLACE, 't02', 'db')}"
    target.vault.put_policy(policy, f'path "{foreign}" {{ capabilities = ["read"] }}')
    target.vault.put_role("auth/token/roles", policy, {"allowed_policies": [policy, "other"]})
    role = names.zone_role(PLACE, "pii")
    target.vault._client().auth.approle.create_custom_secret_id(role, "of-somebody-else")
    told = {change.what: change.why for change in target.changes()}
    assert f"allows {foreign}, which it should not" in told.pop(f"policy {policy}")
    assert told.pop(f"token role {policy}") == f"allowed_policies is {policy}, other, not {policy}"
    assert told == {f"login ids {role}": "1 more secret id that no deploy made"}
    target.apply(target.changes(), lambda _: None)
    assert target.changes() == () and target.vault.accessor(role, "of-somebody-else") is None
    assert reads(as_tenant(target, "t01"), names.connection_path(PLACE, "t01", "db"))


def test_what_has_another_name_is_left_alone(target: VaultTarget) -> None:
    """Also that of an environment whose name begins with this one's, and of no environment at all."""
    foreign = ["aerodrome-prod.default.t01", f"aerodrome-{PLACE}-2.default", "aerodrome-default", "team"]
    for name in foreign:
        target.vault.put_policy(name, 'path "x" { capabilities = ["read"] }')
        target.vault.put_role("auth/token/roles", name, {"orphan": True})
        target.vault.put_role("auth/approle/role", name, {"token_ttl": 60})
    assert target.changes() == ()
    empty = replace(target, tenants={}, logins={})
    empty.apply(empty.changes(), lambda _: None)
    left = target.vault.policies() & target.vault.roles("auth/token/roles")
    assert left & target.vault.roles("auth/approle/role") == set(foreign)


def test_a_removed_tenant_loses_policy_and_role_and_keeps_its_secret(target: VaultTarget) -> None:
    """A token that it still has reads nothing from then on."""
    held = as_tenant(target, "t01")
    without = replace(target, tenants={name: m for name, m in TENANTS.items() if name != "t01"})
    policy, zone = names.tenant_policy(PLACE, "default", "t01"), names.zone_role(PLACE, "default")
    changes = {(c.action, c.kind, c.name) for c in without.changes()}
    assert changes == {("delete", POLICY, policy), ("delete", TOKEN_ROLE, policy), ("update", POLICY, zone)}
    without.apply(without.changes(), lambda _: None)
    path = names.connection_path(PLACE, "t01", "db")
    assert not reads(held, path) and reads(target.vault, path)


def test_a_connection_for_personal_data_is_read_in_that_zone_only(vault: Vault) -> None:
    """By a tenant that has both kinds of queues."""
    both = tenant(
        queues=["default", "pii"],
        connections={"open": {"type": "http"}, "people": {"type": "postgres", "queues": ["pii"]}},
    )
    made = VaultTarget(environment(name="both"), {"mix": both}, vault)
    made.apply(made.changes(), lambda _: None)
    for connection in both.connections:
        VaultValues(vault).write(names.connection_path("both", "mix", connection), {"conn_type": "generic"})
    found = {
        zone: [
            connection
            for connection in both.connections
            for token in [
                replace(vault, token=vault.mint(names.tenant_policy("both", zone, "mix"), names.TOKEN_TTL))
            ]
            if reads(token, names.connection_path("both", "mix", connection))
        ]
        for zone in ("default", "pii")
    }
    assert found == {"default": ["open"], "pii": ["open", "people"]}


@pytest.fixture
def cluster(vault: Vault) -> VaultTarget:
    """An environment in a cluster that was deployed."""
    if "kubernetes" not in vault.auth_methods():
        vault.enable_login("kubernetes")
    made = VaultTarget(environment("kubernetes", "cluster"), many(2), vault)
    made.apply(made.changes(), lambda _: None)
    assert made.changes() == ()
    return made


IN_CLUSTER = "auth/kubernetes/role"


def test_pods_log_in_by_tenant_and_zone(vault: Vault, cluster: VaultTarget) -> None:
    """Of an environment in a cluster; a role that somebody opened to every namespace is put right."""
    role = names.tenant_policy("cluster", "default", "t01")
    live = vault.role(IN_CLUSTER, role) or {}
    assert live["bound_service_account_names"] == ["t01-default"]
    assert (live["bound_service_account_namespaces"], live["token_policies"]) == (["tenant-t01"], [role])
    vault.put_role(IN_CLUSTER, role, {"bound_service_account_namespaces": ["*"]})
    why = "bound_service_account_namespaces is *, not tenant-t01"
    assert [(c.what, c.why) for c in cluster.changes()] == [(f"Kubernetes role {role}", why)]
    cluster.apply(cluster.changes(), lambda _: None)
    assert cluster.changes() == ()


def test_workers_in_the_cluster_log_in_by_zone(vault: Vault, cluster: VaultTarget) -> None:
    """With the right of the workers on hosts; what somebody changed is told and put right, and what is gone is made."""
    names_of = {zone: names.zone_role("cluster", zone) for zone in ("default", "pii", "platform")}
    live = vault.role(IN_CLUSTER, names_of["pii"]) or {}
    assert (live["bound_service_account_names"], live["token_policies"]) == (
        ["airflow-worker-pii"],
        [names_of["pii"]],
    )
    assert live["token_type"] == "service" and not vault.roles("auth/approle/role") & set(names_of.values())
    vault.put_role(IN_CLUSTER, names_of["default"], {"bound_service_account_names": ["*"]})
    vault.put_role(IN_CLUSTER, names_of["pii"], {"token_policies": [names_of["pii"], "root"]})
    vault.delete_role(IN_CLUSTER, names_of["platform"])
    assert {change.name: (change.action, change.why) for change in cluster.changes()} == {
        names_of["default"]: ("update", "bound_service_account_names is *, not airflow-worker-default"),
        names_of["pii"]: ("update", f"token_policies is {names_of['pii']}, root, not {names_of['pii']}"),
        names_of["platform"]: ("create", "not there yet"),
    }
    cluster.apply(cluster.changes(), lambda _: None)
    assert cluster.changes() == ()


def test_roles_of_others_in_the_same_cluster_are_left_alone(vault: Vault, cluster: VaultTarget) -> None:
    """Those of another environment, and of no environment; a zone that is gone loses its own."""
    foreign = ["aerodrome-cluster-2.default", "aerodrome-clust.pii", "team"]
    for name in foreign:
        bound = {"bound_service_account_names": ["x"], "bound_service_account_namespaces": ["y"]}
        vault.put_role(IN_CLUSTER, name, bound)
    assert cluster.changes() == ()
    queues = {"default": cluster.environment.queues["default"]}
    fewer = replace(cluster, environment=cluster.environment.model_copy(update={"queues": queues}))
    gone = {change.name for change in fewer.changes() if change.kind == KUBERNETES_ROLE}
    fewer.apply(fewer.changes(), lambda _: None)
    assert gone >= {names.zone_role("cluster", zone) for zone in ("pii", "platform")}
    assert vault.roles(IN_CLUSTER) & {*foreign, *gone} == set(foreign)


SMALL = environment(name="small")
SMALL_TENANTS = many(2)
WANTED = desired(SMALL, SMALL_TENANTS)
STRAYS = [
    Key(kind, f"aerodrome-small.{name}") for kind in (POLICY, TOKEN_ROLE, LOGIN) for name in ("x", "pii.gone")
]
VALUES = {
    POLICY: st.fixed_dictionaries(
        {"text": st.sampled_from(["# nothing", 'path "a" { capabilities = ["read"] }'])}
    ),
    TOKEN_ROLE: st.fixed_dictionaries(
        {},
        optional={
            "orphan": st.booleans(),
            "allowed_policies": st.lists(st.sampled_from(["root", "x"])),
            # The server refuses a batch token with a time.
            "token_type": st.sampled_from(["service", "default-service"]),
            "token_explicit_max_ttl": st.integers(0, 9999),
            "path_suffix": st.sampled_from(["", "suffix"]),
            "allowed_policies_glob": st.lists(st.just("*"), max_size=1),
        },
    ),
    LOGIN: st.fixed_dictionaries(
        {},
        optional={
            "token_policies": st.lists(st.sampled_from(["root", "x"])),
            "token_ttl": st.integers(0, 600),
            "token_num_uses": st.integers(0, 3),
            "secret_id_ttl": st.integers(0, 99),
            "token_no_default_policy": st.booleans(),
        },
    ),
}


@st.composite
def live_states(draw: st.DrawFn) -> dict[Key, dict[str, Any] | None]:
    """Return what somebody did to some objects: other settings, or None for gone."""
    keys = draw(st.lists(st.sampled_from([*WANTED.objects, *STRAYS]), unique=True))
    return {key: draw(st.none() | VALUES[key.kind]) for key in keys}


@given(done=live_states())
@settings(max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_whatever_is_there_one_apply_is_enough_and_a_second_does_nothing(
    vault: Vault, done: dict[Key, dict[str, Any] | None]
) -> None:
    """Of any policies and roles with this environment's names."""
    made, live = VaultTarget(SMALL, SMALL_TENANTS, vault), LiveLayout(vault, SMALL)
    made.apply(made.changes(), lambda _: None)
    for key, values in done.items():
        live.delete(key)
        if values is not None:
            live.put(key, values)
    made.apply(made.changes(), lambda _: None)
    said: list[str] = []
    made.apply(made.changes(), said.append)
    assert made.changes() == () and said == []
    assert set(live.read().objects) == set(WANTED.objects)


@given(done=live_states())
@settings(max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_what_was_there_before_a_deploy_can_be_brought_back(
    vault: Vault, done: dict[Key, dict[str, Any] | None]
) -> None:
    """Whatever it was: also what the deploy made and removed."""
    made, live = VaultTarget(SMALL, SMALL_TENANTS, vault), LiveLayout(vault, SMALL)
    for key, values in done.items():
        live.delete(key)
        if values is not None:
            live.put(key, values)
    before, restore = live.read(), made.remember()
    made.apply(made.changes(), lambda _: None)
    restore(lambda _: None)
    assert differences(before, live.read()) == () and live.read().objects.keys() == before.objects.keys()


def test_rights_are_taken_away_in_a_turn_of_their_own(target: VaultTarget) -> None:
    """What makes and changes leaves them, and the turn of removals takes nothing else."""
    fewer = replace(target, tenants=many(19))
    given, taken = (replace(fewer, part=part) for part in (Part.GRANTS, Part.REMOVALS))
    everything = fewer.changes()
    given.apply(given.changes(), lambda _: None)
    assert fewer.changes() == taken.changes() and {each.action for each in taken.changes()} == {"delete"}
    assert len(given.changes()) == 0 and len(everything) >= len(taken.changes())
    taken.apply(taken.changes(), lambda _: None)
    assert fewer.changes() == ()

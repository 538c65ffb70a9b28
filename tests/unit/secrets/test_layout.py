"""The policies and roles that an environment should have."""

from __future__ import annotations

import pytest
from aerodrome import names
from aerodrome.secrets import usable
from aerodrome.secrets.layout import (
    KUBERNETES_ROLE,
    LOGIN,
    POLICY,
    TEXT,
    TOKEN_ROLE,
    Layout,
    desired,
    paths_in,
)
from aerodrome.secrets.reconcile import differences
from example import PLACE, environment, many, tenant
from hypothesis import given
from hypothesis import strategies as st

MIXED = tenant(
    queues=["default", "pii"],
    connections={"open": {"type": "http"}, "people": {"type": "postgres", "queues": ["pii"]}},
    variables=["key"],
)


def policy(layout: Layout, name: str) -> str:
    """Return the text of a policy."""
    return str(layout.of(POLICY)[name][TEXT])


def test_a_policy_reads_exactly_what_the_zones_queues_may_use() -> None:
    """A connection for personal data is in that zone's policy only; variables and shared entries in each."""
    made = desired(environment(global_connections=["mail"]), {"mix": MIXED})
    shared = {f"aerodrome/data/{PLACE}/global/connections/mail"}
    own = f"aerodrome/data/{PLACE}/tenants/mix"
    everywhere = shared | {f"{own}/connections/open", f"{own}/variables/key"}
    assert paths_in(policy(made, names.tenant_policy(PLACE, "default", "mix"))) == everywhere
    in_pii = paths_in(policy(made, names.tenant_policy(PLACE, "pii", "mix")))
    assert in_pii == everywhere | {f"{own}/connections/people"}
    assert not any("*" in settings[TEXT] or "+" in settings[TEXT] for settings in made.of(POLICY).values())


def test_a_zones_login_mints_for_its_tenants_and_reads_nothing() -> None:
    """A zone without tenants does nothing at all."""
    made = desired(environment(), many(4))
    zone = policy(made, names.zone_role(PLACE, "default"))
    assert paths_in(zone) == {
        f"auth/token/create/{names.tenant_policy(PLACE, 'default', t)}" for t in ("t01", "t02", "t03")
    }
    assert '"ttl" = ["5m"]' in zone and 'required_parameters = ["ttl"]' in zone
    assert 'capabilities = ["deny"]' in policy(made, names.zone_role(PLACE, "platform"))


def test_roles_give_one_policy_and_no_default_one() -> None:
    """Each token role, login and Kubernetes role."""
    for kind, place in ((LOGIN, environment()), (KUBERNETES_ROLE, environment("kubernetes"))):
        for name, settings in desired(place, many(2)).of(kind).items():
            assert settings["token_policies"] == [name.removesuffix(".workers")], name
            assert settings["token_no_default_policy"], name
    for name, settings in desired(environment(), many(2)).of(TOKEN_ROLE).items():
        assert settings["allowed_policies"] == [name] and settings["orphan"] and not settings["renewable"]


def test_each_zone_logs_in_in_one_way() -> None:
    """Workers on hosts by ids, those in the cluster as an account of their own; tenants have pods only there."""
    place = environment("kubernetes")
    hosts = place.zones["pii"].model_copy(update={"workers": "hosts"})
    made = desired(place.model_copy(update={"zones": {**place.zones, "pii": hosts}}), many(2))
    assert set(made.of(LOGIN)) == {names.zone_role(PLACE, "pii")}
    pods = names.tenant_policy(PLACE, "default", "t01")
    zones = {names.zone_role(PLACE, zone) for zone in ("default", "platform")}
    assert set(made.of(KUBERNETES_ROLE)) == {*zones, pods, f"{pods}.workers"}
    assert not desired(environment(), many(2)).of(KUBERNETES_ROLE)


def test_every_role_of_the_cluster_is_one_accounts() -> None:
    """In one namespace, for one audience: those of workers in the release's, those of tasks in the tenant's."""
    place = environment("kubernetes", cluster={"namespace": "flows", "release": "af"})
    roles = desired(place, many(2)).of(KUBERNETES_ROLE)
    found = {
        name.removeprefix(names.secrets_prefix(PLACE)): (
            *role["bound_service_account_namespaces"], *role["bound_service_account_names"]
        )
        for name, role in roles.items()
    }  # fmt: skip
    assert found == {
        "default": ("flows", "af-worker-default"),
        "pii": ("flows", "af-worker-pii"),
        "platform": ("flows", "af-worker-platform"),
        "default.t01": ("tenant-t01", "t01-default"),
        "default.t01.workers": ("flows", "af-worker-tenant-t01-default"),
        "pii.t00": ("tenant-t00", "t00-pii"),
        "pii.t00.workers": ("flows", "af-worker-tenant-t00-pii"),
    }
    assert {role["audience"] for role in roles.values()} == {"vault"}


def test_no_zone_is_called_like_a_tenants_own_workers() -> None:
    """Their accounts would be the same."""
    assert names.worker_account("r", "tenant_a_b") == names.worker_account("r", "b", "a")
    assert "tenants' own workers" in names.why_no_zone("tenant_a_b") and not names.why_no_zone("tenants")


def test_a_queue_that_is_the_platforms_own_gives_no_access() -> None:
    """Whatever a tenant.yaml that was deployed earlier says; nor does one that is gone."""
    stale = tenant(queues=["maintenance", "gone"], connections={"db": {"type": "postgres"}})
    made = desired(environment(), {"old": stale})
    assert usable.zones_of(environment(), stale) == () and not made.of(TOKEN_ROLE)


def test_names_of_two_environments_never_meet() -> None:
    """Even where one environment's name begins with the other's and a zone is called like its rest."""
    made = [
        desired(environment(name=name), many(4)).objects.keys()
        for name in ("prod", "prod-default", "prod-pii")
    ]
    assert not made[0] & made[1] and not made[0] & made[2]
    for layout, name in zip(made, ("prod", "prod-default", "prod-pii"), strict=True):
        others = [names.secrets_prefix(n) for n in ("prod", "prod-default", "prod-pii") if n != name]
        assert all(key.name.startswith(names.secrets_prefix(name)) for key in layout)
        assert not any(key.name.startswith(tuple(others)) for key in layout)


def test_no_tenant_can_be_called_like_what_all_share() -> None:
    """`global` is reserved."""
    assert "share" in names.why_no_tenant("global")
    assert names.global_variable_path("e", "n") == names.variable_path("e", names.GLOBAL, "n")


@pytest.mark.parametrize("zone", ["a", "a_b", "z9"])
def test_names_are_such_as_vault_kubernetes_and_iam_take(zone: str) -> None:
    """The longest as well."""
    longest = "t" * 31
    assert len(names.iam_role("e" * 22, longest)) == 64
    assert "_" not in names.service_account(longest, zone) and len(names.service_account(longest, zone)) < 63


NUMBERS = st.integers(0, 6)


@given(NUMBERS, NUMBERS, st.booleans())
def test_differences_lead_from_any_layout_to_any_other(before: int, after: int, shared: bool) -> None:
    """Each is named once: what is too much, what is missing, what is wrong."""
    live = desired(environment(global_variables=["x"] if shared else []), many(before)).objects
    wanted = desired(environment(), many(after)).objects
    changes = differences(Layout(wanted), Layout(live))
    result = dict(live)
    for change in changes:
        key = next(k for k in {*live, *wanted} if (k.kind, k.name) == (change.kind, change.name))
        if change.action == "delete":
            del result[key]
        else:
            result[key] = wanted[key]
    assert result == wanted and len({(c.kind, c.name) for c in changes}) == len(changes)
    assert differences(Layout(wanted), Layout(result)) == ()

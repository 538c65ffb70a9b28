"""Names of tenants and zones from which nothing of the platform's own can be derived."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome import names
from aerodrome.environment import load_environment
from aerodrome.errors import ProblemsFound, UserError
from aerodrome.local.machine import accounts
from aerodrome.local.stores import broker
from aerodrome.policy.facts import PLATFORM_FOLDER
from aerodrome.render.roles import ADMIN


def test_no_tenant_has_a_name_of_the_platform() -> None:
    """Airflow's administrator and the folder of the platform's own DAGs."""
    assert {ADMIN, PLATFORM_FOLDER} <= names.RESERVED_TENANTS.keys()
    assert all(names.is_tenant(name) and names.why_no_tenant(name) for name in names.RESERVED_TENANTS)
    assert names.why_no_tenant("flights") == ""


def test_no_zone_leads_to_a_user_or_group_of_the_platform() -> None:
    """Neither of the operating system nor of the broker."""
    users = accounts.Accounts(root=True)
    taken = {users.airflow, users.postgres, users.redis, users.openbao, users.fetcher}
    taken |= {accounts.LOGS_GROUP, accounts.BUNDLE_GROUP, broker.ADMIN, broker.SCHEDULER}
    allowed = [zone for zone in ("default", "pii", *names.RESERVED_ZONES) if not names.why_no_zone(zone)]
    assert allowed == ["default", "pii"]
    assert {names.worker_user(zone) for zone in names.RESERVED_ZONES} >= taken - {users.airflow}


def test_a_zones_user_is_one_that_linux_takes() -> None:
    """32 characters at most."""
    longest = "z" * names.ZONE_LENGTH
    assert len(names.worker_user(longest)) == 32 and not names.why_no_zone(longest)
    assert "22 characters at most" in names.why_no_zone(longest + "z")


@pytest.mark.parametrize("zone", ["vault", "logs", "z" * 23])
def test_a_zone_with_such_a_name_is_told_with_its_line(place: Any, zone: str) -> None:
    """In environment.yaml."""
    file = place.root / "environments/local/environment.yaml"
    file.write_text(file.read_text().replace("platform", zone))
    with pytest.raises(ProblemsFound, match=rf"yaml:2:\d+: zones.{zone}: '{zone}' cannot name a zone"):
        load_environment(place.root, "local")


def test_a_folder_with_such_a_name_is_told_and_the_others_are_checked(place: Any) -> None:
    """By every command, also by one that asks for that tenant alone."""
    for name in names.RESERVED_TENANTS:
        place.tenant(name, "daily")
    place.tenant("alpha")
    place.dag("alpha", "broken", "dag_id: broken\n")
    done = place.run("check")
    assert done.returncode == 2 and "tenants/alpha/dags/broken.yaml:" in done.stderr
    for name, reason in names.RESERVED_TENANTS.items():
        assert f"tenants/{name}: '{name}' cannot name a tenant\n    {reason}" in done.stderr
    alone = place.run("check", "--tenant", "admin")
    assert alone.returncode == 2 and "'admin' cannot name a tenant" in alone.stderr


def test_no_such_tenant_is_begun(place: Any) -> None:
    """Nothing is written."""
    done = place.run("tenant", "admin")
    assert done.returncode == 2 and "Airflow's administrator is called so" in done.stderr
    assert list((place.root / "tenants").iterdir()) == []


def test_whoever_asks_for_such_a_tenant_by_name_hears_why(place: Any) -> None:
    """Rather than that there is none."""
    from aerodrome.pipeline import require_tenant

    with pytest.raises(UserError, match="'platform' cannot name a tenant"):
        require_tenant(place.root, "platform")

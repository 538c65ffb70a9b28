"""`login: {kind: directory}`, deployed: the platform's own directory, login and roles together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.processes import supervision
from aerodrome.local.processes.topology import ROLES
from aerodrome.local.release.first_runs import wait_visible
from aerodrome.local.release.followed_roles import Followed, follow_local
from suite.colleague import NAME, Colleague
from suite.live import Live
from suite.place import ATTACKER, VICTIM

pytestmark = pytest.mark.all_attacks
REFUSED = {401, 403}
# What is promised for whoever is taken out of a group.
LIMIT_SECONDS = 60


@pytest.fixture(scope="module")
def anne(live: Live) -> Colleague:
    """Somebody whom no deploy has made, in the group of a tenant's viewers."""
    wait_visible(live.airflow, {f"{ATTACKER}.says", f"{VICTIM}.gives"}, print)
    anne = Colleague(live.platform, ATTACKER)
    anne.join()
    return anne


def test_a_person_of_the_directory_logs_in_and_sees_the_own_tenant_only(anne: Colleague) -> None:
    """By REST, with the directory's password and no other."""
    assert anne.log_in("another one").status_code == 401
    assert anne.tenants() == {ATTACKER}
    assert anne.asks(anne.token(), f"/{VICTIM}.gives") == 403


def test_out_of_the_group_is_out_of_the_platform(anne: Colleague) -> None:
    """With the token that is held, within a minute, and for a new one."""
    token = anne.token()
    assert anne.asks(token) == 200
    anne.leave()
    assert wait_until(lambda: anne.asks(token) in REFUSED, LIMIT_SECONDS, pause=0.5)
    assert anne.log_in().status_code in REFUSED


@contextmanager
def not_followed(live: Live) -> Iterator[None]:
    """Nothing follows the directory by itself."""
    supervisor = supervision.client(live.platform.layout)
    supervisor.stop([ROLES])
    try:
        yield
    finally:
        supervisor.start(ROLES)


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    live: Live, anne: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is in a group again would get the role back; asked a second time, it says the same."""
    monkeypatch.setenv("AERODROME_STATE", str(live.platform.layout.state))

    def dry_run() -> Followed:
        return follow_local(live.platform.layout.repository, "local", dry_run=True, force=False)

    with not_followed(live):
        anne.come_back()
        found = dry_run()
        assert dry_run() == found and not found.applied and not found.brake
    changes = {(one.action, one.user, one.role) for one in found.changes}
    assert changes == {("activate", NAME, ""), ("grant", NAME, f"{ATTACKER}.viewer")}
    assert wait_until(lambda: anne.log_in().is_success, LIMIT_SECONDS, pause=0.5)

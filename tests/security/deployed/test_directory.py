"""`login: {kind: directory}`, deployed: the platform's own directory, login and roles together."""

from __future__ import annotations

import pytest
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.release.first_runs import wait_visible
from suite.colleague import Colleague
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

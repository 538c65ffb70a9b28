"""Whoever is taken out of a group loses access, in the pages that are open and with the tokens that are held.

An API server with the platform's login, a directory, and the process that follows it; nobody logs in again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from company import Company, Person
from directory import PASSWORD

pytestmark = pytest.mark.all_attacks
LIMIT_SECONDS = 60


@pytest.fixture(scope="module")
def company(followed_company: Company) -> Company:
    """Everything runs, and roles follow the directory as they do for everybody."""
    for person in ("jo", "kim", "lee"):
        followed_company.slapd.person(person)
    return followed_company


@dataclass(frozen=True)
class Leavers:
    """Three who were taken out of a group at the same moment, after they had logged in."""

    jo: Person
    kim: Person
    lee: Person
    since: float

    def wait(self, done: Callable[[], bool]) -> None:
        """Return once *done* returns true; it must within a minute of the change."""
        while not done():
            assert time.monotonic() - self.since < LIMIT_SECONDS
            time.sleep(0.5)
        print(f"{time.monotonic() - self.since:.0f} s after the change at the latest")


@pytest.fixture(scope="module")
def leavers(company: Company) -> Leavers:
    """Jo was of alpha and is nothing, Kim was of alpha and is of beta, Lee was an auditor and is of alpha."""
    company.members("alpha-people", "jo", "kim", "lee")
    company.members("auditors", "lee")
    jo, kim, lee = (company.log_in(name) for name in ("jo", "kim", "lee"))
    for person in (jo, kim):
        assert person.dags() == [{"alpha"}] * 3 and person.profile() == 200
    assert connections(lee) == [4, 4] and lee.dags() == [{"alpha", "beta"}] * 3
    company.members("alpha-people", "lee")
    company.members("beta-people", "kim")
    company.members("auditors")
    return Leavers(jo, kim, lee, time.monotonic())


def connections(person: Person) -> list[int]:
    """Return how many connections the page and the token see."""
    return [answer.json()["total_entries"] for answer in person.asks("/api/v2/connections")]


def test_who_is_taken_out_of_all_groups_is_out_within_a_minute(company: Company, leavers: Leavers) -> None:
    """The pages of Airflow, those of FAB, and the API; with the cookie, and with the token."""
    jo = leavers.jo
    leavers.wait(lambda: jo.dags() == [set()] * 3 and jo.profile() == 302)
    answers = [*jo.asks("/api/v2/dags"), *jo.asks("/ui/auth/menus"), *jo.asks("/auth/fab/v1/users")]
    assert {answer.status_code for answer in answers} <= {401, 403}
    login = {"username": "jo", "password": PASSWORD}
    again = company.server.client.post(f"{company.server.url}/auth/token", json=login)
    assert again.status_code in {401, 403}


def test_who_moves_to_another_tenant_sees_that_one_and_no_longer_the_first(leavers: Leavers) -> None:
    """In the same page and with the same token."""
    kim = leavers.kim
    leavers.wait(lambda: kim.dags() == [{"beta"}] * 3)
    assert [answer.status_code for answer in kim.asks("/api/v2/dags/alpha.daily")] == [403] * 2
    assert kim.profile() == 200


def test_who_no_longer_audits_sees_the_own_tenant_only(leavers: Leavers) -> None:
    """A role of the whole platform ends as any other one does."""
    leavers.wait(lambda: connections(leavers.lee) == [2, 2])
    assert leavers.lee.dags() == [{"alpha"}] * 3

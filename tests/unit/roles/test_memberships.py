"""The difference between what the directory says and what Airflow holds, for people of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aerodrome_airflow.directory.entry import Entry
from aerodrome_airflow.roles.brake import FEW, brake
from aerodrome_airflow.roles.memberships import (
    Account,
    Diff,
    Live,
    Wanted,
    diff,
    email_of,
    why_granted,
    why_removed,
)
from hypothesis import given
from hypothesis import strategies as st

NAMES = [f"p{number}" for number in range(8)]
ROLES = ["a.viewer", "a.editor", "b.viewer", "platform", "Admin"]
GROUPS = {
    "staff": {"a.viewer"},
    "analysts": {"a.editor", "a.viewer"},
    "beta": {"b.viewer"},
    "ops": {"platform"},
}
ROLES_OF_GROUP = {group: frozenset(roles) for group, roles in GROUPS.items()}


def entry(name: str, *groups: str, email: str = "") -> Entry:
    """Return a person."""
    return Entry(name, f"uid={name}", "Jo", "Doe", email or f"{name}@example.org", frozenset(groups))


def wanted(people: Mapping[str, Any], *protected: str) -> Wanted:
    """Return a directory with *people*: name → groups."""
    found = {name: entry(name, *groups) for name, groups in people.items()}
    return Wanted(found, ROLES_OF_GROUP, frozenset(protected))


def live(*accounts: Account, roles: Any = ROLES) -> Live:
    """Return an Airflow with *accounts*."""
    return Live({account.name: account for account in accounts}, frozenset(roles))


def applied(before: Live, found: Diff) -> Live:
    """Return what the database holds after *found*."""
    accounts = dict(before.accounts) | {
        person.name: Account(100 + number, person.name, email=person.email)
        for number, person in enumerate(found.new)
    }
    for name, account in accounts.items():
        gone = {role for user, role in found.removed if user == name}
        more = {role for user, role in found.granted if user == name}
        active = (account.active or name in found.activated) and name not in found.deactivated
        followed = account.followed or name in found.adopted
        roles = frozenset((account.roles - gone) | more)
        accounts[name] = replace(account, roles=roles, active=active, followed=followed)
    return Live(accounts, before.roles)


accounts = st.builds(
    Account,
    st.integers(1, 9),
    st.sampled_from(NAMES),
    st.frozensets(st.sampled_from(ROLES)),
    st.booleans(),
    st.sampled_from(["", "x@example.org"]),
    st.booleans(),
)
lives = st.builds(
    lambda found, roles: live(*found, roles=roles),
    st.lists(accounts),
    st.sets(st.sampled_from(ROLES), min_size=3),
)
directories = st.builds(
    lambda people, protected: wanted(people, *protected),
    st.dictionaries(st.sampled_from(NAMES), st.frozensets(st.sampled_from([*GROUPS, "other"]))),
    st.sets(st.sampled_from(NAMES), max_size=2),
)


@given(directories, lives)
def test_after_a_run_nothing_is_left_to_change(directory: Wanted, before: Live) -> None:
    """Whatever was there."""
    assert diff(directory, applied(before, diff(directory, before))).empty


@given(directories, lives)
def test_after_a_run_everybody_holds_what_the_directory_says(directory: Wanted, before: Live) -> None:
    """All whom the directory made, and all whom it knows; without a role nobody is active."""
    after = applied(before, diff(directory, before))
    for name in NAMES:
        account, roles = after.accounts.get(name), directory.roles_of(name) & before.roles
        if account is None:
            assert name in directory.protected or not roles
        elif account.followed and name not in directory.protected:
            assert account.roles == roles and (roles or not account.active)


@given(directories, lives)
def test_protected_users_are_never_touched(directory: Wanted, before: Live) -> None:
    """Whatever the directory says of people with their names."""
    after = applied(before, diff(directory, before))
    for name in directory.protected:
        assert after.accounts.get(name) == before.accounts.get(name)


@given(directories, lives)
def test_who_was_made_by_hand_and_is_in_no_group_is_left_alone_and_told(
    directory: Wanted, before: Live
) -> None:
    """Neither roles nor password change."""
    found = diff(directory, before)
    after = applied(before, found)
    for name, account in before.accounts.items():
        if (
            not account.followed
            and not directory.roles_of(name) & before.roles
            and name not in directory.protected
        ):
            assert after.accounts[name] == account and name in found.left_alone


@given(directories, lives, st.floats(0.01, 0.9), st.floats(0.01, 0.9), st.integers(0, 20))
def test_the_brake_is_monotone(directory: Wanted, before: Live, one: float, other: float, fewer: int) -> None:
    """What a looser brake holds back a tighter one does, and what holds back fewer removals holds back more."""
    found = diff(directory, before)
    less = replace(found, removed=frozenset(sorted(found.removed)[fewer:]))
    if brake(found, max(one, other)):
        assert brake(found, min(one, other))
    if brake(less, one):
        assert brake(found, one)


def test_a_mass_removal_is_held_back() -> None:
    """A directory whose groups are suddenly empty."""
    before = live(*(Account(number, f"p{number}", frozenset({"a.viewer"})) for number in range(10)))
    found = brake(diff(wanted({}), before), 0.2)
    assert found and "10 of 10 memberships of 10 people would be taken away, more than 20% at once" in str(
        found
    )


def test_few_people_may_always_lose_roles() -> None:
    """In a small team everybody is a large share."""
    before = live(
        *(Account(number, f"p{number}", frozenset({"a.viewer", "a.editor"})) for number in range(FEW))
    )
    found = diff(wanted({}), before)
    assert len(found.removed) == 2 * FEW and brake(found, 0.01) is None


def test_exactly_the_share_is_not_too_much() -> None:
    """It is a limit, not a number that is forbidden."""
    before = live(*(Account(number, f"q{number}", frozenset({"a.viewer"})) for number in range(20)))
    kept = {f"q{number}": ["staff"] for number in range(4, 20)}
    assert brake(diff(wanted(kept), before), 0.2) is None
    assert brake(diff(wanted({name: kept[name] for name in sorted(kept)[1:]}), before), 0.2)


def test_who_was_deactivated_by_hand_stays_so() -> None:
    """Whoever ends an access here takes the roles; with roles it was somebody in Airflow."""
    blocked = Account(1, "p1", frozenset({"a.viewer"}), active=False)
    found = diff(wanted({"p1": ["ops"]}), live(blocked))
    assert (found.blocked, found.activated) == (("p1",), frozenset())
    assert found.granted == {("p1", "platform")} and found.removed == {("p1", "a.viewer")}


def test_who_comes_back_is_active_again() -> None:
    """The user is the same one."""
    gone = Account(1, "p1", frozenset(), active=False)
    found = diff(wanted({"p1": ["staff"]}), live(gone))
    assert found == Diff(granted=frozenset({("p1", "a.viewer")}), activated=frozenset({"p1"}))


def test_a_user_made_by_hand_with_a_persons_name_becomes_the_directorys() -> None:
    """With exactly the roles of the groups: it is one person."""
    by_hand = Account(1, "p1", frozenset({"Admin"}), followed=False)
    found = diff(wanted({"p1": ["staff"]}), live(by_hand))
    assert (
        found.adopted == {"p1"}
        and found.removed == {("p1", "Admin")}
        and found.granted == {("p1", "a.viewer")}
    )


def test_a_role_that_no_deploy_has_made_yet_is_told_and_makes_nobody() -> None:
    """The next run after the deploy does."""
    found = diff(wanted({"p1": ["ops"]}), live(roles=["a.viewer"]))
    assert found.empty and found.missing == ("platform",)


def test_reasons_name_the_groups() -> None:
    """Those that give the role, and those that somebody is not in."""
    directory = wanted({"p1": ["staff", "ops", "analysts"]})
    assert why_granted(directory, ("p1", "a.viewer")) == "in analysts, staff"
    assert why_removed(directory, ("p2", "a.viewer")) == "not in analysts or staff"
    assert why_removed(directory, ("p2", "Admin")) == "no group gives it"


@given(
    st.lists(
        st.sampled_from(
            ["", "a@x", "A@x", "b", "c@localhost", "p1@directory.invalid", "d@\n", "e@" + "x" * 600]
        )
    )
)
def test_everybody_has_an_address_of_their_own(emails: list[str]) -> None:
    """FAB takes none twice; a strange one, or one that marks something, is not taken."""
    people = {f"p{number}": entry(f"p{number}", "staff", email=email) for number, email in enumerate(emails)}
    found = diff(Wanted(people, ROLES_OF_GROUP), live(Account(1, "z", email="A@X", followed=False)))
    made = [person.email for person in found.new]
    assert len({email.lower() for email in made} | {"a@x"}) == len(made) + 1
    assert all("@" in email and email.isprintable() and not email.endswith("@localhost") for email in made)
    assert all(email_of(people[person.name], ()) for person in found.new)

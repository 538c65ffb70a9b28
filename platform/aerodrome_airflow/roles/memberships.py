"""What must change so that people hold the roles that the directory says. Pure: nothing here reads or writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from aerodrome_airflow.directory.entry import LONGEST_PART, Entry

LONGEST_EMAIL = 512
NO_MAIL = "@directory.invalid"
"""Ends the address of somebody without one of their own: FAB wants a different one for everybody."""
# The second one ends those of the deploy's own users, which it may delete.
_RESERVED = (NO_MAIL, "@localhost")
Membership = tuple[str, str]
"""A user's name and a role."""


@dataclass(frozen=True)
class Account:
    """A user of Airflow; *followed*: made by the directory, and not by hand."""

    number: int
    name: str
    roles: frozenset[str] = frozenset()
    active: bool = True
    email: str = ""
    followed: bool = True


@dataclass(frozen=True)
class Live:
    """The users of Airflow by name in lower case, and the roles that there are."""

    accounts: Mapping[str, Account]
    roles: frozenset[str]


@dataclass(frozen=True)
class Wanted:
    """People of the directory by name, what each group gives, and the users that are nobody's business here."""

    people: Mapping[str, Entry]
    roles_of_group: Mapping[str, frozenset[str]]
    protected: frozenset[str] = frozenset()

    def roles_of(self, name: str) -> frozenset[str]:
        """Return the roles that *name* shall hold."""
        entry = self.people.get(name)
        groups = entry.groups if entry and name not in self.protected else ()
        return frozenset().union(*(self.roles_of_group.get(group, frozenset()) for group in groups))

    def groups_with(self, role: str) -> list[str]:
        """Return the groups that give *role*, sorted."""
        return sorted(group for group, roles in self.roles_of_group.items() if role in roles)


@dataclass(frozen=True)
class NewPerson:
    """A user that is made."""

    name: str
    first_name: str
    last_name: str
    email: str


@dataclass(frozen=True)
class Diff:
    """What changes, and what does not although somebody may think so.

    *adopted*: made by hand, and from now on the directory's. *left_alone*: made by hand, and unknown to the
    directory's groups. *blocked*: deactivated by hand. *missing*: roles that a deploy has yet to make.
    *held*: memberships before, of all who are followed.
    """

    new: tuple[NewPerson, ...] = ()
    granted: frozenset[Membership] = frozenset()
    removed: frozenset[Membership] = frozenset()
    activated: frozenset[str] = frozenset()
    deactivated: frozenset[str] = frozenset()
    adopted: frozenset[str] = frozenset()
    left_alone: tuple[str, ...] = field(default=(), compare=False)
    blocked: tuple[str, ...] = field(default=(), compare=False)
    missing: tuple[str, ...] = field(default=(), compare=False)
    held: int = field(default=0, compare=False)

    @property
    def empty(self) -> bool:
        """Return whether nothing changes."""
        return self == Diff()


def diff(wanted: Wanted, live: Live) -> Diff:
    """Return what makes *live* what *wanted* says."""
    all_roles = {name: wanted.roles_of(name) for name in wanted.people}
    roles = {name: found & live.roles for name, found in all_roles.items() if found & live.roles}
    followed = [account for account in live.accounts.values() if _is_followed(account, roles, wanted)]
    before = {(account.name, role) for account in followed for role in account.roles}
    after = {(name, role) for name, held in roles.items() for role in held}
    return Diff(
        new=tuple(_new_people(wanted, live, roles)),
        granted=frozenset(after - before),
        removed=frozenset(before - after),
        activated=frozenset(one.name for one in followed if one.name in roles and _is_ended(one)),
        deactivated=frozenset(one.name for one in followed if one.name not in roles and one.active),
        adopted=frozenset(one.name for one in followed if not one.followed),
        left_alone=tuple(sorted(_left_alone(wanted, live, roles))),
        blocked=tuple(sorted(one.name for one in followed if one.name in roles and _is_blocked(one))),
        missing=tuple(sorted(frozenset().union(*all_roles.values()) - live.roles)),
        held=len(before),
    )


def _is_followed(account: Account, roles: Collection[str], wanted: Wanted) -> bool:
    # A person of the directory who was also made by hand is one person: the directory's.
    return account.name not in wanted.protected and (account.followed or account.name in roles)


def _is_ended(account: Account) -> bool:
    return not account.active and not account.roles


def _is_blocked(account: Account) -> bool:
    # Whoever ends an access here takes the roles too: with roles it was somebody in Airflow, who had a reason.
    return not account.active and bool(account.roles)


def _left_alone(wanted: Wanted, live: Live, roles: Collection[str]) -> Iterator[str]:
    for account in live.accounts.values():
        if account.name not in wanted.protected and not account.followed and account.name not in roles:
            yield account.name


def _new_people(wanted: Wanted, live: Live, roles: Collection[str]) -> Iterator[NewPerson]:
    taken = {account.email.lower() for account in live.accounts.values()}
    for name in sorted(roles):
        if name not in live.accounts:
            entry = wanted.people[name]
            email = email_of(entry, taken)
            taken.add(email.lower())
            yield NewPerson(name, _part(entry.first_name) or name, _part(entry.last_name), email)


def email_of(entry: Entry, taken: Collection[str]) -> str:
    """Return the address of *entry*, or one that leads nowhere where there is none, or others (lower case) have it."""
    own = entry.email.strip()
    usable = (
        "@" in own and own.isprintable() and len(own) <= LONGEST_EMAIL and not own.lower().endswith(_RESERVED)
    )
    if usable and own.lower() not in taken:
        return own
    return next(address for address in _placeholders(entry.name) if address.lower() not in taken)


def _placeholders(name: str) -> Iterator[str]:
    yield f"{name}{NO_MAIL}"
    number = 2
    while True:
        yield f"{name}+{number}{NO_MAIL}"
        number += 1


def _part(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable()).strip()[:LONGEST_PART]


def why_granted(wanted: Wanted, membership: Membership) -> str:
    """Return the groups that give a role to somebody."""
    name, role = membership
    groups = wanted.people[name].groups
    return "in " + ", ".join(group for group in wanted.groups_with(role) if group in groups)


def why_removed(wanted: Wanted, membership: Membership) -> str:
    """Return the groups, one of which somebody would have to be in."""
    groups = wanted.groups_with(membership[1])
    return f"not in {_any_of(groups)}" if groups else "no group gives it"


def _any_of(groups: Iterable[str]) -> str:
    return " or ".join(groups)

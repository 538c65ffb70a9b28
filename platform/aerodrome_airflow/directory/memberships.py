"""Who is in which group, directly or through groups in groups, in the two ways that directories tell it.

Both look at the same two places: groups below the groups' base, people below the people's. What lies elsewhere
does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Protocol

from aerodrome_airflow.directory import queries
from aerodrome_airflow.directory.dn import Dn, Key, parse
from aerodrome_airflow.directory.session import Found, Session
from aerodrome_airflow.directory.settings import DirectorySettings

MEMBER_DNS = ("member", "uniqueMember")
MEMBER_NAMES = "memberUid"
Members = Iterator[tuple[Found, frozenset[str]]]


class Memberships(Protocol):
    """One of the two ways."""

    group_attributes: tuple[str, ...]
    """What must be read of a group."""

    def members(self, session: Session, groups: Mapping[str, Found]) -> Members:
        """Yield each person in one of *groups* (name → entry) with the names of those that hold the person."""

    def groups_of(self, session: Session, person: Found) -> list[Found]:
        """Return the groups that hold *person*."""


def of(settings: DirectorySettings) -> Memberships:
    """Return the way in which this directory tells it."""
    return ByPerson(settings, settings.member_of) if settings.member_of else ByGroup(settings)


class ByPerson:
    """Each person's entry, and each group's, has an attribute with the groups that it is directly in."""

    def __init__(self, settings: DirectorySettings, attribute: str) -> None:
        self._settings = settings
        self._attribute = attribute
        self.group_attributes: tuple[str, ...] = (settings.groups.name, attribute)

    def members(self, session: Session, groups: Mapping[str, Found]) -> Members:
        """Yield each person in one of *groups* with the names of those that hold the person."""
        held = Held({name: found.dn for name, found in groups.items()})
        place, fresh = self._settings.groups, held.dns
        while fresh:
            inner = self._with(session, place.base, place.filter, fresh, self.group_attributes)
            fresh = [found.dn for found in inner if held.add(found.dn, held.of(self._dns(found)))]
        people, attributes = self._settings.people, queries.people_attributes(self._settings)
        for person in self._with(session, people.base, people.filter, held.dns, attributes):
            yield person, held.of(self._dns(person))

    def groups_of(self, session: Session, person: Found) -> list[Found]:
        """Return the groups that hold *person*."""
        found: dict[Key, Found] = {}
        base, fresh = parse(self._settings.groups.base), self._dns(person)
        while wanted := [dn for dn in fresh if dn.key not in found and base and dn.within(base)]:
            place = self._settings.groups
            outer = queries.with_names(session, place.base, place.filter, wanted, self.group_attributes)
            new = {group.dn.key: group for group in outer}
            found |= new
            fresh = [dn for group in new.values() for dn in self._dns(group)]
        return list(found.values())

    def _with(
        self, session: Session, base: str, filter_: str, groups: Iterable[Dn], attributes: Collection[str]
    ) -> Iterator[Found]:
        conditions = [(self._attribute, dn.text) for dn in groups]
        return queries.with_any(session, base, filter_, conditions, attributes)

    def _dns(self, found: Found) -> list[Dn]:
        return _dns(found, (self._attribute,))


class ByGroup:
    """Each group's entry has the names of those who are directly in it."""

    def __init__(self, settings: DirectorySettings) -> None:
        self._settings = settings
        self.group_attributes: tuple[str, ...] = (settings.groups.name, *MEMBER_DNS, MEMBER_NAMES)

    def members(self, session: Session, groups: Mapping[str, Found]) -> Members:
        """Yield each person in one of *groups* with the names of those that hold the person."""
        held, by_name = Held({name: found.dn for name, found in groups.items()}), dict[str, set[str]]()
        fresh, known = list(groups.values()), {found.dn.key: found for found in groups.values()}
        while fresh:
            grown = [
                dn for group in fresh for dn in _dns(group, MEMBER_DNS) if held.add(dn, held.of([group.dn]))
            ]
            self._read_groups(session, grown, known)
            fresh = [known[dn.key] for dn in grown if dn.key in known]
        for group in known.values():
            for name in group.values(MEMBER_NAMES):
                by_name.setdefault(name, set()).update(held.of([group.dn]))
        for person in self._people(session, held, by_name):
            names = (by_name.get(name, set()) for name in person.values(self._settings.people.name))
            yield person, held.of([person.dn]).union(*names)

    def groups_of(self, session: Session, person: Found) -> list[Found]:
        """Return the groups that hold *person*."""
        place, found = self._settings.groups, dict[Key, Found]()
        conditions = [(MEMBER_NAMES, name) for name in person.values(self._settings.people.name)]
        fresh = [person]
        while fresh:
            conditions += [(attribute, inner.dn.text) for inner in fresh for attribute in MEMBER_DNS]
            outer = queries.with_any(session, place.base, place.filter, conditions, [place.name])
            fresh = [group for group in outer if group.dn.key not in found]
            found |= {group.dn.key: group for group in fresh}
            conditions = []
        return list(found.values())

    def _read_groups(self, session: Session, dns: Collection[Dn], known: dict[Key, Found]) -> None:
        place = self._settings.groups
        new = _within(place.base, (dn for dn in dns if dn.key not in known))
        for group in queries.with_names(session, place.base, place.filter, new, self.group_attributes):
            known[group.dn.key] = group

    def _people(self, session: Session, held: Held, by_name: Collection[str]) -> Iterator[Found]:
        place, attributes = self._settings.people, queries.people_attributes(self._settings)
        dns = _within(place.base, held.dns)
        found = {
            one.dn.key: one for one in queries.with_names(session, place.base, place.filter, dns, attributes)
        }
        conditions = [(place.name, name) for name in sorted(by_name)]
        for one in queries.with_any(session, place.base, place.filter, conditions, attributes):
            if set(one.values(place.name)) & set(by_name):
                found.setdefault(one.dn.key, one)
        yield from found.values()


class Held:
    """Which of the wanted groups hold an entry, by its distinguished name; a group holds itself."""

    def __init__(self, groups: Mapping[str, Dn]) -> None:
        self._names: dict[Key, frozenset[str]] = {}
        self._dns: dict[Key, Dn] = {}
        for name, dn in groups.items():
            self.add(dn, frozenset({name}))

    @property
    def dns(self) -> list[Dn]:
        """Return every entry that is known to be held."""
        return list(self._dns.values())

    def add(self, dn: Dn, names: frozenset[str]) -> bool:
        """Note that the groups *names* hold *dn*, and return whether that is news."""
        before = self._names.get(dn.key, frozenset())
        self._names[dn.key] = before | names
        self._dns.setdefault(dn.key, dn)
        return not names <= before

    def of(self, dns: Iterable[Dn]) -> frozenset[str]:
        """Return the groups that hold one of *dns*."""
        return frozenset().union(*(self._names.get(dn.key, frozenset()) for dn in dns))


def _dns(found: Found, attributes: Iterable[str]) -> list[Dn]:
    texts = (text for attribute in attributes for text in found.values(attribute))
    return [dn for text in texts if (dn := parse(text))]


def _within(base: str, dns: Iterable[Dn]) -> list[Dn]:
    place = parse(base)
    return [dn for dn in dns if place is not None and dn.within(place)]

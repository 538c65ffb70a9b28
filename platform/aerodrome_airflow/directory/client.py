"""The directory, as login and roles ask it: by the same code, so that they cannot disagree."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from aerodrome_airflow.directory import memberships, queries
from aerodrome_airflow.directory.entry import DirectoryUnavailable, Entry, same, user_name, why_odd
from aerodrome_airflow.directory.session import Found, Session, bound, is_password_of
from aerodrome_airflow.directory.settings import DirectorySettings, plain

__all__ = ["Directory", "DirectoryUnavailable", "Entry"]
_MOST_TOLD = 1000

log = logging.getLogger(__name__)


class Directory:
    """One directory; each question is a connection of its own, on which all its searches are made.

    Every method raises DirectoryUnavailable where the directory does not tell.
    """

    def __init__(self, settings: DirectorySettings, password: str) -> None:
        self._settings = settings
        self._password = password
        self._memberships = memberships.of(settings)
        self._told: set[str] = set()

    def person(self, name: str) -> Entry | None:
        """Return who is called *name* with all groups of theirs; None where nobody is, or not just one."""
        with bound(self._settings, self._password) as session:
            return self._person(session, name)

    def authenticate(self, name: str, password: str) -> Entry | None:
        """Return who is called *name*, where *password* is theirs."""
        entry = self.person(name) if password else None
        return entry if entry and is_password_of(self._settings, entry.dn, password) else None

    def people(self, groups: Collection[str]) -> dict[str, Entry]:
        """Return by name all who are in one of *groups*, each with those of *groups* that hold them."""
        wanted = {plain(group) for group in groups}
        with bound(self._settings, self._password) as session:
            named = self._by_name(self._groups(session, wanted), wanted)
            found = [self._entry(*member) for member in self._memberships.members(session, named)]
        return self._unique([entry for entry in found if entry])

    def _person(self, session: Session, name: str) -> Entry | None:
        if why_odd(name):
            return None
        place = self._settings.people
        attributes = queries.people_attributes(self._settings)
        wanted = queries.with_any(session, place.base, place.filter, [(place.name, name)], attributes)
        # A directory may look for less than it was asked to: without accents, or what begins like it.
        people = [one for one in wanted if any(same(value, name) for value in one.values(place.name))]
        if len(people) != 1:
            if people:
                self._warn("%s people are called %r: none of them can log in", len(people), user_name(name))
            return None
        return self._entry(people[0], self._names_of(session, people[0]))

    def _names_of(self, session: Session, person: Found) -> frozenset[str]:
        found = self._memberships.groups_of(session, person)
        names = {name for group in found for name in self._group_names(group)}
        # Other groups may have the same names.
        named = self._by_name(self._groups(session, names), names)
        held = {group.dn.key for group in found}
        return frozenset(name for name, group in named.items() if group.dn.key in held)

    def _groups(self, session: Session, names: Collection[str]) -> Iterator[Found]:
        place = self._settings.groups
        conditions = [(place.name, name) for name in sorted(names)]
        attributes = self._memberships.group_attributes
        return queries.with_any(session, place.base, place.filter, conditions, attributes)

    def _group_names(self, group: Found) -> set[str]:
        return {plain(value) for value in group.values(self._settings.groups.name)}

    def _by_name(self, groups: Iterable[Found], wanted: Collection[str]) -> dict[str, Found]:
        found: dict[str, list[Found]] = {}
        for group in groups:
            for name in self._group_names(group) & set(wanted):
                found.setdefault(name, []).append(group)
        for name, several in found.items():
            if len(several) > 1:
                # Who may make a group somewhere would otherwise give its members the roles of this one.
                places = "; ".join(sorted(group.dn.text for group in several))
                self._warn("several groups are called %r, so none of them counts: %s", name, places)
        return {name: several[0] for name, several in found.items() if len(several) == 1}

    def _entry(self, found: Found, groups: frozenset[str]) -> Entry | None:
        place = self._settings.people
        names = found.values(place.name)
        reason = why_odd(names[0]) if len(names) == 1 else f"it has {len(names)} values"
        if reason:
            self._warn("left out: %s of %s: %s", place.name, ascii(found.dn.text), reason)
            return None
        first, last = found.first(place.first_name), found.first(place.last_name)
        return Entry(user_name(names[0]), found.dn.text, first, last, found.first(place.email), groups)

    def _unique(self, entries: Collection[Entry]) -> dict[str, Entry]:
        count = Counter(entry.name for entry in entries)
        for name in sorted(name for name, number in count.items() if number > 1):
            self._warn("%s people are called %r: none of them gets a role", count[name], name)
        return {entry.name: entry for entry in entries if count[entry.name] == 1}

    def _warn(self, text: str, *values: object) -> None:
        # Once: the directory is asked every few seconds.
        told = text % values
        if told not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(told)
            log.warning("directory: %s", told)

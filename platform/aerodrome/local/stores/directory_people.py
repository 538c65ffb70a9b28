"""Example people of the local directory: one for each of a tenant's levels and each role on the whole platform."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.difference import not_compared
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import directory
from aerodrome.login_settings import PLATFORM_ROLES
from aerodrome.plan import Action, Change, digest_of
from aerodrome.progress import Progress

if TYPE_CHECKING:
    from aerodrome.clients.directory import DirectoryAccess

LEVELS = ("viewer", "editor", "admin")
# What a deploy made bears it; nothing else is ever removed.
MARK = "Made by a deploy of Aerodrome"
_MARKED = "description"
_COMPARED = ("objectClass", "dc", "o", "ou", "cn", "sn", "givenName", "mail", "uid", "member", _MARKED)
_ESCAPED = re.compile(r"\\(?:([0-9A-Fa-f]{2})|(.))")
Entry = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Person:
    """Somebody who logs in as *name* and is in *groups*."""

    name: str
    last_name: str
    groups: tuple[str, ...]

    @property
    def dn(self) -> str:
        """Return the person's distinguished name; a person's name holds nothing that needs an escape."""
        return f"uid={self.name},{directory.PEOPLE}"


def people(platform: Platform) -> tuple[Person, ...]:
    """Return the example people, by the groups that tenants and environment name."""
    return tuple(_people(platform))


def _people(platform: Platform) -> Iterator[Person]:
    for tenant, model in sorted(platform.tenants.items()):
        for level in LEVELS:
            if groups := getattr(model.groups, level):
                yield Person(f"{tenant}-{level}", f"{level.capitalize()} of {tenant}", tuple(groups))
    for role in PLATFORM_ROLES:
        if groups := getattr(platform.environment.login.groups, role):
            # No tenant's person can be called so: 'example' is no level.
            yield Person(f"{role}-example", role.capitalize(), tuple(groups))


def differences(platform: Platform) -> tuple[Change, ...]:
    """Return which example people and groups the directory lacks or holds differently."""
    access = directory.access(platform)
    if not access.answers():
        if platform.credentials.find(secret.DIRECTORY_READER):
            return (not_compared(directory.NAME, "example people"),)
        return tuple(_create(dn, entry) for dn, entry in _wanted(platform).items())
    live, wanted = access.entries(directory.SUFFIX, *_COMPARED), _wanted(platform)
    known = _by_key(live)
    changes = [_create(dn, entry) for dn, entry in wanted.items() if _key(dn) not in known]
    changes += [_update(dn, known[_key(dn)], wanted[dn]) for dn in _differing(live, wanted)]
    changes += [_change("delete", dn, "nobody names it any more") for dn in _unwanted(live, wanted)]
    there = {dn: password for dn, password in _passwords(platform).items() if _key(dn) in known}
    return (*changes, *(_change("update", dn, "its password differs") for dn in access.refused(there)))


def _create(dn: str, entry: Entry) -> Change:
    return replace(_change("create", dn, "not there yet"), after=_shown(entry))


def _update(dn: str, live: Entry, wanted: Entry) -> Change:
    before = {key: live.get(key, frozenset()) for key in wanted}
    return replace(_change("update", dn, "differs"), before=_shown(before), after=_shown(wanted))


def _shown(entry: Entry) -> str:
    return digest_of({key: sorted(values) for key, values in entry.items()})


def _change(action: Action, dn: str, why: str) -> Change:
    return Change(directory.NAME, action, f"entry {dn}", why, "access", kind="entry", name=dn)


def apply(platform: Platform, progress: Progress) -> None:
    """Bring the example people and groups to the desired state; entries that somebody else made are left alone."""
    access, wanted = directory.access(platform), _wanted(platform)
    live = access.entries(directory.SUFFIX, *_COMPARED)
    known = _by_key(live)
    # To the running server, and people before groups: that is what fills memberOf.
    for dn, entry in wanted.items():
        if _key(dn) not in known:
            access.add(dn, entry)
            progress(f"create {dn}")
    # Before anybody goes: a group must never be without a member.
    _mend(access, live, wanted, progress)
    for dn in _unwanted(live, wanted):
        access.delete(dn)
        platform.credentials.forget(secret.directory_person(_key(dn).partition(",")[0].removeprefix("uid=")))
        progress(f"delete {dn}")
    for dn in access.refused(_passwords(platform)):
        access.set_password(dn, _passwords(platform)[dn])


def _mend(
    access: DirectoryAccess, live: Mapping[str, Entry], wanted: Mapping[str, Entry], progress: Progress
) -> None:
    for dn in _differing(live, wanted):
        entry, found = wanted[dn], _by_key(live)[_key(dn)]
        missing = {key: values - found.get(key, frozenset()) for key, values in entry.items()}
        for key, values in missing.items():
            if key == "member" and values:
                # Who else was put into the group stays in it.
                access.change(dn, key, add=values)
            elif values:
                access.replace(dn, {key: entry[key]})
        progress(f"update {dn}")


def _differing(live: Mapping[str, Entry], wanted: Mapping[str, Entry]) -> list[str]:
    known = _by_key(live)
    return [
        dn
        for dn, entry in wanted.items()
        if _key(dn) in known
        and any(not values <= known[_key(dn)].get(key, frozenset()) for key, values in entry.items())
    ]


def _unwanted(live: Mapping[str, Entry], wanted: Mapping[str, Entry]) -> list[str]:
    """Return what earlier deploys made and nobody names any more, groups first: none may be without a member."""
    kept = {_key(dn) for dn in wanted}
    found = [
        dn for dn, entry in live.items() if _key(dn) not in kept and MARK in entry.get(_MARKED, frozenset())
    ]
    return sorted(found, key=lambda dn: (not dn.lower().endswith(directory.GROUPS.lower()), dn))


def _wanted(platform: Platform) -> dict[str, Entry]:
    """Return every entry by its name, in the order in which they can be made."""
    from aerodrome.clients.directory import relative_name

    found = dict(_frame())
    members: dict[str, tuple[str, set[str]]] = {}
    for person in people(platform):
        found[person.dn] = _person(person)
        for group in person.groups:
            # Two spellings are one group.
            members.setdefault(" ".join(group.casefold().split()), (group, set()))[1].add(person.dn)
    for group, dns in members.values():
        found[f"{relative_name('cn', group)},{directory.GROUPS}"] = {
            "objectClass": frozenset({"groupOfNames"}),
            "cn": frozenset({group}),
            "member": frozenset(dns),
            _MARKED: frozenset({MARK}),
        }
    return found


def _frame() -> Iterator[tuple[str, Entry]]:
    first = {"objectClass": frozenset({"dcObject", "organization"}), "o": frozenset({"Aerodrome"})}
    yield directory.SUFFIX, first | {"dc": frozenset({"aerodrome"})}
    for dn in (directory.PEOPLE, directory.GROUPS):
        name = dn.partition(",")[0].removeprefix("ou=")
        yield dn, {"objectClass": frozenset({"organizationalUnit"}), "ou": frozenset({name})}
    account = {"objectClass": frozenset({"person"}), "cn": frozenset({"reader"})}
    yield directory.READER, account | {"sn": frozenset({"Searches for the platform"})}


def _person(person: Person) -> Entry:
    return {
        "objectClass": frozenset({"inetOrgPerson"}),
        "uid": frozenset({person.name}),
        "cn": frozenset({f"Example {person.last_name}"}),
        "givenName": frozenset({"Example"}),
        "sn": frozenset({person.last_name}),
        "mail": frozenset({f"{person.name}@aerodrome.example"}),
        _MARKED: frozenset({MARK}),
    }


def _passwords(platform: Platform) -> dict[str, str]:
    credentials = platform.credentials
    found = {person.dn: credentials.get(secret.directory_person(person.name)) for person in people(platform)}
    return {directory.READER: credentials.get(secret.DIRECTORY_READER), **found}


def _by_key(live: Mapping[str, Entry]) -> dict[str, Entry]:
    return {_key(dn): entry for dn, entry in live.items()}


def _key(dn: str) -> str:
    # A server spells what needs an escape in a way of its own.
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], dn).lower()

"""What is asked of a directory, in few searches: entries by name, by distinguished name, by a value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from ldap3.utils.conv import escape_filter_chars

from aerodrome_airflow.directory.dn import Dn, Pair
from aerodrome_airflow.directory.session import Found, Session
from aerodrome_airflow.directory.settings import DirectorySettings

AT_ONCE = 50
"""Values that one search asks for."""
Condition = tuple[str, str]
"""Attribute and value."""


def with_any(
    session: Session, base: str, filter_: str, conditions: Collection[Condition], attributes: Collection[str]
) -> Iterator[Found]:
    """Yield each entry below *base* that has one of the values, once."""
    yield from _once(session, base, filter_, [equals(*one) for one in conditions], attributes)


def with_names(
    session: Session, base: str, filter_: str, wanted: Collection[Dn], attributes: Collection[str]
) -> Iterator[Found]:
    """Yield the entries below *base* whose distinguished names are *wanted*, once each."""
    keys = {dn.key for dn in wanted}
    # By the leading attribute, which every directory can search for, and then by the whole name.
    alternatives = sorted({_of_first(dn.first) for dn in wanted})
    for found in _once(session, base, filter_, alternatives, attributes):
        if found.dn.key in keys:
            yield found


def people_attributes(settings: DirectorySettings) -> list[str]:
    """Return what is read of a person."""
    people = settings.people
    found = [people.name, people.first_name, people.last_name, people.email]
    return [*found, settings.member_of] if settings.member_of else found


def equals(attribute: str, value: str) -> str:
    """Return the filter for *value*, in which no character of it means anything."""
    return f"({attribute}={escape_filter_chars(value)})"


def both(one: str, other: str) -> str:
    """Return the filter that lets through what both let through."""
    return f"(&{_enclosed(one)}{_enclosed(other)})"


def _once(
    session: Session, base: str, filter_: str, alternatives: Sequence[str], attributes: Collection[str]
) -> Iterator[Found]:
    seen = set()
    for some in _batches(alternatives):
        for found in session.search(base, both(filter_, f"(|{''.join(some)})"), attributes):
            if found.dn.key not in seen:
                seen.add(found.dn.key)
                yield found


def _of_first(pairs: Iterable[Pair]) -> str:
    return f"(&{''.join(equals(*pair) for pair in pairs)})"


def _enclosed(filter_: str) -> str:
    return filter_ if filter_.startswith("(") else f"({filter_})"


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]

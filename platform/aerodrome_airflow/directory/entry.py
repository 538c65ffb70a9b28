"""A person of the directory, and which of them the platform takes."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from aerodrome_airflow.directory.settings import plain

LONGEST_NAME = 256
"""Characters; FAB's tables take twice as many for a name, and for an address that may be made of it."""
LONGEST_PART = 256
"""Characters that it takes for a first or last name."""
_SIGNS = frozenset("._-@+'")
# Letters of their own that nobody takes for another one.
_LETTERS = frozenset("ßæœøðþłđ")


@dataclass(frozen=True)
class Entry:
    """A person: *name* and *groups* in lower case, *groups* with those that hold one of the person's groups."""

    name: str
    dn: str
    first_name: str
    last_name: str
    email: str
    groups: frozenset[str]


class DirectoryUnavailable(Exception):
    """The directory does not answer, or not all that was asked: who is in which group is not known."""


def why_odd(name: str) -> str:
    """Return why *name* cannot be a user's name, or an empty text where it can.

    A name that looks like another one's, or that no terminal shows as it is, would tell people the wrong thing.
    """
    if not name.strip():
        return "it is empty"
    if len(name) > LONGEST_NAME:
        return f"it has more than {LONGEST_NAME} characters"
    if unicodedata.normalize("NFKC", name) != name:
        return "it is spelt with characters that stand for others"
    if odd := sorted({character for character in name.lower() if not _is_usual(character)}):
        return f"it holds {odd[0]!a}"
    return ""


def user_name(name: str) -> str:
    """Return the name of the user of the person that the directory calls *name*."""
    return name.lower()


def same(one: str, other: str) -> bool:
    """Return whether both are the name of the same user or group."""
    return plain(one) == plain(other)


def _is_usual(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in _SIGNS
    # A letter of Latin script with accents: without them an ordinary letter is left.
    base = unicodedata.normalize("NFD", character)[0]
    return character in _LETTERS or (base != character and base.isascii() and base.isalpha())

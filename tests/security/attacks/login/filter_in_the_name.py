"""Somebody types a filter of the directory in the place of a name, to be let in as whoever it finds."""

from directory import PASSWORD
from suite.attack import HELD
from suite.naive_login import let_in, naive_login
from suite.place import Place

FROM = "nobody in particular"
AGAINST = "the directory"
DEFENCE = "no character of a name means anything in a search, and odd names are not looked for"
MUST = HELD
NEEDS = ("directory",)
undefended = naive_login
NAMES = (
    "*",
    "id*",
    "*)(objectClass=*",
    "nobody)(|(uid=ida",
    "*)(&(objectClass=person)",
    "ida\0",
    "uid=ida,ou=people,dc=example,dc=org",
    "\uff49da",
    "\\69da",
)


def harmless(place: Place) -> str:
    """Return that the person is let in."""
    return let_in(place, "ida", PASSWORD)


def attack(place: Place) -> str:
    """Return the names that are let in."""
    return ", ".join(ascii(name) for name in NAMES if let_in(place, name, PASSWORD))

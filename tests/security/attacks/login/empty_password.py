"""Somebody types a person's name and no password: many directories answer such a login with success."""

from directory import PASSWORD
from suite.attack import HELD
from suite.naive_login import let_in, naive_login
from suite.place import Place

FROM = "nobody in particular"
AGAINST = "the directory"
DEFENCE = "without a password nobody is asked for"
MUST = HELD
NEEDS = ("directory",)
undefended = naive_login


def harmless(place: Place) -> str:
    """Return that the person is let in with the password."""
    return let_in(place, "ida", PASSWORD)


def attack(place: Place) -> str:
    """Return who is let in with an empty password."""
    return let_in(place, "ida", "")

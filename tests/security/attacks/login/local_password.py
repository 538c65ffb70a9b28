"""Somebody logs in with a password of Airflow's own database while the company's directory is the login."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from directory import PASSWORD
from suite.attack import HELD
from suite.naive_login import let_in
from suite.place import Place

FROM = "nobody in particular"
AGAINST = "people's rights"
DEFENCE = "the login knows the directory alone, for tokens too"
MUST = HELD
NEEDS = ("api", "directory")
# Of the database: an administrator, and a tenant's own.
NAMES = ("boss", "alpha", "shared", "BOSS", "boss@x")


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """Users of the database may log in, which is also where FAB falls back to for tokens."""
    yield replace(place, notes={"server": place.served.undefended})


def harmless(place: Place) -> str:
    """Return that a person of the directory is let in."""
    return let_in(place, "ida", PASSWORD)


def attack(place: Place) -> str:
    """Return the users of the database that are let in."""
    company = replace(place.company, server=place.notes.get("server", place.company.server))
    return ", ".join(name for name in NAMES if company.lets_in(name, "password"))

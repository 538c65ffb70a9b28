"""Somebody plants a session of theirs in a person's browser, and goes on with it once the person has logged in."""

from suite.attack import HELD
from suite.browsers import SOMEBODY, browser, open_login
from suite.place import Place

FROM = "nobody in particular"
AGAINST = "sessions"
DEFENCE = "a login gives the session a new id"
MUST = HELD
NEEDS = ("api",)
undefended = open_login


def harmless(place: Place) -> str:
    """Return whom the server takes somebody for who has logged in."""
    with browser(place) as person:
        person.log_in(SOMEBODY)
        return person.me()


def attack(place: Place) -> str:
    """Return whom the server takes the attacker's browser for."""
    with browser(place) as thief, browser(place) as person:
        thief.client.get("/auth/login/")
        person.client.cookies.update(thief.client.cookies)
        person.log_in(SOMEBODY)
        # The first page gives its token to whoever is logged in.
        thief.client.get("/auth/")
        return thief.me()

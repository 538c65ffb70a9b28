"""A page of another site sends the login form with a name of its own, so that a person works as somebody else."""

from suite.attack import HELD
from suite.browsers import browser, open_login
from suite.place import ATTACKER, Place

FROM = "nobody in particular"
AGAINST = "sessions"
DEFENCE = "a form holds a token of the page that showed it"
MUST = HELD
NEEDS = ("api",)
undefended = open_login


def harmless(place: Place) -> str:
    """Return whom the server takes somebody for who has sent the form of its own page."""
    with browser(place) as person:
        person.log_in(ATTACKER)
        return person.me()


def attack(place: Place) -> str:
    """Return whom the server takes the person's browser for."""
    with browser(place) as person:
        person.client.post("/auth/login/", data={"username": ATTACKER, "password": "password"})
        person.client.get("/auth/")
        return person.me()

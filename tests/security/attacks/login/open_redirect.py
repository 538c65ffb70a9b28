"""Somebody sends a person a link to the login page that goes on, after the login, to a page of another host."""

import httpx
from suite.attack import HELD
from suite.browsers import SOMEBODY, browser, leads_away, open_login
from suite.place import Place

FROM = "nobody in particular"
AGAINST = "people who follow links"
DEFENCE = "the login page goes on to addresses of the server alone, as browsers read them"
MUST = HELD
NEEDS = ("api",)
undefended = open_login
PLACES = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\x01//evil.example",
    "/\t/evil.example",
    " https://evil.example",
    "https:evil.example",
    "http:///evil.example",
    "{own}@evil.example/",
    "{own}.evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://evil.example/%2e%2e;/",
)


def harmless(place: Place) -> str:
    """Return where the login page goes on to from a page of its own."""
    with browser(place) as person:
        there = f"{person.server.url}/dags/alpha.daily"
        return there if person.form(SOMEBODY, "password", next=there).headers["location"] == there else ""


def attack(place: Place) -> str:
    """Return the links that lead away: of the login page, and of the address that leads to it."""
    return ", ".join(ascii(each) for each in PLACES if _leads_away(place, each))


def _leads_away(place: Place, there: str) -> bool:
    with browser(place) as person:
        url = person.server.url
        query = {"next": there.format(own=url)}
        try:
            way = person.client.get("/api/v2/auth/login", params=query)
            return leads_away(person.form(SOMEBODY, "password", **query), url) or leads_away(way, url)
        except (httpx.InvalidURL, httpx.RemoteProtocolError):
            # It goes on to what is no address of a page at all.
            return True

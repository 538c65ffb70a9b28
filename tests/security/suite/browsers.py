"""Browsers of people and of those who mislead them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.cookiejar import Cookie
from urllib.parse import urljoin, urlsplit

import httpx
from login_servers import Browser, LoginServer
from suite.place import Api, Place

SOMEBODY = "boss"
"""Whom somebody misleads."""
_IGNORED = "".join(map(chr, range(33)))


@contextmanager
def browser(place: Place) -> Iterator[Browser]:
    """A browser without cookies at the API server of *place*."""
    server = place.api.server
    with LoginServer(server.port, server.folder, place.served.database).browser() as found:
        yield found


@contextmanager
def open_login(place: Place) -> Iterator[Place]:
    """The same login pages without their defences."""
    yield replace(place, open_api=Api(place.served.undefended))


@contextmanager
def careless_browsers(place: Place) -> Iterator[Place]:
    """Browsers send all cookies with the requests of other sites' pages, as they did before SameSite."""
    yield replace(place, notes={"careless": True})


def cookies_from_another_site(place: Place, person: Browser) -> dict[str, str]:
    """Return the cookies that *person*'s browser sends with a request that another site's page makes."""
    return {
        cookie.name: str(cookie.value)
        for cookie in person.client.cookies.jar
        if place.notes.get("careless") or not stays_on_its_site(cookie)
    }


def stays_on_its_site(cookie: Cookie) -> bool:
    """Return whether no browser sends *cookie* with the form of another site: with `SameSite=None` all of them do."""
    # The jar keeps the names of attributes as the server wrote them, and looks them up exactly.
    attributes = {name.lower(): value for name, value in vars(cookie)["_rest"].items()}
    return str(attributes.get("samesite")).lower() in {"lax", "strict"}


def leads_away(answer: httpx.Response, url: str) -> bool:
    """Return whether a browser that gets *answer* from *url* goes on to somebody else's page."""
    # As browsers read addresses: blanks and control characters are left out, and a backslash is a slash.
    there = answer.headers.get("location", "").strip(_IGNORED).replace("\\", "/")
    for sign in "\t\r\n":
        there = there.replace(sign, "")
    place = urlsplit(urljoin(url, there))
    return answer.is_redirect and (place.netloc != urlsplit(url).netloc or place.scheme != "http")

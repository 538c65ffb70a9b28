"""A person asks every GET route that the server has, with the own ids, another tenant's and wildcards."""

import contextlib

import httpx
from suite.attack import HELD
from suite.place import ATTACKER, VICTIM, Place
from suite.routes import open_routes, own_query
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "everything that the web interface and the REST API show"
DEFENCE = "routes that nobody has decided about are closed, and all rows are confined to the person's tenants"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return the routes that answer with something of the own tenant's."""
    return ", ".join(path for path in open_routes(place, "GET") if _shows(place, path, ATTACKER, (ATTACKER,)))


def attack(place: Place) -> str:
    """Return the routes whose answer holds anything of the other tenant's."""
    return ", ".join(
        path for path in open_routes(place, "GET") if _shows(place, path, VICTIM, (ATTACKER, VICTIM, "~"))
    )


def _shows(place: Place, path: str, sign: str, ids: tuple[str, ...]) -> bool:
    return any(
        sign in _text(place, place.served.path(path, whose) + own_query(place, path, whose)) for whose in ids
    )


def _text(place: Place, path: str) -> str:
    # Some routes of Airflow follow a run until it ends, or end without an answer.
    for _ in range(2):
        with contextlib.suppress(httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError):
            answer = place.api.ask("GET", path, timeout=20)
            return str(answer.text) if answer.is_success else ""
    return ""

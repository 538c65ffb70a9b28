"""Somebody sends requests of many megabytes, which the API server holds in memory: a person, a task, and a stranger."""

from collections.abc import Iterator

import httpx
from suite.attack import HELD
from suite.people import own
from suite.place import ATTACKER, Place
from suite.tasks import token
from suite.weakened import plain_airflow

FROM = "nobody in particular"
AGAINST = "the API server"
DEFENCE = "requests have a largest size, counted while they come"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow
PIECE, PIECES = b" " * (1 << 20), 24


def harmless(place: Place) -> str:
    """Return what the person gets with an ordinary request."""
    return own(place, "/api/v2/dags")


def attack(place: Place) -> str:
    """Return whose requests were taken to their end, with a length that was announced and without."""
    bearer = {
        "a person": place.api.server.token(place.api.user),
        "a task": token(place),
        "a stranger": "",
    }
    paths = {
        "a person": f"/api/v2/dags/{ATTACKER}.daily/dagRuns",
        "a task": f"/execution/xcoms/{ATTACKER}.daily/run_{ATTACKER}/load/huge",
        "a stranger": "/auth/token",
    }
    return ", ".join(who for who, path in paths.items() if _is_taken(place, path, bearer[who]))


def _is_taken(place: Place, path: str, bearer: str) -> bool:
    headers = {
        "Content-Type": "application/json",
        **({"Authorization": f"Bearer {bearer}"} if bearer else {}),
    }
    statuses = {
        _status(place.api.server.url + path, body, headers) for body in (PIECE * PIECES, _unannounced())
    }
    return bool(statuses - {413, 0})


def _unannounced() -> Iterator[bytes]:
    yield from (PIECE for _ in range(PIECES))


def _status(url: str, body: bytes | Iterator[bytes], headers: dict[str, str]) -> int:
    try:
        return httpx.post(url, content=body, headers=headers, timeout=60).status_code
    except httpx.TransportError:
        # It answered and closed before all was sent.
        return 0

"""A person writes the path of another tenant's thing so that gate and Airflow might read it differently."""

import contextlib
import socket

from suite.attack import HELD
from suite.people import own
from suite.place import VICTIM, Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "everything that the REST API shows"
DEFENCE = "the gate decides on the path that Airflow's router takes, and rows are confined whatever was asked"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow
PATHS = (
    "/api/v2/dags/beta.daily",
    "/api/v2/dags/%62eta.daily",
    "/api/v2/dags/beta%2Edaily/details",
    "/api/v2/dags/alpha.daily/../beta.daily",
    "/api/v2/dags/alpha.daily/%2e%2e/beta.daily",
    "/api/v2/dags/alpha.daily%2f..%2fbeta.daily",
    "/api/v2/dags/BETA.DAILY",
    "/api/v2/dags/beta.daily%00",
    "/api/v2/dags/beta%E2%80%A4daily",
    "/api/v2/dags/%CE%B2eta.daily",
    "/api/v2/dags/beta.daily;alpha.daily",
    "/api/v2/dags/~/dagRuns/run_beta",
    "/api/v2//dags/beta.daily",
    "//api/v2/dags/beta.daily",
    "/API/v2/dags/beta.daily",
    "/static/../api/v2/dags/beta.daily",
    "/auth/../api/v2/dags/beta.daily",
    "/auth/%2e%2e/api/v2/dags/beta.daily",
    "/api/v2/variables/alpha.x%2f..%2fbeta.limit",
    "/api/v2/variables/beta.limit/",
    "/api/v2/pools/alpha%2f..%2fbeta",
    "/api/v2/connections/beta%2edb",
)


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/dags/{dag_id}")


def attack(place: Place) -> str:
    """Return the paths whose answer holds something of the other tenant's."""
    return ", ".join(path for path in PATHS if _shows(_raw(place, path)))


def _shows(answer: bytes) -> bool:
    # What was asked for may be told again in a refusal.
    head, _, body = answer.partition(b"\r\n\r\n")
    return b" 200 " in head.partition(b"\r\n")[0] and VICTIM.encode() in body


def _raw(place: Place, path: str) -> bytes:
    """Return what the server answers to a path that no client library would send."""
    token = place.api.server.token(place.api.user)
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", place.api.server.port), 60) as link,
        contextlib.suppress(OSError),
    ):
        link.sendall(head.encode())
        return b"".join(iter(lambda: link.recv(65536), b""))
    return b""

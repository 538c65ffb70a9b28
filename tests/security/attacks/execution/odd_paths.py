"""A task writes the path of another tenant's thing so that guard and Airflow might read it differently."""

import contextlib
import socket

from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered, token
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "the execution API"
DEFENCE = "the guard decides on the path that Airflow's router takes, and refuses what it does not know"
MUST = HELD
NEEDS = ("api",)
undefended = no_guard
PATHS = (
    "/execution/dags/%62eta.daily",
    "//execution/dags/beta.daily",
    "/execution//dags/beta.daily",
    "/execution/dags/beta.daily/",
    "/execution/dags/alpha.daily/../beta.daily",
    "/execution/dags/alpha.daily/%2e%2e/beta.daily",
    "/execution/dags/alpha.daily%2f..%2fbeta.daily",
    "/execution/dags\\beta.daily",
    "/execution/dags/beta.daily%00",
    "/execution/dags/beta%2edaily",
    "/EXECUTION/dags/beta.daily",
    "/%65xecution/dags/beta.daily",
    "/api/../execution/dags/beta.daily",
    "/execution/dags/beta.daily;a=alpha.daily",
)


def harmless(place: Place) -> str:
    """Return the answer to the plain path of the own DAG."""
    return answered(place, [("GET", "/dags/alpha.daily")])


def attack(place: Place) -> str:
    """Return the paths whose answer holds the other tenant's DAG."""
    return ", ".join(path for path in PATHS if b"bundle_name" in _raw(place, path))


def _raw(place: Place, path: str) -> bytes:
    """Return what the server answers to a path that no client library would send."""
    head = (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(place)}\r\nConnection: close\r\n\r\n"
    )
    with (
        socket.create_connection(("127.0.0.1", place.api.server.port), 60) as link,
        contextlib.suppress(OSError),
    ):
        link.sendall(head.encode())
        return b"".join(iter(lambda: link.recv(65536), b""))
    return b""

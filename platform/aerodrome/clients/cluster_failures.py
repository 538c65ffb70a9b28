"""What an API server refuses, in words of ours: who may not do what, and where."""

from __future__ import annotations

import json
import re
from typing import Any

from aerodrome.errors import AerodromeError, UserError
from aerodrome.terminal import visible

_FORBIDDEN = re.compile(
    r'User "(?P<user>[^"]+)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)"| at the cluster scope)?'
)
_IMMUTABLE = re.compile(
    r"immutable|updates to \w+ spec for fields other than|cannot change roleRef|may not change once"
)
_LONGEST = 600
# Too many requests, a new leader of etcd, an API server that ends for the next version of the cluster.
_TRANSIENT = frozenset({429, 500, 502, 503, 504})


class UnreachableError(UserError):
    """No answer from the API server, or not the one it claims to be."""


class TransientError(AerodromeError):
    """The API server answers that it, or what it asks, cannot work at this moment: the next one may be another."""


class RefusedError(UserError):
    """The API server does not know who asks, or does not let them."""


class NotFoundError(AerodromeError):
    """The object, its namespace or its kind is not there."""


class ConflictError(AerodromeError):
    """Somebody else was faster."""


class InvalidError(AerodromeError):
    """The API server takes the object for wrong; *immutable*: only because the live one cannot be changed so."""

    def __init__(self, message: str, *, immutable: bool) -> None:
        super().__init__(message, "mend the values or the template that it comes from")
        self.immutable = immutable


def refused(status: int, reason: str, body: bytes, server: str, asked: str) -> AerodromeError:
    """Return the error for an answer of *server* to what was *asked* (method and path)."""
    answer = _status(body)
    message = visible(str(answer.get("message") or reason))[:_LONGEST]
    if status == 401:
        return login_refused(server)
    if status == 403:
        return forbidden(message) or RefusedError(f"{asked}: {message}", "ask who administers the cluster")
    if status == 404:
        return NotFoundError(f"{asked}: {message}")
    if status == 409:
        return ConflictError(f"{asked}: {message}", "run the same command again")
    if status in (400, 422):
        return InvalidError(message, immutable=bool(_IMMUTABLE.search(message)))
    kind = TransientError if status in _TRANSIENT else AerodromeError
    return kind(f"{server}: {asked}: {status}: {message}", "run the same command again")


def login_refused(server: str) -> RefusedError:
    """Return the error for a token or certificate that *server* does not know."""
    return RefusedError(
        f"{server} refuses the login: its token or certificate has expired, or is of another cluster",
        "log in again, or look which context KUBECONFIG names",
    )


def forbidden(message: str) -> RefusedError | None:
    """Return the error that names verb, resource and namespace where *message* tells them."""
    found = _FORBIDDEN.search(message)
    if not found:
        return None
    group = f".{found['group']}" if found["group"] else ""
    where = f"in namespace {found['namespace']}" if found["namespace"] else "in the whole cluster"
    return RefusedError(
        f"{found['user']} may not {found['verb']} {found['resource']}{group} {where}",
        "ask who administers the cluster for that right, or log in as somebody who has it",
    )


def _status(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

"""Searches on an encrypted connection whose server has proved its name; every wait is bounded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aerodrome.directory_tls import VerifiedTls
from ldap3 import DEREF_NEVER, NONE, SUBTREE, SYNC, Connection, Server
from ldap3.core.exceptions import LDAPException

from aerodrome_airflow.directory.dn import Dn, parse
from aerodrome_airflow.directory.entry import DirectoryUnavailable
from aerodrome_airflow.directory.settings import DirectorySettings

CONNECT_SECONDS = 3
ANSWER_SECONDS = 10
PAGE = 500
"""Entries of one answer: Active Directory gives a thousand at most."""
_PAGING = "1.2.840.113556.1.4.319"
_SUCCESS = 0
# Whose password is wrong, who has none, who may not log in at all, or no longer.
_REFUSED = frozenset({16, 19, 32, 34, 48, 49, 50, 53})


@dataclass(frozen=True)
class Found:
    """An entry of the directory; attributes are asked for without regard to case."""

    dn: Dn
    attributes: Mapping[str, tuple[str, ...]]

    def values(self, attribute: str) -> tuple[str, ...]:
        """Return the values of *attribute*."""
        return self.attributes.get(attribute.lower(), ())

    def first(self, attribute: str) -> str:
        """Return a value of *attribute*, or an empty text."""
        return next(iter(self.values(attribute)), "")


class Session:
    """A connection that is bound."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def search(self, base: str, filter_: str, attributes: Collection[str]) -> list[Found]:
        """Return the entries below *base* that *filter_* lets through; DirectoryUnavailable where not all came."""
        found, cookie = list[Found](), None
        while True:
            self._ask(base, filter_, attributes, cookie)
            found += [entry for raw in self._connection.response or () if (entry := _found(raw))]
            cookie = _cookie(self._connection.result)
            if not cookie:
                return found

    def _ask(self, base: str, filter_: str, attributes: Collection[str], cookie: bytes | None) -> None:
        self._connection.search(
            base,
            filter_,
            SUBTREE,
            dereference_aliases=DEREF_NEVER,
            attributes=list(attributes),
            time_limit=ANSWER_SECONDS,
            paged_size=PAGE,
            paged_cookie=cookie,
        )
        answer = self._connection.result
        if answer["result"] != _SUCCESS:
            raise DirectoryUnavailable(f"the search below {base} ended with {answer['description']}")


@contextmanager
def bound(settings: DirectorySettings, password: str) -> Iterator[Session]:
    """A session of the platform's own account, or DirectoryUnavailable."""
    with _guarded(settings), _open(settings, settings.bind_dn, password) as connection:
        if not connection.bind():
            reason = connection.result["description"]
            raise DirectoryUnavailable(
                f"{settings.url} does not let {settings.bind_dn or 'nobody'} in: {reason}"
            )
        yield Session(connection)


def is_password_of(settings: DirectorySettings, dn: str, password: str) -> bool:
    """Return whether the directory lets *dn* in with *password*; DirectoryUnavailable where it does not say."""
    if not dn or not password or not _is_text(password):
        # Without a name or a password it is a login as nobody, which succeeds.
        return False
    with _guarded(settings), _open(settings, dn, password) as connection:
        if connection.bind():
            return True
        if connection.result["result"] in _REFUSED:
            return False
        raise DirectoryUnavailable(f"{settings.url} answers {connection.result['description']}")


def _is_text(password: str) -> bool:
    try:
        return bool(password.encode())
    except UnicodeEncodeError:
        return False


@contextmanager
def _guarded(settings: DirectorySettings) -> Iterator[None]:
    try:
        yield
    except (LDAPException, OSError) as problem:
        reason = " ".join(str(problem).split())[:300] or type(problem).__name__
        raise DirectoryUnavailable(f"{settings.url}: {reason}") from None


@contextmanager
def _open(settings: DirectorySettings, user: str, password: str) -> Iterator[Connection]:
    connection = Connection(
        _server(settings),
        user or None,
        # As it was typed: prepared as for SASL, some passwords would be others, and some would be none.
        password.encode() or None,
        client_strategy=SYNC,
        auto_referrals=False,
        check_names=False,
        read_only=True,
        receive_timeout=ANSWER_SECONDS,
    )
    try:
        connection.open(read_server_info=False)
        if settings.start_tls and not connection.start_tls(read_server_info=False):
            raise DirectoryUnavailable(f"{settings.url} does not start TLS")
        yield connection
    finally:
        # Without a goodbye, whose answer a silent server would let us wait for.
        connection.strategy.close()


def _server(settings: DirectorySettings) -> Server:
    url = urlsplit(settings.url)
    encrypted = url.scheme == "ldaps"
    if not encrypted and not settings.start_tls:
        raise DirectoryUnavailable(f"{settings.url} is not encrypted: nothing is asked there")
    return Server(
        url.hostname or "",
        url.port or (636 if encrypted else 389),
        use_ssl=encrypted,
        tls=VerifiedTls(ANSWER_SECONDS, ca_file=settings.ca_file),
        get_info=NONE,
        connect_timeout=CONNECT_SECONDS,
    )


def _found(raw: Mapping[str, Any]) -> Found | None:
    # Beside entries there are references to other directories, which are not followed.
    dn = parse(raw["dn"]) if raw["type"] == "searchResEntry" else None
    if dn is None:
        return None
    values = {
        name.lower(): tuple(value.decode(errors="replace") for value in values)
        for name, values in raw["raw_attributes"].items()
    }
    return Found(dn, values)


def _cookie(answer: Mapping[str, Any]) -> bytes | None:
    paging = (answer.get("controls") or {}).get(_PAGING)
    return (paging["value"]["cookie"] or None) if paging else None

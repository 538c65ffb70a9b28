"""A directory by LDAP, as a deploy uses it: always encrypted, the server's certificate always verified."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ldap3 import MODIFY_ADD, MODIFY_DELETE, MODIFY_REPLACE, NONE, SUBTREE, SYNC, Connection, Server
from ldap3.core.exceptions import LDAPException
from ldap3.utils.dn import escape_rdn

from aerodrome.directory_tls import VerifiedTls
from aerodrome.errors import AerodromeError

CONNECT_SECONDS = 3
ANSWER_SECONDS = 10
Attributes = Mapping[str, Collection[str]]
_INVALID_CREDENTIALS = 49


@dataclass(frozen=True)
class DirectoryAccess:
    """What *user*, a distinguished name, may do at *url*; *authority*: PEM text, by default the machine's own."""

    url: str
    user: str
    password: str = field(repr=False)
    start_tls: bool = False
    authority: str | None = None

    def answers(self) -> bool:
        """Return whether the server lets this user in."""
        try:
            return self.accepts(self.user, self.password)
        except AerodromeError:
            return False

    def accepts(self, user: str, password: str) -> bool:
        """Return whether *password* is the one of *user*; AerodromeError where the server does not say."""
        return self.refused({user: password}) == ()

    def refused(self, passwords: Mapping[str, str]) -> tuple[str, ...]:
        """Return those of *passwords*, by distinguished name, that are not the right ones."""
        with self._connection() as connection:
            return tuple(
                user for user, password in passwords.items() if not _lets_in(connection, user, password)
            )

    def entries(self, base: str, *attributes: str) -> dict[str, dict[str, frozenset[str]]]:
        """Return the entries below *base* with *attributes*, by distinguished name; none where *base* is missing."""
        with self._bound() as connection:
            connection.search(base, "(objectClass=*)", SUBTREE, attributes=list(attributes))
            if connection.result["description"] != "noSuchObject":
                _require_done(connection, f"search below {base}")
            return {
                found["dn"]: {
                    name: frozenset(value.decode() for value in values)
                    for name, values in found["raw_attributes"].items()
                }
                for found in connection.response or ()
                if found["type"] == "searchResEntry"
            }

    def add(self, dn: str, attributes: Attributes) -> None:
        """Make an entry."""
        with self._bound() as connection:
            connection.add(dn, attributes={name: list(values) for name, values in attributes.items()})
            _require_done(connection, f"add {dn}")

    def change(
        self, dn: str, attribute: str, add: Collection[str] = (), remove: Collection[str] = ()
    ) -> None:
        """Add and remove values of one attribute."""
        changes = [(MODIFY_ADD, sorted(add))] * bool(add) + [(MODIFY_DELETE, sorted(remove))] * bool(remove)
        with self._bound() as connection:
            connection.modify(dn, {attribute: changes})
            _require_done(connection, f"change {attribute} of {dn}")

    def replace(self, dn: str, attributes: Attributes) -> None:
        """Give an entry these values of these attributes."""
        with self._bound() as connection:
            connection.modify(
                dn, {name: [(MODIFY_REPLACE, list(values))] for name, values in attributes.items()}
            )
            _require_done(connection, f"change {dn}")

    def set_password(self, dn: str, password: str) -> None:
        """Give *dn* a password, of which the server keeps a salted hash."""
        with self._bound() as connection:
            connection.extend.standard.modify_password(dn, new_password=password)
            _require_done(connection, f"set the password of {dn}")

    def delete(self, dn: str) -> None:
        """Remove an entry."""
        with self._bound() as connection:
            connection.delete(dn)
            _require_done(connection, f"delete {dn}")

    @contextmanager
    def _bound(self) -> Iterator[Connection]:
        with self._connection() as connection:
            if not _lets_in(connection, self.user, self.password):
                raise AerodromeError(f"{self.url} refuses the password of {self.user}")
            yield connection

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        connection = Connection(
            _server(self.url, self.authority),
            client_strategy=SYNC,
            auto_referrals=False,
            check_names=False,
            receive_timeout=ANSWER_SECONDS,
        )
        try:
            connection.open(read_server_info=False)
            if self.start_tls and not connection.start_tls(read_server_info=False):
                raise AerodromeError(f"{self.url} does not start TLS")
            yield connection
        except (LDAPException, OSError) as problem:
            reason = " ".join(str(problem).split())[:300] or type(problem).__name__
            raise AerodromeError(f"the directory {self.url} does not answer: {reason}") from None
        finally:
            connection.strategy.close()


def relative_name(attribute: str, value: str) -> str:
    """Return the first part of a distinguished name."""
    return f"{attribute}={escape_rdn(value)}"


def _server(url: str, authority: str | None) -> Server:
    place = urlsplit(url)
    encrypted = place.scheme == "ldaps"
    port = place.port or (636 if encrypted else 389)
    tls = VerifiedTls(ANSWER_SECONDS, authority=authority)
    return Server(
        place.hostname or "", port, use_ssl=encrypted, tls=tls, get_info=NONE, connect_timeout=CONNECT_SECONDS
    )


def _lets_in(connection: Connection, user: str, password: str) -> bool:
    if connection.rebind(user, password, read_server_info=False):
        return True
    if connection.result["result"] == _INVALID_CREDENTIALS:
        return False
    raise AerodromeError(f"{connection.server.name} answers {connection.result['description']} to {user}")


def _require_done(connection: Connection, what: str) -> None:
    if connection.result["result"]:
        told = connection.result["message"] or connection.result["description"]
        raise AerodromeError(f"the directory did not {what}: {told}")

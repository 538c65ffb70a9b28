"""TLS to the company directory, with Python's own checks instead of those of ldap3."""

from __future__ import annotations

import ssl

from ldap3 import Connection, Tls


class VerifiedTls(Tls):  # type: ignore[misc]
    """The certificate must be valid and the server's; a server that is silent for *seconds* ends the connection.

    Trusted is *ca_file*, or *authority*, the text of a certificate; without either, whom the machine trusts.
    """

    def __init__(self, seconds: float, *, ca_file: str | None = None, authority: str | None = None) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._seconds = seconds
        self._context = ssl.create_default_context(cafile=ca_file, cadata=authority)

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:
        """Encrypt the connection's socket."""
        connection.socket.settimeout(self._seconds)
        connection.socket = self._context.wrap_socket(
            connection.socket, server_hostname=connection.server.host
        )

"""Whether a server answers over TLS with a certificate that its clients trust."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

SECONDS = 3


def answers_over_tls(address: str, port: int, authority: Path) -> bool:
    """Return whether the server at *port* of *address* shows a certificate of the *authority* for that address."""
    try:
        context = ssl.create_default_context(cafile=str(authority))
        with (
            socket.create_connection((address, port), SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=address),
        ):
            return True
    except OSError:
        return False

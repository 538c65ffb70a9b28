"""Whether a secrets agent answers: what a cluster asks of its container from time to time.

python -m aerodrome_airflow.secrets.alive /run/aerodrome/secrets/agent.sock
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

SECONDS = 8.0
"""Longer than an agent with much to do lets a new request wait."""


def answers(path: Path, seconds: float = SECONDS) -> bool:
    """Return whether the agent on *path* says anything within *seconds*; the store is not asked.

    An agent whose store is away is well: another one in its place would have forgotten the values that serve meanwhile.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        try:
            connection.connect(str(path))
            # It names nobody, which is refused before anything is looked up.
            connection.sendall(b"{}\n")
            return bool(connection.recv(1))
        except OSError:
            return False


def main(arguments: list[str]) -> int:
    """Return 0 where the agent on the one path of *arguments* answers."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m aerodrome_airflow.secrets.alive SOCKET\n")
        return 2
    return 0 if answers(Path(arguments[0])) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What a task's process tells its worker goes out in one piece.

Celery sends the length of a longer message by itself. A worker that is told to end between the two, or loses its broker
then, has read the length and takes what follows for another one: it waits for it for good, and no drain ends.
"""

from __future__ import annotations

import struct

from billiard.connection import Connection  # type: ignore[import-untyped]

_LENGTH = struct.Struct("!i")


def install() -> None:
    """Have this process and its children send so; a message that fits into a pipe is there as a whole or not at all."""
    Connection._send_bytes = _send_bytes


def _send_bytes(self: Connection, content: bytes | memoryview) -> None:
    self._send(b"".join((_LENGTH.pack(len(content)), content)))

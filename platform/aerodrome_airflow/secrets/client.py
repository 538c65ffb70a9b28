"""The side of a task: ask the zone's agent, and go on when the agent was restarted meanwhile."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from aerodrome_airflow.secrets import protocol
from aerodrome_airflow.secrets.protocol import Answer, Lookup

ANSWER_SECONDS = 9.0
"""Longer than the agent takes for its longest answer."""
RESTART_SECONDS = 10.0
"""For so long a task waits for an agent that is not there: it is being restarted."""
PAUSE = 0.1


class AgentClient:
    """Asks the agent that listens on *path*."""

    def __init__(self, path: Path, patience: float = RESTART_SECONDS) -> None:
        self._path, self._patience = path, patience

    def ask(self, lookup: Lookup) -> Answer:
        """Return the agent's answer; 'unavailable' where there is no agent."""
        for remaining in self._tries():
            if answer := self._ask_once(lookup):
                return answer
            time.sleep(min(PAUSE, remaining))
        return self._silence()

    async def aask(self, lookup: Lookup) -> Answer:
        """Return the same without holding up the event loop."""
        for remaining in self._tries():
            if answer := await self._aask_once(lookup):
                return answer
            await asyncio.sleep(min(PAUSE, remaining))
        return self._silence()

    def _tries(self) -> Iterator[float]:
        end = time.monotonic() + self._patience
        yield self._patience
        while (remaining := end - time.monotonic()) > 0:
            yield remaining

    def _ask_once(self, lookup: Lookup) -> Answer | None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            try:
                connection.connect(str(self._path))
                connection.sendall(protocol.request(lookup))
                return _read(_line(connection))
            except PermissionError:
                return self._forbidden()
            except TimeoutError:
                return self._silence()
            except OSError:
                # Not there, or gone in the middle: it is being restarted.
                return None

    async def _aask_once(self, lookup: Lookup) -> Answer | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await asyncio.open_unix_connection(
                    self._path, limit=protocol.LONGEST_ANSWER * 2
                )
                try:
                    writer.write(protocol.request(lookup))
                    return _read(await reader.readline())
                finally:
                    writer.close()
        except PermissionError:
            return self._forbidden()
        except TimeoutError:
            return self._silence()
        except (OSError, ValueError):
            return None

    def _forbidden(self) -> Answer:
        return Answer("refused", reason=f"the user of this process may not ask for secrets at {self._path}")

    def _silence(self) -> Answer:
        return Answer(
            "unavailable", reason=f"the secrets agent of this worker does not answer at {self._path}"
        )


def _line(connection: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        piece = connection.recv(65536)
        if not piece or len(received) > protocol.LONGEST_ANSWER * 2:
            return b""
        received += piece
    return bytes(received)


def _read(line: bytes) -> Answer | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return protocol.read_reply(line)
    except protocol.ProtocolError:
        return None

"""The agent's socket: who may ask, and what becomes of clients that are slow, many or say nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

from aerodrome_airflow.secrets import protocol
from aerodrome_airflow.secrets.protocol import LOGS, Answer, Lookup

_CREDENTIALS = struct.Struct("3i")
MOST_CLIENTS = 400
"""Of those that have not yet said what they want, the oldest makes room for the next one."""
REQUEST_SECONDS = 2.0
REPLY_SECONDS = 5.0
LINGER_SECONDS = 1.0
"""A stranger has so long to read the refusal: closed while its request is on the way, the connection would lose it."""

log = logging.getLogger("secrets")


@dataclass
class Server:
    """Answers one request of each connection."""

    answer: Callable[[Lookup], Awaitable[Answer]]
    allowed: Collection[int]
    tenants: frozenset[str] | None = None
    most_clients: int = MOST_CLIENTS
    _silent: dict[asyncio.StreamWriter, None] = field(default_factory=dict)
    _clients: int = 0
    _strangers: set[int] = field(default_factory=set)

    async def serve(self, listener: socket.socket, until: asyncio.Event) -> None:
        """Accept clients on *listener* until *until* is set."""
        server = await asyncio.start_unix_server(self._client, sock=listener, limit=protocol.LONGEST_REQUEST)
        async with server:
            await until.wait()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if reason := self._refusal(writer):
                await self._send_off(reader, writer, Answer("refused", reason=reason))
            else:
                await self._served(reader, writer)
        except (OSError, TimeoutError):
            pass
        finally:
            # Whoever does not read its answer keeps nothing of ours.
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients += 1
        try:
            await self._say(writer, await self._outcome(reader, writer))
        finally:
            self._clients -= 1

    async def _send_off(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer
    ) -> None:
        writer.write(protocol.reply(answer))
        writer.write_eof()
        async with asyncio.timeout(LINGER_SECONDS):
            while await reader.read(protocol.LONGEST_REQUEST):
                pass

    async def _outcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
        if not self._has_room():
            return Answer("unavailable", reason="too many ask the secrets agent at once")
        try:
            lookup = protocol.read_request(await self._line(reader, writer))
        except protocol.ProtocolError as problem:
            return Answer("refused", reason=str(problem))
        if self.tenants is not None and lookup.tenant not in self.tenants and lookup.kind != LOGS:
            return Answer("refused", reason=f"this agent serves nothing to tenant '{lookup.tenant}'")
        return await self._answered(lookup)

    async def _answered(self, lookup: Lookup) -> Answer:
        try:
            return await self.answer(lookup)
        except Exception as problem:
            # Its text may hold what was read.
            log.error("a lookup of %s failed: %s", lookup.shown, type(problem).__name__)
            return Answer("unavailable", reason="the secrets agent failed; its log says how")

    def _has_room(self) -> bool:
        if self._clients <= self.most_clients:
            return True
        oldest = next(iter(self._silent), None)
        if oldest is not None:
            del self._silent[oldest]
            oldest.transport.abort()
        return oldest is not None

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        self._silent[writer] = None
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                line = await reader.readline()
        except (ValueError, TimeoutError):
            raise protocol.ProtocolError("the request is too long or does not come") from None
        finally:
            self._silent.pop(writer, None)
        return line

    async def _say(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        writer.write(protocol.reply(answer))
        async with asyncio.timeout(REPLY_SECONDS):
            await writer.drain()
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def _refusal(self, writer: asyncio.StreamWriter) -> str:
        peer = writer.get_extra_info("socket")
        pid, uid, _ = _CREDENTIALS.unpack(
            peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
        if uid in self.allowed:
            return ""
        # Once: whoever knocks without end must not fill the log.
        log.log(
            logging.DEBUG if uid in self._strangers else logging.WARNING,
            "refused user %d, process %d",
            uid,
            pid,
        )
        self._strangers.add(uid)
        return f"user {uid} of process {pid} may not ask for secrets here"

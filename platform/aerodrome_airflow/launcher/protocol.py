"""Frames on the launcher's socket: one letter, four bytes of length, the content."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

# From the client.
JOB: Final = b"J"
CONTENT: Final = b"D"
CONTENT_ENDS: Final = b"E"
CANCEL: Final = b"C"
# From the server.
OUTPUT: Final = b"O"
RESULT: Final = b"V"
DATA: Final = b"D"
EXIT: Final = b"X"

PIECE = 64 * 1024
"""Longest line, and longest piece of a file, in one frame."""
RESULT_LIMIT = 1024 * 1024
"""Longest JSON result of a job."""
JOB_LIMIT = 4 * 1024 * 1024
"""Longest request."""

_HEADER = struct.Struct(">cI")


class ProtocolError(Exception):
    """The other side sent something that is no frame."""


def frame(letter: bytes, content: bytes = b"") -> bytes:
    """Return *content* as one frame."""
    return _HEADER.pack(letter, len(content)) + content


class Frames:
    """Cuts a stream of bytes into frames; a frame longer than *limit* is refused before it is read."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the letter and content of each frame that *received* completes."""
        self._buffer += received
        while (complete := self._next()) is not None:
            yield complete

    def _next(self) -> tuple[bytes, bytes] | None:
        if len(self._buffer) < _HEADER.size:
            return None
        letter, length = _HEADER.unpack_from(self._buffer)
        if length > self._limit:
            raise ProtocolError(f"a frame of {length} bytes; {self._limit} at most")
        end = _HEADER.size + length
        if len(self._buffer) < end:
            return None
        content = bytes(self._buffer[_HEADER.size : end])
        del self._buffer[:end]
        return letter, content


class Lines:
    """Cuts output into lines, and a line longer than PIECE into pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, received: bytes) -> list[bytes]:
        """Return the lines that *received* completes, without their ends."""
        *complete, self._rest = (self._rest + received).split(b"\n")
        pieces = [piece for line in complete for piece in _pieces(line)]
        while len(self._rest) >= PIECE:
            pieces.append(self._rest[:PIECE])
            self._rest = self._rest[PIECE:]
        return pieces

    def flush(self) -> list[bytes]:
        """Return the last line where no line end follows it."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []


def _pieces(line: bytes) -> list[bytes]:
    return [line[start : start + PIECE] for start in range(0, len(line), PIECE)] or [b""]

"""Encryption of an object in chunks: none can be changed, moved, left out or added, and the end is known.

AES-256-GCM by the STREAM construction: the nonce is the chunk's number and whether it is the last. Each object
has a key of its own, derived from the tenant's key, a random salt and the object's place, so that no nonce is
used twice and no object passes for another.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from aerodrome_airflow.xcom.errors import DamagedError

SALT = 32
CHUNK = 256 * 1024
_TAG = 16


@dataclass(frozen=True)
class TenantKey:
    """A tenant's key: 32 bytes, which neither `repr` nor an error shows."""

    secret: bytes

    def __repr__(self) -> str:
        return f"TenantKey({self.name})"

    @property
    def name(self) -> str:
        """Return what references call the key; it tells nothing of it."""
        return hashlib.sha256(b"aerodrome xcom key name" + self.secret).hexdigest()[:16]

    def of_object(self, salt: bytes, place: str) -> AESGCM:
        """Return the cipher of the object at *place*."""
        info = b"aerodrome xcom object " + place.encode()
        return AESGCM(HKDF(SHA256(), 32, salt, info).derive(self.secret))


class Sealer:
    """Encrypts what is written, and hands it on."""

    def __init__(self, key: TenantKey, place: str, put: Callable[[bytes], None]) -> None:
        salt = os.urandom(SALT)
        self._cipher, self._put = key.of_object(salt, place), put
        self._buffer, self._number = bytearray(), 0
        put(salt)

    def write(self, content: bytes) -> None:
        """Encrypt each chunk that *content* completes; one is held back, for it may be the last."""
        self._buffer += content
        while len(self._buffer) > CHUNK:
            self._seal(bytes(self._buffer[:CHUNK]), last=False)
            del self._buffer[:CHUNK]

    def finish(self) -> None:
        """Encrypt the rest as the last chunk."""
        self._seal(bytes(self._buffer), last=True)

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._put(self._cipher.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1


class Opener(io.RawIOBase):
    """Reads what a Sealer wrote; DamagedError before anything of a wrong chunk is handed out."""

    def __init__(self, key: TenantKey, place: str, source: IO[bytes]) -> None:
        super().__init__()
        self._source = source
        self._cipher = key.of_object(source.read(SALT), place)
        self._next = source.read(CHUNK + _TAG)
        self._number = 0
        self._ready = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, target: Any) -> int:
        """Fill *target* as far as the current chunk goes; 0 at the end."""
        while not self._ready and not self._ended:
            self._ready = memoryview(self._open())
        piece, self._ready = self._ready[: len(target)], self._ready[len(target) :]
        target[: len(piece)] = piece
        return len(piece)

    def _open(self) -> bytes:
        chunk, self._next = self._next, self._source.read(CHUNK + _TAG)
        self._ended = not self._next
        try:
            content = self._cipher.decrypt(_nonce(self._number, last=self._ended), chunk, None)
        except (InvalidTag, ValueError):
            raise DamagedError("a result does not open with its tenant's key: it was changed") from None
        self._number += 1
        return content


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])

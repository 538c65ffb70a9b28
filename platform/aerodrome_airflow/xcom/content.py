"""Bytes on their way to the store and back: compressed, sealed where asked, counted and checksummed."""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Any

import zstandard

from aerodrome_airflow.xcom.aside import Aside
from aerodrome_airflow.xcom.errors import DamagedError, RefusedError
from aerodrome_airflow.xcom.objects import ObjectStore, Upload
from aerodrome_airflow.xcom.place import Place
from aerodrome_airflow.xcom.reference import Inline, Kind, Reference
from aerodrome_airflow.xcom.seal import CHUNK, Opener, Sealer, TenantKey

LEVEL = 1
"""Of zstd: already a quarter of typical tables, and faster than a disk."""
# A frame that wants more memory to be unpacked is none of ours.
_WINDOW = 8 * 1024 * 1024
_PIECE = 512 * 1024


@dataclass(frozen=True)
class Limits:
    """Content of more than *inline* bytes goes to the store; of more than *largest*, nowhere."""

    inline: int = 64 * 1024
    largest: int = 4 * 1024**3


class Spill:
    """Keeps content in memory while it is small enough for the database, and writes it to the store beyond."""

    def __init__(
        self, store: ObjectStore, place: Place, name: str, limits: Limits, key: TenantKey | None
    ) -> None:
        self._store, self._limits, self._key = store, limits, key
        self._place, self._name = place, name
        self._small = bytearray()
        self._large: _Object | None = None
        self._size = 0

    def write(self, content: bytes) -> int:
        """Take *content*; RefusedError where there has been too much."""
        self._size += len(content)
        if self._size > self._limits.largest:
            raise RefusedError(
                f"the result has more than {self._limits.largest:,} bytes: write it to a file or table"
            )
        if self._large is None and self._size > self._limits.inline:
            self._begin()
        if self._large is not None:
            self._large.write(content)
        else:
            self._small += content
        return len(content)

    def finish(self, kind: Kind, form: str = "") -> Reference | Inline:
        """Return what stands for the content from now on."""
        if self._large is None:
            return Inline(kind, bytes(self._small), form)
        return self._large.finish(kind, form, self._size)

    def abort(self) -> None:
        """Leave nothing behind."""
        if self._large is not None:
            self._large.abort()

    def _begin(self) -> None:
        key = self._place.new_key(self._name)
        self._large = _Object(key, self._store.create(key), self._key)
        self._large.write(bytes(self._small))
        self._small.clear()


class _Object:
    def __init__(self, key: str, upload: Upload, seal: TenantKey | None) -> None:
        self._key, self._seal = key, seal
        self._upload, self._stored = upload, 0
        self._digest = hashlib.sha256()
        # Together they take as long as the packing.
        self._storing = Aside(self._store)
        self._packer = zstandard.ZstdCompressor(level=LEVEL).chunker(chunk_size=CHUNK if seal else _PIECE)
        self._sealer = Sealer(seal, key, self._storing.take) if seal else None

    def write(self, content: bytes) -> None:
        # Piece by piece: what is packed of one is gone before the next.
        for start in range(0, len(content), _PIECE):
            self._packed(self._packer.compress(memoryview(content)[start : start + _PIECE]))

    def finish(self, kind: Kind, form: str, size: int) -> Reference:
        self._packed(self._packer.finish())  # type: ignore[no-untyped-call]
        if self._sealer:
            self._sealer.finish()
        self._storing.finish()
        self._upload.commit()
        return Reference(
            kind,
            self._key,
            size,
            self._stored,
            self._digest.hexdigest(),
            self._seal.name if self._seal else "",
            form,
        )

    def abort(self) -> None:
        self._storing.abort()
        self._upload.abort()

    def _packed(self, pieces: Iterable[bytes]) -> None:
        put = self._sealer.write if self._sealer else self._storing.take
        for piece in pieces:
            put(piece)

    def _store(self, piece: bytes) -> None:
        self._stored += len(piece)
        self._digest.update(piece)
        self._upload.write(piece)


def verified(store: ObjectStore, reference: Reference, key: TenantKey | None) -> IO[bytes]:
    """Return the content as a file to read once; DamagedError before a byte of it where the store holds another."""
    digest = hashlib.sha256()
    file = store.open(reference.key, digest.update)
    try:
        _check(file, digest.hexdigest(), reference)
    except BaseException:
        file.close()
        raise
    source: IO[bytes] = io.BufferedReader(Opener(key, reference.key, file), CHUNK) if key else file
    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    return io.BufferedReader(
        _Exactly(unpacker.stream_reader(source, read_size=_PIECE), reference.size, file), _PIECE
    )


def _check(file: IO[bytes], digest: str, reference: Reference) -> None:
    size = file.seek(0, io.SEEK_END)
    if size != reference.stored or not hmac.compare_digest(digest, reference.sha256):
        raise DamagedError("the store holds something else than what the task wrote: run the task again")
    file.seek(0)


class _Exactly(io.RawIOBase):
    """Reads a source that must hold exactly *size* bytes: a small object may unpack to a huge one."""

    def __init__(self, source: Any, size: int, file: IO[bytes]) -> None:
        super().__init__()
        self._source, self._left, self._file = source, size, file

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        try:
            count = int(self._source.readinto(memoryview(target)[: max(1, min(len(target), self._left))]))
        except zstandard.ZstdError:
            raise DamagedError("the result cannot be unpacked: run the task again") from None
        self._left -= count
        if self._left < 0 or (self._left and not count):
            raise DamagedError("the result is not as long as its reference says: run the task again")
        return count

    def close(self) -> None:
        self._file.close()
        super().close()

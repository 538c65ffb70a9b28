"""Encrypted objects: nothing of them can be changed, moved, left out or added."""

from __future__ import annotations

import io
import os
from typing import Any

import pytest
from aerodrome_airflow.xcom.errors import DamagedError
from aerodrome_airflow.xcom.place import Place
from aerodrome_airflow.xcom.seal import CHUNK, SALT, Opener, Sealer, TenantKey
from hypothesis import given, settings
from hypothesis import strategies as st

KEY = TenantKey(bytes(range(32)))
WHOLE = CHUNK + 16


def sealed(content: bytes, place: str = "here") -> bytes:
    """Return *content* encrypted."""
    pieces: list[bytes] = []
    sealer = Sealer(KEY, place, pieces.append)
    for start in range(0, len(content), 100_000):
        sealer.write(content[start : start + 100_000])
    sealer.finish()
    return b"".join(pieces)


def opened(content: bytes, key: TenantKey = KEY, place: str = "here") -> bytes:
    """Return the plain text of *content*."""
    return io.BufferedReader(Opener(key, place, io.BytesIO(content))).read()


@settings(max_examples=20)
@given(st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5]))
def test_what_was_sealed_is_opened(size: int) -> None:
    """Of any size, at the edges of a chunk too; each time it looks different."""
    content = os.urandom(size)
    assert opened(sealed(content)) == content
    assert sealed(content) != sealed(content)


CHUNKS = sealed(os.urandom(2 * CHUNK + 100))
SALTED, FIRST, SECOND, LAST = (
    CHUNKS[:SALT],
    CHUNKS[SALT : SALT + WHOLE],
    CHUNKS[SALT + WHOLE : SALT + 2 * WHOLE],
    CHUNKS[SALT + 2 * WHOLE :],
)


@pytest.mark.parametrize(
    "changed",
    [
        b"",
        SALTED,
        SALTED + FIRST,
        SALTED + FIRST + SECOND,
        SALTED + SECOND + FIRST + LAST,
        SALTED + FIRST + LAST,
        CHUNKS + LAST,
        CHUNKS + b"x",
        CHUNKS[:-1],
        bytes(SALT) + CHUNKS[SALT:],
        CHUNKS[:100] + bytes([CHUNKS[100] ^ 1]) + CHUNKS[101:],
    ],
    ids=[
        "empty",
        "salt",
        "1 of 3",
        "2 of 3",
        "order",
        "middle",
        "twice",
        "longer",
        "shorter",
        "other salt",
        "bit",
    ],
)
def test_any_change_is_noticed(changed: bytes) -> None:
    """A cut at the edge of a chunk, another order and a chunk twice, too."""
    with pytest.raises(DamagedError):
        opened(changed)


def test_no_object_passes_for_another() -> None:
    """The same bytes at another place, and another tenant's key, open nothing."""
    for key, place in ((KEY, "there"), (TenantKey(bytes(32)), "here")):
        with pytest.raises(DamagedError):
            opened(sealed(b"text"), key, place)


def test_a_sealed_object_holds_nothing_readable(content: Any, place: Place) -> None:
    """Neither its content nor the key, whose name alone the reference tells."""
    reference = content.write(place, b"secret words " * 1000, KEY)
    with content.store.open(reference.key) as file:
        stored = file.read()
    assert b"secret words" not in stored and KEY.secret not in stored
    assert content.read(reference, KEY) == b"secret words " * 1000
    assert KEY.secret.hex() not in repr(KEY) and reference.seal == KEY.name

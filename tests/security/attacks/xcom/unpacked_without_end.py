"""A result of a few kilobytes in the store unpacks to far more than its reference says."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import zstandard
from aerodrome_airflow.xcom import content
from aerodrome_airflow.xcom.reference import MARK
from suite.attack import HELD
from suite.place import ATTACKER, Place
from suite.results_store import LARGE, configured, kept, read
from suite.weakened import replaced

FROM = "tenant code in a task"
AGAINST = "workers"
DEFENCE = "a result ends where its reference says, and one that goes on is no result"
MUST = HELD
NEEDS = ()
UNPACKED = 64 << 20


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """Whatever comes out is read."""
    with replaced(content, "_Exactly", lambda source, _size, _file: source):
        yield place


def harmless(place: Place) -> str:
    """Return the own result."""
    with configured(place):
        return read(kept(LARGE, ATTACKER), ATTACKER)[:40]


def attack(place: Place) -> str:
    """Return how much came out."""
    with configured(place):
        row = kept(LARGE, ATTACKER)
        size = len(read(_swollen(place, row[MARK]), ATTACKER))
    return f"{size:,} characters" if size > UNPACKED // 2 else ""


def _swollen(place: Place, said: dict[str, Any]) -> dict[str, Any]:
    """Return the reference to a text of JSON, in the place of the result, that is longer than *said* tells."""
    packed = zstandard.ZstdCompressor().compress(b'"' + b"x" * UNPACKED + b'"')
    (place.folder / "results" / said["key"]).write_bytes(packed)
    digest = hashlib.sha256(packed).hexdigest()
    return {MARK: said | {"stored": len(packed), "sha256": digest}}

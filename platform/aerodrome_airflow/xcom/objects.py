"""What an object store is asked for; a folder and S3 answer it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Protocol

Seen = Callable[[bytes], Any]
"""Is told pieces of an object's content."""


@dataclass(frozen=True)
class Found:
    """One object, or one that is still being written: then *upload* tells its upload."""

    key: str
    changed: datetime
    upload: str = ""


class Upload(Protocol):
    """An object that does not exist before it is committed."""

    def write(self, content: bytes) -> None:
        """Take *content*."""

    def commit(self) -> None:
        """Make the object exist, as a whole, so that a crash of the machine does not take it back."""

    def abort(self) -> None:
        """Leave nothing behind."""


class ObjectStore(Protocol):
    """Objects by key; every method raises StoreError where the store does not serve."""

    def create(self, key: str) -> Upload:
        """Return the upload of a new object."""

    def open(self, key: str, seen: Seen | None = None) -> IO[bytes]:
        """Return the object as a file that can be read again from its start; StoreError where it is not there.

        Before that, *seen* is told the whole content, in order: as it comes, where it comes from elsewhere.
        """

    def find(self, prefix: str) -> Iterator[Found]:
        """Yield every object and every unfinished upload below *prefix*."""

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield what lies directly below *prefix* and has objects below it: each with the prefix and a slash."""

    def remove(self, found: Found) -> None:
        """Remove an object or unfinished upload, also where it is gone already."""


class Stores(Protocol):
    """Who may reach what: a store is always asked on behalf of one tenant, or of all."""

    def of(self, tenant: str) -> ObjectStore:
        """Return the store as *tenant* reaches it."""

    def all(self) -> ObjectStore:
        """Return the store as the collector reaches it."""


@dataclass(frozen=True)
class OneStore:
    """A store that does not know tenants: the same for everybody who reaches it."""

    store: ObjectStore

    def of(self, tenant: str) -> ObjectStore:
        """Return the store."""
        return self.store

    def all(self) -> ObjectStore:
        """Return the store."""
        return self.store
